import GraphIR
import Operators
import Tensors
import Testing

/// Expected numbers come from ONNX's reference implementation.
@Suite("Attention, RotaryEmbedding, TensorScatter")
struct AttentionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let inputs: [Tensor?]
        var version = 24
        var attributes: [String: Attribute] = [:]
        let expected: [[Double]]
        var testDescription: String { name }
    }

    /// Numbers from -1.5 to 1.5.
    private static func wave(_ shape: [Int], _ step: Int) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { Double($0 * step % 7 - 3) / 2 }, .float32, Shape(shape))
    }

    private static let query = wave([1, 2, 2, 2], 3)
    private static let key = wave([1, 1, 3, 2], 5)
    private static let value = wave([1, 1, 3, 2], 2)

    private static func flags(_ values: [Double], _ shape: Shape) -> Tensor { Tensor(values, .bool, shape) }

    static let cases: [Case] = [
        Case(
            name: "two heads of queries share one of keys", inputs: [query, key, value], version: 23,
            expected: [[-1.156128, -0.156128, -0.636532, 0.363468, -0.300484, 0.699516, 0.033859, 1.033859]]),
        Case(
            name: "later keys are hidden", inputs: [query, key, value], version: 23, attributes: ["is_causal": .integer(1)],
            expected: [[-1.5, -0.5, 0.317439, 1.317439, -1.5, -0.5, 0.368225, 1.368225]]),
        Case(
            name: "a mask of bools", inputs: [query, key, value, flags([1, 0, 1, 0, 1, 1], [2, 3])], version: 23,
            expected: [[-1.480075, -0.480075, -0.614225, 0.385775, -1.038819, -0.038819, 0.114225, 1.114225]]),
        Case(
            name: "a past, a mask of floats and all outputs",
            inputs: [query, key, value, wave([2, 4], 1), wave([1, 1, 1, 2], 4), wave([1, 1, 1, 2], 6)], version: 23,
            attributes: ["is_causal": .integer(1), "scale": .float(1), "qk_matmul_output_mode": .integer(1)],
            expected: [
                [-1.5, 0.255081, 0.419693, 1.454853, -1.5, 0.5, 0.436896, 1.472372], [-1.5, 0.5, -1.5, 1, 0, -1, 1.5, 0.5],
                [-1.5, 1.5, -1.5, -0.5, 0.5, 1.5, -1, 0],
                [
                    0.75, 1.25, -.infinity, -.infinity, -2, -1.75, 2, -.infinity, -3.5, -3.5, -.infinity, -.infinity, -1, -1.25, 3,
                    -.infinity,
                ],
            ]),
        Case(
            name: "a mask that ends before the keys, which do not all count",
            inputs: [query, key, value, flags([1, 1, 1, 1], [2, 2]), nil, nil, Tensor([3], .int64, [1])],
            expected: [[-1.161511, -0.161511, 0.317439, 1.317439, 0.344723, 1.344723, 0.368225, 1.368225]]),
        Case(
            name: "keys that do not all count", inputs: [query, key, value, nil, nil, nil, Tensor([2], .int64, [1])],
            expected: [[-1.161511, -0.161511, 0.317439, 1.317439, 0.344723, 1.344723, 0.368225, 1.368225]]),
        Case(
            name: "float64 in the softmax", inputs: [query, key, value], attributes: ["softmax_precision": .integer(11)],
            expected: [[-1.156128, -0.156128, -0.636532, 0.363468, -0.300484, 0.699516, 0.033859, 1.033859]]),
    ]

    @Test("mixes values by products of queries and keys", arguments: cases)
    func attention(_ entry: Case) throws {
        let op = try makeOperator(
            "Attention", in: AttentionOperators.spellings, version: entry.version, inputs: entry.inputs.count,
            outputs: entry.expected.count, attributes: entry.attributes)
        for (type, tolerance) in [(ElementType.float32, 1e-5), (.float64, 1e-5), (.float16, 3e-3)] {
            let inputs = entry.inputs.map { input in
                input.map { $0.elementType == .float32 ? Tensor($0.numbers, type, $0.shape) : $0 }
            }
            for (isa, outputs) in try evaluateOnEveryLevel(op, inputs, outputs: entry.expected.count) {
                for (output, expected) in zip(outputs, entry.expected) {
                    expectNumbers(output, expected, relative: tolerance, absolute: tolerance, "\(type) \(isa.name)")
                }
            }
        }
    }

    @Test("takes heads from the last axis")
    func headsInLastAxis() throws {
        let op = try makeOperator(
            "Attention", in: AttentionOperators.spellings, version: 23, inputs: 3, outputs: 4,
            attributes: [
                "q_num_heads": .integer(2), "kv_num_heads": .integer(2), "softcap": .float(1.5),
                "qk_matmul_output_mode": .integer(2),
            ])
        let inputs = [Self.wave([1, 2, 4], 3), Self.wave([1, 3, 4], 5), Self.wave([1, 3, 2], 2)]
        let outputs = try evaluate(op, inputs, outputs: 4)
        #expect(outputs.map(\.shape) == [[1, 2, 2], [1, 2, 3, 2], [1, 2, 3, 1], [1, 2, 2, 3]])
        expectNumbers(outputs[0], [-1.293953, 0.291072, -0.337019, 0.567151], absolute: 1e-5)
        expectNumbers(
            outputs[3],
            [
                1.178875, -1.178875, -0.913289, -1.240472, 0.659, 0.659, 0.347148, 0, -1.178875, 0.913289, 1.104765, -1.291176,
            ], absolute: 1e-5)
    }

    /// The last of 150 rows of each of two heads.
    private static func lastRows(_ numbers: [Double], width: Int) -> [Double] {
        let first: [Double] = Array(numbers[149 * width..<150 * width])
        let second: [Double] = Array(numbers[299 * width..<300 * width])
        return first + second
    }

    @Test("many rows agree with few")
    func blocks() throws {
        let op = try makeOperator("Attention", in: AttentionOperators.spellings, version: 23, inputs: 3)
        let key = SampleData.floats([1, 2, 150, 16], seed: 2), value = SampleData.floats([1, 2, 150, 24], seed: 3)
        let query = SampleData.floats([1, 2, 150, 16], seed: 1)
        let all = try evaluate(op, [query, key, value])[0].numbers
        let last = Self.lastRows(query.numbers, width: 16)
        let one = try evaluate(op, [Tensor(last, .float32, [1, 2, 1, 16]), key, value])[0]
        expectNumbers(one, Self.lastRows(all, width: 24), relative: 1e-4, absolute: 1e-5)
    }

    @Test("refuses what does not fit")
    func refusals() throws {
        let op = try makeOperator("Attention", in: AttentionOperators.spellings, version: 23, inputs: 6)
        for inputs in [
            [Self.query, Self.key, Self.wave([1, 1, 2, 2], 1)], [Self.query, Self.wave([1, 1, 3, 3], 1), Self.value],
            [Self.query, Self.key, Self.value, Self.wave([2, 2], 1)],
            [Self.query, Self.key, Self.value, nil, Self.wave([1, 1, 1, 2], 1)],
            [Self.wave([1, 2, 4], 1), Self.wave([1, 3, 4], 1), Self.wave([1, 3, 4], 1)],
        ] as [[Tensor?]] {
            #expect(throws: OperatorError.self) { try evaluate(op, inputs) }
        }
    }

    @Test("RotaryEmbedding turns halves or neighbours by the angles of their position", arguments: [false, true])
    func rotation(_ isInterleaved: Bool) throws {
        let op = try makeOperator(
            "RotaryEmbedding", in: AttentionOperators.spellings, version: 23, inputs: 4,
            attributes: ["interleaved": .integer(isInterleaved ? 1 : 0)])
        let cosines = Tensor([1, 0.5, 0.25, 0] as [Float], shape: [2, 2]),
            sines = Tensor([0, 0.5, 1, -1] as [Float], shape: [2, 2])
        let inputs = [Self.wave([1, 1, 2, 4], 3), cosines, sines]
        let expected: [Double] =
            isInterleaved
            ? [-0.375, -1.5, -0.5, -1.5, 1, -1, 1, -0.5] : [-1.875, -0.5, -1.125, 0, 1, 0.25, 0.5, -1.25]
        expectNumbers(try evaluate(op, inputs + [Tensor([1, 0], .int64, [1, 2])])[0], expected, absolute: 1e-6)
        #expect(throws: OperatorError.self) { try evaluate(op, inputs + [Tensor([1, 2], .int64, [1, 2])]) }
        #expect(throws: OperatorError.self) { try evaluate(op, inputs + [Tensor([1, -1], .int64, [1, 2])]) }
    }

    @Test("TensorScatter writes from each image's place on")
    func cache() throws {
        let cache = Tensor([Float](repeating: 0, count: 8), shape: [2, 4, 1]),
            update = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2, 1])
        let linear = try makeOperator("TensorScatter", in: AttentionOperators.spellings, version: 24, inputs: 3)
        let circular = try makeOperator(
            "TensorScatter", in: AttentionOperators.spellings, version: 24, inputs: 3, attributes: ["mode": .string("circular")])
        #expect(try evaluate(linear, [cache, update])[0].numbers == [1, 2, 0, 0, 3, 4, 0, 0])
        let places = Tensor([1, 2], .int64, [2]), far = Tensor([3, 8], .int64, [2])
        #expect(try evaluate(linear, [cache, update, places])[0].numbers == [0, 1, 2, 0, 0, 0, 3, 4])
        #expect(try evaluate(circular, [cache, update, far])[0].numbers == [2, 0, 0, 1, 3, 4, 0, 0])
        #expect(throws: OperatorError.self) { try evaluate(linear, [cache, update, far]) }
        #expect(throws: OperatorError.self) { try evaluate(linear, [update, cache]) }
    }
}
