import GraphIR
import Operators
import Tensors
import Testing

@Suite("Casts")
struct CastTests {
    static let numbers: [(type: ElementType, onnx: Int64)] = [
        (.float32, 1), (.uint8, 2), (.int8, 3), (.uint16, 4), (.int16, 5), (.int32, 6), (.int64, 7), (.bool, 9), (.float16, 10),
        (.float64, 11), (.uint32, 12), (.uint64, 13), (.bfloat16, 16),
    ]

    static func cast(_ x: Tensor, to number: Int64) throws -> [Tensor] {
        let op = try makeOperator("Cast", in: ElementwiseOperators.spellings, attributes: ["to": .integer(number)])
        return try evaluateOnEveryLevel(op, [x]).map { $0.outputs[0] }
    }

    @Test("keep small whole numbers between all pairs of types", arguments: numbers.map(\.type))
    func everyPair(_ source: ElementType) throws {
        for count in [0, 1, 15, 16, 17, 40] {
            let values = (0..<count).map { Double(source == .bool ? $0 % 2 : $0 % 100) }
            for (target, number) in Self.numbers {
                let expected = target == .bool ? values.map { $0 == 0 ? 0 : 1 } : values
                for result in try Self.cast(Tensor(values, source, [count]), to: number) {
                    #expect(result.spec == TensorSpec(target, [count]))
                    expectNumbers(result, expected, "\(source) to \(target)")
                }
            }
        }
    }

    @Test("saturate floats beyond an integer's range, cut fractions and make NaN 0", arguments: [ElementType.float32, .float64])
    func floatToInteger(_ source: ElementType) throws {
        let x = Tensor([1.9, -1.9, 1e30, -1e30, .infinity, -.infinity, .nan, -0.5], source, [8])
        for (target, number) in Self.numbers where target.isInteger {
            let bits = target.byteCount * 8
            let high = Double(sign: .plus, exponent: bits - (target.isSigned ? 1 : 0), significand: 1)
            let low = target.isSigned ? -Double(sign: .plus, exponent: bits - 1, significand: 1) : 0
            // The highest 64-bit integers round up to the power of two when widened for the comparison.
            let top = bits == 64 ? high : high - 1
            for result in try Self.cast(x, to: number) {
                expectNumbers(result, [1, target.isSigned ? -1 : 0, top, low, top, low, 0, 0], "\(source) to \(target)")
            }
        }
    }

    @Test("meet the very ends of int32 and int64")
    func ends() throws {
        let x = Tensor([2_147_483_520, 2_147_483_648, -2_147_483_648, -2_147_483_904] as [Float], shape: [4])
        for result in try Self.cast(x, to: 6) { #expect(result.values(Int32.self) == [2_147_483_520, .max, .min, .min]) }
        let y = Tensor([0x1.fffffep+62, 0x1p+63, -0x1p+63, -0x1.000002p+63] as [Float], shape: [4])
        for result in try Self.cast(y, to: 7) { #expect(result.values(Int64.self) == [0x7FFF_FF80_0000_0000, .max, .min, .min]) }
    }

    @Test("cut integers to their low bits")
    func narrowing() throws {
        let x = Tensor([200, -200, 65_537, -1] as [Int32], shape: [4])
        for result in try Self.cast(x, to: 3) { #expect(result.values(Int8.self) == [-56, 56, 1, -1]) }
        for result in try Self.cast(x, to: 4) { #expect(result.values(UInt16.self) == [200, 65_336, 1, 65_535]) }
        for result in try Self.cast(x, to: 13) { #expect(result.values(UInt64.self)[3] == .max) }
    }

    @Test("count everything but 0 as true")
    func toBool() throws {
        for type in [ElementType.float32, .float64, .float16] {
            for result in try Self.cast(Tensor([0, -0.0, 0.25, .nan, -.infinity], type, [5]), to: 9) {
                #expect(result.numbers == [0, 0, 1, 1, 1])
            }
        }
    }

    @Test("round to 16-bit floats once, to nearest with ties to even")
    func halves() throws {
        let x: [Float] = [
            1 + 0x1p-11, 1 + 0x1.8p-10, 65519.996, 65520, 0x1p-24, 0x1p-25, 0x1.000002p-25, -0x1p-14, 0x1.ffcp-15, .infinity,
            .nan,
        ]
        for result in try Self.cast(Tensor(x, shape: [x.count]), to: 10) {
            expectNumbers(
                result,
                [1, 1 + 0x1p-9, 65504, .infinity, 0x1p-24, 0, 0x1p-24, -0x1p-14, 0x1p-14, .infinity, .nan])
        }
        let y: [Float] = [1 + 0x1p-8, 1 + 0x1.8p-7, .greatestFiniteMagnitude, -.infinity, .nan, 0x1p-133]
        for result in try Self.cast(Tensor(y, shape: [y.count]), to: 16) {
            expectNumbers(result, [1, 1 + 0x1p-6, .infinity, -.infinity, .nan, 0x1p-133])
        }
    }

    @Test("CastLike takes the type of its second input")
    func castLike() throws {
        let op = try makeOperator("CastLike", in: ElementwiseOperators.spellings, inputs: 2)
        let result = try evaluate(op, [Tensor([1.5, -2] as [Float], shape: [2]), Tensor([] as [Int16], shape: [0])])[0]
        #expect(result.values(Int16.self) == [1, -2])
    }

    @Test("read the type by number, before opset 6 by name, and refuse others")
    func attribute() throws {
        let old = try makeOperator("Cast", in: ElementwiseOperators.spellings, version: 1, attributes: ["to": .string("INT64")])
        #expect(try evaluate(old, [Tensor([3] as [Float], shape: [1])])[0].values(Int64.self) == [3])
        for attributes in [[:], ["to": .integer(77)], ["to": .integer(-1)]] as [[String: Attribute]] {
            #expect(throws: OperatorError.self) {
                try makeOperator("Cast", in: ElementwiseOperators.spellings, attributes: attributes)
            }
        }
        #expect(throws: OperatorError.self) {
            try makeOperator("Cast", in: ElementwiseOperators.spellings, version: 5, attributes: ["to": .string("FLOAT99")])
        }
    }
}
