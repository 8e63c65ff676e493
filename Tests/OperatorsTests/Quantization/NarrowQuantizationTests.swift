import GraphIR
import Operators
import Tensors
import Testing

@Suite("Linear quantization with types of 8 bits and fewer")
struct NarrowQuantizationTests {
    typealias Case = LinearQuantizationTests.Case

    private static func real(_ values: Double..., shape: Shape = .scalar) -> Tensor { Tensor(values, .float32, shape) }
    private static func narrow(_ type: ElementType, _ values: Double..., shape: Shape = .scalar) -> Tensor { Tensor(values, type, shape) }

    static let quantizing: [Case] = [
        Case(
            name: "QuantizeLinear", inputs: [real(0, 1, 2.5, 100, -1, -100, 3.5, shape: [7]), real(1), narrow(.int4, 1)],
            expected: [1, 2, 3, 7, 0, -8, 5]),
        Case(
            name: "QuantizeLinear", inputs: [real(0, 5, 40, -3, shape: [4]), real(2), narrow(.uint4, 3)],
            expected: [3, 5, 15, 1]),
        Case(
            name: "QuantizeLinear", inputs: [real(0, 1, 2, -9, shape: [4]), real(1)], attributes: ["output_dtype": .integer(26)],
            expected: [0, 1, 1, -2]),
        Case(
            name: "QuantizeLinear", inputs: [real(0, 1, 2, 9, shape: [4]), real(1), narrow(.uint2, 1)], expected: [1, 2, 3, 3]),
        Case(
            name: "QuantizeLinear", inputs: [real(1, 3, 1e6, -1e6, shape: [4]), real(2), narrow(.float8e4m3fn, 0)],
            expected: [0.5, 1.5, 448, -448]),
        Case(
            name: "QuantizeLinear", inputs: [real(1, 1e6, -1e6, shape: [3]), real(2), narrow(.float8e5m2, 0)],
            attributes: ["saturate": .integer(0)], expected: [0.5, .infinity, -.infinity]),
        Case(
            name: "QuantizeLinear", inputs: [real(1, 5, 100, -0.2, shape: [4]), real(1), narrow(.float4e2m1, 0.5)],
            expected: [1.5, 6, 6, 0.5]),
        Case(
            name: "QuantizeLinear",
            inputs: [real(1, 2, 3, 4, shape: [2, 2]), real(1, 2, shape: [2]), narrow(.int4, 0, 1, shape: [2])],
            attributes: ["axis": .integer(0)], expected: [1, 2, 3, 3]),
        Case(
            name: "QuantizeLinear",
            inputs: [real(1, 2, 3, 4, 5, shape: [1, 5]), real(1, 2, 0.5, shape: [1, 3]), narrow(.uint4, 0, 1, 2, shape: [1, 3])],
            attributes: ["block_size": .integer(2)], expected: [1, 2, 3, 3, 12]),
        Case(
            name: "QuantizeLinear", inputs: [real(1, 6, -5, shape: [3]), narrow(.float8e8m0, 2)], attributes: ["output_dtype": .integer(3)],
            expected: [0, 3, -2]),
        Case(
            name: "QuantizeLinear", domain: "com.microsoft", inputs: [real(1, 20, shape: [2]), real(1), narrow(.uint4, 2)],
            expected: [3, 15]),
        Case(
            name: "QuantizeLinear", inputs: [Tensor([1, 3, 1000], .float16, [3]), Tensor([2], .float16, .scalar), narrow(.int4, 0)],
            expected: [0, 2, 7]),
    ]

