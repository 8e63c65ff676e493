import GraphIR
import Operators
import Tensors
import Testing

@Suite("Linear quantization of ONNX")
struct LinearQuantizationTests {
    /// An operator with its inputs and what they give.
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        var domain = ""
        let inputs: [Tensor?]
        var attributes: [String: Attribute] = [:]
        let expected: [Double]

        var description: String { name }

        func run(constants: Set<Int> = []) throws -> Tensor {
            let node = SourceNode(
                name: "node", domain: domain, operatorName: name, version: domain.isEmpty ? 21 : 1,
                inputs: inputs.indices.map { inputs[$0] == nil ? "" : "in\($0)" }, outputs: ["out"], attributes: attributes)
            let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx), "\(name)")
            return try evaluate(spelling.make(AttributeReader(node)), inputs, constants: constants)[0]
        }
    }

    static func real(_ values: Double..., shape: Shape = .scalar) -> Tensor { Tensor(values, .float32, shape) }
    static func bytes(_ values: Double..., shape: Shape = .scalar) -> Tensor { Tensor(values, .uint8, shape) }
    static func signed(_ values: Double..., shape: Shape = .scalar) -> Tensor { Tensor(values, .int8, shape) }

    static let left = bytes(11, 7, 3, 10, 6, 2, shape: [2, 3])
    static let right = signed(1, -4, 2, 5, -3, 6, shape: [3, 2])
    static let rightZeros = signed(1, -2, shape: [2])
    static let rightScales = real(0.25, 0.5, shape: [2])
    static let microsoft = "com.microsoft"

    static let conversions = [
        Case(
            name: "QuantizeLinear", inputs: [real(1, 2.5, -3.5, 1000, -1000, 0.5, shape: [6]), real(1), bytes(128)],
            expected: [129, 130, 124, 255, 0, 128]),
        Case(
            name: "QuantizeLinear", inputs: [real(1, 2, 3, 4, shape: [2, 2]), real(1, 2, shape: [2])],
            attributes: ["axis": .integer(0), "output_dtype": .integer(5)], expected: [1, 2, 2, 2]),
        Case(
            name: "DequantizeLinear",
            inputs: [signed(1, 2, 3, 4, 5, shape: [1, 5]), real(0.5, 2, 4, shape: [1, 3]), signed(1, 0, -1, shape: [1, 3])],
            attributes: ["block_size": .integer(2)], expected: [0, 0.5, 6, 8, 24]),
        Case(name: "DequantizeLinear", inputs: [Tensor([-3], .int32, [1]), real(0.5)], expected: [-1.5]),
    ]

    static let products = [
        Case(
            name: "QLinearConv", domain: microsoft,
            inputs: [
                bytes(1, 2, 3, 4, 5, 6, 7, 8, shape: [1, 2, 2, 2]), real(0.5), bytes(1), signed(1, -1, 2, 1, shape: [2, 2, 1, 1]),
                real(0.25, 0.5, shape: [2]), signed(0, 0, shape: [2]), real(0.5), bytes(10),
            ], attributes: ["channels_last": .integer(1)], expected: [10, 10, 10, 14, 10, 16, 10, 20]),
        Case(
            name: "MatMulInteger", inputs: [left, right, bytes(12, 5, shape: [2]), rightZeros], expected: [31, -105, 13, -27]),
        Case(
            name: "QLinearMatMul", inputs: [left, real(0.5), bytes(12), right, rightScales, rightZeros, real(0.25), signed(3)],
            expected: [19, -102, 20, -115]),
        Case(
            name: "MatMulIntegerToFloat", domain: microsoft,
            inputs: [left, right, real(0.5), rightScales, bytes(12), rightZeros, real(1, -1, shape: [2])],
            expected: [4.875, -27.25, 5.25, -30.5]),
        Case(
            name: "QGemm", domain: microsoft,
            inputs: [left, real(0.5), bytes(12), right, rightScales, rightZeros, nil, real(0.25), signed(3)],
            expected: [19, -102, 20, -115]),
        Case(
            name: "ConvInteger",
            inputs: [
                bytes(1, 2, 3, 4, 5, 6, 7, 8, shape: [1, 2, 2, 2]), bytes(1, 2, 3, 4, 5, 6, 7, 8, shape: [2, 1, 2, 2]), bytes(3),
                bytes(1, 2, shape: [2]),
            ], attributes: ["group": .integer(2), "pads": .integers([0, 0, 1, 1])], expected: [2, 2, 1, 0, 68, 34, 32, 15]),
    ]

    static let functions = [
        Case(
            name: "QLinearWhere", domain: microsoft,
            inputs: [
                Tensor([1, 0, 0, 1], .bool, [2, 2]), bytes(10, 20, 30, 40, shape: [2, 2]), real(0.1), bytes(5),
                bytes(100, 200, shape: [2]), real(0.05), bytes(100), real(0.2), bytes(10),
            ], expected: [12, 35, 10, 28]),
        Case(
            name: "QLinearAdd", domain: microsoft,
            inputs: [
                bytes(10, 20, shape: [2]), real(0.5), bytes(4), bytes(5, shape: [1]), real(0.25), bytes(1), real(0.125),
                bytes(7),
            ],
            expected: [39, 79]),
        Case(
            name: "QLinearMul", domain: microsoft,
            inputs: [bytes(10, 20, shape: [2]), real(0.5), bytes(4), bytes(5, shape: [1]), real(0.25), bytes(1), real(2), bytes(7)],
            expected: [9, 11]),
        Case(
            name: "QLinearSigmoid", domain: microsoft,
            inputs: [signed(-10, 0, 10, shape: [3]), real(0.25), signed(1), real(1.0 / 256), signed(-128)],
            expected: [-113, -16, 104]),
        Case(
            name: "QLinearLeakyRelu", domain: microsoft, inputs: [signed(-8, 8, shape: [2]), real(1), nil, real(0.5)],
            attributes: ["alpha": .float(0.25)], expected: [-4, 16]),
        Case(
            name: "QLinearConcat", domain: microsoft,
            inputs: [real(1), bytes(10), bytes(4, shape: [1]), real(2), bytes(1), bytes(8, shape: [1]), real(0.5), bytes(0)],
            attributes: ["axis": .integer(0)], expected: [16, 14]),
        Case(
            name: "QLinearGlobalAveragePool", domain: microsoft,
            inputs: [bytes(1, 10, 3, 20, 5, 30, shape: [1, 3, 2]), real(1), bytes(1), real(0.5), bytes(2)],
            attributes: ["channels_last": .integer(1)], expected: [6, 40]),
        Case(
            name: "QLinearAveragePool", domain: microsoft,
            inputs: [bytes(2, 4, 6, shape: [1, 1, 3]), real(1), nil, real(1), nil],
            attributes: ["kernel_shape": .integers([2])], expected: [3, 5]),
        Case(
            name: "QLinearSoftmax", domain: microsoft,
            inputs: [bytes(1, 3, 5, shape: [1, 3]), real(0.5), nil, real(1.0 / 256), bytes(0)],
            attributes: ["opset": .integer(13)], expected: [23, 63, 170]),
    ]

    @Test("numbers as the reference has them", arguments: conversions + products + functions)
    func numbers(_ test: Case) throws {
        expectNumbers(try test.run(), test.expected, test.name)
    }

    @Test("constant weights give the same", arguments: products)
    func constants(_ test: Case) throws {
        let weights = test.inputs.count < 8 ? 1 : 3
        expectNumbers(try test.run(constants: [weights]), test.expected, test.name)
    }

    @Test("refuses scales that do not fit")
    func refusals() {
        let data = Self.real(1, 2, 3, 4, shape: [2, 2]), scales = Self.real(1, 2, 3, shape: [3])
        let choices: [[String: Attribute]] = [
            [:], ["axis": .integer(9)], ["block_size": .integer(2)], ["block_size": .integer(-1)],
        ]
        for attributes in choices {
            #expect(throws: OperatorError.self) {
                try Case(name: "QuantizeLinear", inputs: [data, scales], attributes: attributes, expected: []).run()
            }
        }
        #expect(throws: OperatorError.self) {
            try Case(
                name: "MatMulInteger", inputs: [Self.left, Self.right, nil, Self.signed(1, 2, 3, shape: [3])], expected: []
            ).run()
        }
    }
}
