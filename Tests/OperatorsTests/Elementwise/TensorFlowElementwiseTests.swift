import GraphIR
import Operators
import Tensors
import Testing

@Suite("TensorFlow's element-wise operators")
struct TensorFlowElementwiseTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let name: String
        let type: ElementType
        let left: [Double]
        let right: [Double]
        let expected: [Double]

        var testDescription: String { "\(name) of \(type)" }

        init(_ name: String, _ type: ElementType, _ left: [Double], _ right: [Double], _ expected: [Double]) {
            (self.name, self.type, self.left, self.right, self.expected) = (name, type, left, right, expected)
        }
    }

    static let pairs = [
        Pair("FloorDiv", .int32, [7, -7, 7, -7], [2, 2, -2, -2], [3, -4, -4, 3]),
        Pair("FloorDiv", .float32, [7.5, -7.5], [2, 2], [3, -4]),
        Pair("FloorMod", .int64, [7, -7, 7, -7], [2, 2, -2, -2], [1, 1, -1, -1]),
        Pair("FloorMod", .float64, [7.5, -7.5, -1], [2, 2, .infinity], [1.5, 0.5, .infinity]),
        Pair("TruncateDiv", .int16, [7, -7], [2, 2], [3, -3]),
        Pair("TruncateMod", .int32, [7, -7], [2, 2], [1, -1]),
        Pair("AddV2", .uint8, [250], [10], [4]),
        Pair("Sub", .int8, [-128], [1], [127]),
        Pair("FloorDiv", .int8, [-128], [-1], [-128]),
        Pair("SquaredDifference", .int32, [3, -3], [5, 5], [4, 64]),
        Pair("DivNoNan", .float32, [1, .infinity], [0, 0], [0, 0]),
        Pair("MulNoNan", .float32, [.nan, 2], [0, 3], [0, 6]),
        Pair("Xdivy", .float32, [0, 1], [0, 0], [0, .infinity]),
        Pair("Xlogy", .float64, [0, 0], [.nan, 0], [0, 0]),
        Pair("LeftShift", .int32, [1, 1, 1, -8], [-1, 31, 40, 2], [1, -2_147_483_648, -2_147_483_648, -32]),
        Pair("RightShift", .int32, [-8, -100], [1, 40], [-4, -1]),
        Pair("RightShift", .uint8, [255], [1], [127]),
        Pair("Pow", .int8, [-2, 2], [3, 7], [-8, -128]),
        Pair("Maximum", .float32, [.nan, 1], [1, .nan], [.nan, .nan]),
        Pair("NotEqual", .float32, [.nan, 0], [.nan, -0.0], [1, 0]),
        Pair("ApproximateEqual", .float32, [1, 1], [1.05, 1.2], [1, 0]),
    ]

    @Test("follow TensorFlow in signs, overflow and missing numbers", arguments: pairs)
    func pair(_ pair: Pair) throws {
        let shape = Shape([pair.left.count])
        let attributes: [String: Attribute] = pair.name == "ApproximateEqual" ? ["tolerance": .float(0.1)] : [:]
        let result = try TensorFlowCase.run(
            pair.name, [Tensor(pair.left, pair.type, shape), Tensor(pair.right, pair.type, shape)], attributes)
        expectNumbers(result[0], pair.expected, pair.name)
    }

    @Test("refuse an integer divisor 0", arguments: ["Div", "FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Mod"])
    func divisorZero(_ name: String) {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run(name, [Tensor([1, 2] as [Int32], shape: [2]), Tensor([1, 0] as [Int32], shape: [2])])
        }
    }

    @Test("refuse a negative power of an integer")
    func negativePower() {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("Pow", [Tensor([2] as [Int64], shape: [1]), Tensor([-1] as [Int64], shape: [1])])
        }
    }

    @Test("Equal of shapes that do not fit is one answer where it may be, and refused elsewhere")
    func shapesThatDoNotFit() throws {
        let inputs = [Tensor([1, 2] as [Float], shape: [2]), Tensor([1, 2, 3] as [Float], shape: [3])]
        for (name, answer) in [("Equal", 0.0), ("NotEqual", 1.0)] {
            let result = try TensorFlowCase.run(name, inputs, ["incompatible_shape_error": .integer(0)])
            #expect(result[0].shape == .scalar)
            expectNumbers(result[0], [answer], name)
            #expect(throws: OperatorError.self) { try TensorFlowCase.run(name, inputs) }
        }
    }

    @Test("strings are compared and joined with broadcasting")
    func strings() throws {
        let left = TensorFlowCase.strings(["a", "", "abc", "a"], [2, 2]), right = TensorFlowCase.strings(["a", "b"], [2])
        let attributes = ["T": TensorFlowCase.type(.string)]
        guard case .tensor(let equal)? = try TensorFlowCase.run("Equal", values: [left, right], attributes).first,
            case .strings(let joined)? = try TensorFlowCase.run("Add", values: [left, right], attributes).first
        else {
            Issue.record("results of other kinds")
            return
        }
        expectNumbers(equal, [1, 0, 0, 0])
        #expect(joined.elements.map { String(decoding: $0, as: UTF8.self) } == ["aa", "b", "abca", "ab"])
    }

    @Test("Select with a vector chooses rows and does not broadcast")
    func selectRows() throws {
        let condition = Tensor([true, false], shape: [2])
        let first = Tensor([1, 2, 3, 4] as [Int32], shape: [2, 2]), second = Tensor([5, 6, 7, 8] as [Int32], shape: [2, 2])
        expectNumbers(try TensorFlowCase.run("Select", [condition, first, second])[0], [1, 2, 7, 8])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("Select", [condition, first, Tensor([5, 6] as [Int32], shape: [2])])
        }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("Select", [Tensor([true], shape: [1]), first, second])
        }
    }

    @Test("Cast cuts, wraps and stays in range")
    func cast() throws {
        func cast(_ tensor: Tensor, _ type: ElementType, truncates: Bool = false) throws -> Tensor {
            let attributes: [String: Attribute] = ["DstT": TensorFlowCase.type(type), "Truncate": .integer(truncates ? 1 : 0)]
            return try TensorFlowCase.run("Cast", [tensor], attributes)[0]
        }
        let wide = Tensor([-1.9, 3e9, .nan, -.infinity] as [Float], shape: [4])
        expectNumbers(try cast(wide, .int32), [-1, -2_147_483_648, -2_147_483_648, -2_147_483_648])
        expectNumbers(try cast(wide, .int16), [-1, -32768, -32768, -32768])
        expectNumbers(try cast(Tensor([300, -129] as [Int32], shape: [2]), .uint8), [44, 127])
        expectNumbers(try cast(Tensor([1.0117] as [Float], shape: [1]), .bfloat16, truncates: true), [1.0078125])
        expectNumbers(try cast(Tensor([Complex<Float>(2.5, 1)], shape: [1]), .int64), [2])
    }

    @Test("Bitcast adds or removes the axis of an element's parts")
    func bitcast() throws {
        let words = Tensor([1, 256] as [Int32], shape: [2])
        let bytes = try TensorFlowCase.run("Bitcast", [words], ["type": TensorFlowCase.type(.uint8)])[0]
        #expect(bytes.shape == [2, 4])
        let back = try TensorFlowCase.run("Bitcast", [bytes], ["type": TensorFlowCase.type(.int32)])[0]
        #expect(back.hasEqualContents(words))
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("Bitcast", [Tensor([1, 2] as [UInt8], shape: [2])], ["type": TensorFlowCase.type(.int32)])
        }
    }

    @Test("CheckNumerics hands finite numbers on and names what it refuses")
    func checkNumerics() throws {
        let attributes: [String: Attribute] = ["message": .string("weights")]
        let sound = Tensor([1, 2] as [Float], shape: [2])
        #expect(try TensorFlowCase.run("CheckNumerics", [sound], attributes)[0].hasEqualContents(sound))
        let error = #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("CheckNumerics", [Tensor([1, .nan] as [Float], shape: [2])], attributes)
        }
        #expect(error.map(\.description) == "weights : Tensor had NaN values")
    }

    @Test("BiasAdd wants one number for each channel", arguments: [("NHWC", 3), ("NCHW", 2)])
    func biasAdd(_ layout: String, _ channels: Int) throws {
        let value = Tensor([Float](repeating: 1, count: 12), shape: [2, 2, 3])
        let attributes: [String: Attribute] = ["data_format": .string(layout)]
        let bias = Tensor((0..<channels).map(Float.init), shape: [channels])
        let expected = (0..<12).map { 1 + Double(layout == "NHWC" ? $0 % 3 : $0 / 3 % 2) }
        expectNumbers(try TensorFlowCase.run("BiasAdd", [value, bias], attributes)[0], expected)
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("BiasAdd", [value, Tensor([1] as [Float], shape: [1])], attributes)
        }
    }
}