    static let dequantizing: [Case] = [
        Case(
            name: "DequantizeLinear", inputs: [narrow(.int4, -8, 0, 7, shape: [3]), real(0.5), narrow(.int4, 1)],
            expected: [-4.5, -0.5, 3]),
        Case(
            name: "DequantizeLinear", inputs: [narrow(.uint4, 0, 15, shape: [2]), real(2), narrow(.uint4, 5)], expected: [-10, 20]),
        Case(name: "DequantizeLinear", inputs: [narrow(.int2, -2, 1, shape: [2]), real(3)], expected: [-6, 3]),
        Case(name: "DequantizeLinear", inputs: [narrow(.uint2, 3, 0, shape: [2]), real(3), narrow(.uint2, 1)], expected: [6, -3]),
        Case(
            name: "DequantizeLinear", inputs: [narrow(.float8e4m3fn, 448, -0.5, .nan, shape: [3]), real(2)],
            expected: [896, -1, .nan]),
        Case(name: "DequantizeLinear", inputs: [narrow(.float8e5m2fnuz, 1.25, shape: [1]), real(2)], expected: [2.5]),
        Case(
            name: "DequantizeLinear",
            inputs: [narrow(.float4e2m1, 6, -1.5, 0.5, 1, shape: [2, 2]), narrow(.float8e8m0, 0.5, 4, shape: [2, 1])],
            attributes: ["block_size": .integer(2), "output_dtype": .integer(1)], expected: [3, -0.75, 2, 4]),
        Case(
            name: "DequantizeLinear",
            inputs: [narrow(.int4, 1, 2, 3, 4, shape: [2, 2]), real(1, 10, shape: [2]), narrow(.int4, 0, 1, shape: [2])],
            expected: [1, 10, 3, 30]),
        Case(
            name: "DequantizeLinear", inputs: [narrow(.int8, 100, -3, shape: [2]), narrow(.float8e8m0, 0.25)],
            attributes: ["output_dtype": .integer(10)], expected: [25, -0.75]),
        Case(
            name: "DequantizeLinear", domain: "com.microsoft",
            inputs: [narrow(.int4, -8, 7, shape: [2]), Tensor([2], .float16, .scalar), narrow(.int4, 1)], expected: [-18, 12]),
    ]

    @Test("numbers as the formula has them", arguments: quantizing + dequantizing)
    func numbers(_ test: Case) throws { expectNumbers(try test.run(), test.expected, test.name) }

    @Test("weights that are constant give the same", arguments: dequantizing)
    func constants(_ test: Case) throws {
        expectNumbers(try test.run(constants: Set(test.inputs.indices)), test.expected, test.name)
    }

    @Test("the type of the result is that of the zero point, or the attribute's")
    func types() throws {
        let specs = try Self.quantizing.map { try $0.run().elementType }
        #expect(
            specs == [
                .int4, .uint4, .int2, .uint2, .float8e4m3fn, .float8e5m2, .float4e2m1, .int4, .uint4, .int8, .uint4, .int4,
            ])
    }

    @Test("refuses types that the operators do not have")
    func refusals() {
        let x = Self.real(1, shape: [1])
        let cases = [
            Case(name: "QuantizeLinear", inputs: [x, Self.real(1), Self.narrow(.float8e8m0, 1)], expected: []),
            Case(name: "QuantizeLinear", inputs: [x, Self.real(1)], attributes: ["output_dtype": .integer(24)], expected: []),
            Case(name: "QuantizeLinear", inputs: [x, Self.narrow(.float8e4m3fn, 1)], expected: []),
            Case(
                name: "QuantizeLinear", inputs: [x, Self.real(1), Self.narrow(.int4, 1)], attributes: ["output_dtype": .integer(21)],
                expected: []),
            Case(name: "DequantizeLinear", inputs: [Self.narrow(.float8e8m0, 1, shape: [1]), Self.real(1)], expected: []),
            Case(name: "DequantizeLinear", inputs: [Self.narrow(.int4, 1, shape: [1]), Self.narrow(.float8e8m0, 1)], expected: []),
            Case(
                name: "DequantizeLinear", inputs: [Self.narrow(.int4, 1, shape: [1]), Self.real(1), Self.narrow(.uint4, 1)], expected: []),
        ]
        for test in cases { #expect(throws: OperatorError.self) { try test.run() } }
    }
}
