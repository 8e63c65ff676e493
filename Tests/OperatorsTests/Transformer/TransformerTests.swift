import GraphIR
import Operators
import Tensors
import Testing

/// Expected numbers were computed in double precision from the definitions of the operators.
@Suite("Transformer operators of com.microsoft")
struct TransformerTests {
    /// Numbers without a plan, the same everywhere.
    private func pattern(_ shape: Shape, _ factor: Int = 7, _ modulus: Int = 11, _ divisor: Double = 4) -> Tensor {
        Tensor((0..<shape.elementCount).map { Double(($0 * factor + 3) % modulus - 5) / divisor }, .float32, shape)
    }

    private func whole(_ values: [Double], _ shape: Shape) -> Tensor { Tensor(values, .int32, shape) }

    private func make(
        _ name: String, inputs: Int = 8, outputs: Int = 1, _ attributes: [String: Attribute] = [:]
    ) throws -> any Operator {
        let node = SourceNode(
            name: "node", domain: "com.microsoft", operatorName: name, version: 1, inputs: (0..<inputs).map { "in\($0)" },
            outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
        let spelling = try #require(OperatorCatalog(TransformerOperators.spellings).spelling(for: node, dialect: .onnx))
        return try spelling.make(AttributeReader(node))
    }

    private func expect(_ actual: Tensor, _ expected: [Double], _ note: String = "") {
        expectNumbers(actual, expected, relative: 1e-4, absolute: 2e-5, note)
    }

    @Test("MultiHeadAttention adds bias, mask and addend, and keeps the past")
    func multiHead() throws {
        let op = try make("MultiHeadAttention", outputs: 3, ["num_heads": .integer(2)])
        let inputs = [
            pattern([1, 2, 4]), pattern([1, 2, 4], 5, 13), pattern([1, 2, 4], 3, 7), pattern([12], 9, 17, 8),
            whole([1, 0, 1], [1, 3]), pattern([1, 2, 2, 3], 8, 19), pattern([1, 2, 1, 2], 2, 5), pattern([1, 2, 1, 2], 4, 9),
        ]
        let outputs = try evaluate(op, inputs, outputs: 3)
        expect(outputs[0], [-0.670536, 0.926341, -0.810815, -0.418962, -0.691394, 0.978485, -0.862281, -0.985086])
        expect(outputs[1], [-0.5, -1.25, -0.5, 1.875, 1.25, 0.375, -0.75, -0.25, -1.125, 1.25, 0.625, 3])
        expect(outputs[2], [-0.5, 0.5, -0.25, 1.625, -0.75, 1.125, -0.75, 0.25, -0.375, -0.625, -0.875, -1.125])
    }

    @Test("MultiHeadAttention looks back only where it is told to")
    func causal() throws {
        let op = try make("MultiHeadAttention", ["num_heads": .integer(2), "unidirectional": .integer(1)])
        let inputs: [Tensor?] = [
            pattern([1, 2, 4]), pattern([1, 2, 4], 5, 13), pattern([1, 2, 4], 3, 7), pattern([12], 9, 17, 8), nil, nil,
            pattern([1, 2, 1, 2], 2, 5), pattern([1, 2, 1, 2], 4, 9),
        ]
        expect(
            try evaluate(op, inputs)[0],
            [-0.252263, 1.614816, -0.540845, -0.238028, -0.5, 1.315987, -0.718289, -0.924136])
    }

    @Test("Attention projects, masks and gives the keys and values", arguments: [Set<Int>(), [1, 2]])
    func projected(_ constants: Set<Int>) throws {
        let op = try make("Attention", outputs: 2, ["num_heads": .integer(2)])
        let inputs = [pattern([1, 3, 2]), pattern([2, 6], 5, 13), pattern([6], 3, 7), whole([2], [1])]
        let outputs = try evaluate(op, inputs, outputs: 2, constants: constants)
        expect(outputs[0], [-1.526464, 0.420599, -1.089989, -0.4677, -1.089989, 0.310847])
        expect(outputs[1], [-0.4375, -0.875, -2, 1.25, -0.75, 0, -2.875, 0.0625, 0.25, 0.4375, -0.625, -1])
    }

    private func bytes(_ values: [Double], _ shape: Shape, _ type: ElementType = .uint8) -> Tensor { Tensor(values, type, shape) }
    private func number(_ value: Double, _ type: ElementType = .float32) -> Tensor { Tensor([value], type, .scalar) }

    @Test("QAttention projects integers, with one scale or one for each column")
    func quantizedAttention() throws {
        let x = bytes([10, 20, 30, 40], [1, 2, 2])
        let weights = bytes((0..<12).map { Double($0 * 7 % 23 - 11) }, [2, 6], .int8)
        let bias = Tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], .float32, [6])
        let one = try make("QAttention", ["num_heads": .integer(1)]), two = try make("QAttention", ["num_heads": .integer(2)])
        let shared: [Tensor?] = [x, weights, bias, number(0.05), number(0.1), nil, number(12, .uint8), number(3, .int8)]
        for constants in [[], [1]] as [Set<Int>] {
            expect(try evaluate(one, shared, constants: constants)[0], [-0.896105, 0.028689, -0.415048, 0.203619])
        }
        var columns = shared
        columns[4] = Tensor([0.1, 0.2, 0.1, 0.2, 0.1, 0.2], .float32, [6])
        columns[7] = bytes([1, 2, 3, 1, 2, 3], [6], .int8)
        expect(try evaluate(two, columns)[0], [-0.800332, -0.170965, -0.9, 0.159946])
        var wrong = shared
        wrong[4] = Tensor([1, 2], .float32, [2])
        expectRefusal(["input 4", "[2]"]) { _ = try evaluate(one, wrong) }
    }

    @Test("QEmbedLayerNormalization takes tables of integers")
    func quantizedEmbeddings() throws {
        let op = try make("QEmbedLayerNormalization", inputs: 18, outputs: 2, ["epsilon": .float(1e-5)])
        let inputs: [Tensor?] =
            [
                whole([1, 2], [1, 2]), whole([0, 1], [1, 2]), bytes((0..<12).map { Double($0 * 9 % 50) }, [3, 4]),
                bytes((0..<12).map { Double($0 * 5 % 40) }, [3, 4]), bytes([3, 1, 4, 1, 5, 9, 2, 6], [2, 4]), bytes([10, 12, 9, 11], [4]),
                bytes([2, 3, 1, 4], [4]), whole([1, 0], [1, 2]),
            ] + [0.1, 0.2, 0.3, 0.1, 0.05].map { number($0) } + [1, 2, 3, 1, 2].map { number($0, .uint8) }
        let outputs = try evaluate(op, inputs, outputs: 2)
        expect(outputs[0], [-0.143819, 1.702326, -1.098284, 0.068041, -1.272084, 0.101826, -0.087691, 1.513427])
        #expect(outputs[1].numbers == [1])
        var missing = inputs
        missing[13] = nil
        expectRefusal(["input 13"]) { _ = try evaluate(op, missing, outputs: 2) }
    }

    @Test(
        "CDist measures every pair of rows",
        arguments: [("euclidean", [0, 2.236068, 5, 2.828427, 5, 2.236068]), ("sqeuclidean", [0, 5, 25, 8, 25, 5])])
    func distances(_ metric: String, _ expected: [Double]) throws {
        let op = try make("CDist", inputs: 2, ["metric": .string(metric)])
        for type in [ElementType.float32, .float64] {
            let inputs = [Tensor([1, 2, 3, 4], type, [2, 2]), Tensor([1, 2, 0, 0, 4, 6], type, [3, 2])]
            expect(try evaluate(op, inputs)[0], expected)
        }
        expectRefusal(["columns"]) { _ = try evaluate(op, [pattern([2, 2]), pattern([2, 3])]) }
    }

    @Test("GroupQueryAttention rotates, and adds to the cache")
    func groupQuery() throws {
        let op = try make(
            "GroupQueryAttention", outputs: 3, ["num_heads": .integer(2), "kv_num_heads": .integer(1), "do_rotary": .integer(1)])
        let cosines = Tensor([1, 0.8775825618903728, 0.5403023058681398, 0.0707372016677029], .float32, [4, 1])
        let sines = Tensor([0, 0.479425538604203, 0.8414709848078965, 0.9974949866040544], .float32, [4, 1])
        let inputs = [
            pattern([1, 1, 4]), pattern([1, 1, 2], 5, 13), pattern([1, 1, 2], 3, 7), pattern([1, 1, 3, 2], 2, 5),
            pattern([1, 1, 3, 2], 4, 9), whole([1], [1]), whole([2], [1]), cosines, sines,
        ]
        let outputs = try evaluate(op, inputs, outputs: 3)
        expect(outputs[0], [-0.5, 0.306528, -0.5, 0.42019])
        expect(outputs[1], [-0.5, -1.25, -0.79836, 0.418474, 0, 0])
        expect(outputs[2], [-0.5, 0.5, -0.5, 0.25, 0, 0])
        var wrong = inputs
        wrong[5] = whole([7], [1])
        expectRefusal(["8 keys"]) { _ = try evaluate(op, wrong, outputs: 3) }
    }

    @Test("SkipLayerNormalization normalises a sum and gives it on request")
    func skip() throws {
        let op = try make("SkipLayerNormalization", outputs: 4)
        let inputs = [pattern([1, 2, 3]), pattern([1, 3], 5, 13), pattern([3], 3, 7), pattern([3], 2, 5), pattern([3], 4, 9)]
        let outputs = try evaluate(op, inputs, outputs: 4)
        expect(outputs[0], [-0.17903, -0.896933, -0.172253, -0.17903, -0.896933, -0.172253])
        expect(outputs[3], [-1.5, 2.5, -1.75, -1.75, 2.25, -2])
        let simple = try make("SkipSimplifiedLayerNormalization")
        expect(
            try evaluate(simple, [pattern([1, 2, 3]), pattern([1, 2, 3], 5, 13), pattern([3], 3, 7)])[0],
            [0.353553, 0.353553, 0.53033, 0.261116, 0.391675, 0.391675])
    }

    @Test("MatMulNBits spreads its weights")
    func blockQuantized() throws {
        let bytes = (0..<32).map { Double(($0 * 37 + 11) % 256) }
        let scales = Tensor(pattern([2, 2], 3, 7).numbers.map { $0 + 2 }, .float32, [2, 2])
        let op = try make("MatMulNBits", ["K": .integer(20), "N": .integer(2), "bits": .integer(4), "block_size": .integer(16)])
        let inputs = [
            pattern([2, 20]), Tensor(bytes, .uint8, [2, 2, 8]), scales, Tensor([0x93, 0x5A] as [Double], .uint8, [2, 1]),
        ]
        expect(try evaluate(op, inputs)[0], [-24.9375, -37.75, -13.125, 17.75])
        let wide = try make("MatMulNBits", ["K": .integer(16), "N": .integer(2), "bits": .integer(8), "block_size": .integer(16)])
        expect(
            try evaluate(wide, [pattern([1, 16]), Tensor(bytes, .uint8, [2, 1, 16]), pattern([2, 1], 3, 7)])[0],
            [15.75, -14.875])
    }

    @Test("FusedMatMul scales, transposes and finds stacks inside matrices")
    func fusedProduct() throws {
        let op = try make(
            "FusedMatMul", ["alpha": .float(0.5), "transBatchA": .integer(1), "transB": .integer(1)])
        expect(
            try evaluate(op, [pattern([2, 3, 2]), pattern([3, 2, 2], 5, 13)])[0],
            [0.59375, 0.3125, 0.53125, 0.625, 0.4375, -0.59375, 0.3125, -1.15625, -0.125, -0.5, -0.3125, -0.3125])
    }

    @Test("EmbedLayerNormalization adds embeddings, and refuses words that it has not")
    func embedding() throws {
        let op = try make("EmbedLayerNormalization", outputs: 3)
        let tables = [pattern([4, 2]), pattern([3, 2], 5, 13), pattern([2, 2], 3, 7)]
        let rest = [Tensor([1, 2], .float32, [2]), Tensor([0.5, -0.5], .float32, [2]), whole([1, 0], [1, 2])]
        let outputs = try evaluate(op, [whole([1, 3], [1, 2]), whole([0, 1], [1, 2])] + tables + rest, outputs: 3)
        expect(outputs[0], [-0.5, 1.5, -0.5, 1.5])
        #expect(outputs[1].integers == [1])
        expect(outputs[2], [-0.75, 0.25, -3, 0.75])
        expectRefusal(["index 4"]) {
            _ = try evaluate(op, [whole([1, 4], [1, 2]), whole([0, 1], [1, 2])] + tables + rest, outputs: 3)
        }
    }

    @Test("RotaryEmbedding turns neighbours from the first position on")
    func rotary() throws {
        let op = try make("RotaryEmbedding", ["interleaved": .integer(1)])
        let inputs = [pattern([1, 2, 4]), Tensor([1], .int64, [1]), pattern([4, 2], 5, 13), pattern([4, 2], 3, 7)]
        expect(try evaluate(op, inputs)[0], [1.5625, -1.1875, 0, 0, 1.25, -1, 0.9375, -0.3125])
        var wrong = inputs
        wrong[1] = Tensor([3], .int64, [1])
        expectRefusal(["position 4"]) { _ = try evaluate(op, wrong) }
    }

    @Test("RelativePositionBias shares buckets by the logarithm of the distance")
    func relativePositions() throws {
        let op = try make("RelativePositionBias", ["max_distance": .integer(16), "is_bidirectional": .integer(1)])
        let table = Tensor((0..<8).map(Double.init), .float32, [8, 1])
        let result = try evaluate(op, [table, Tensor([1], .int64, []), Tensor([8], .int64, [])])[0]
        #expect(result.numbers == [0, 5, 6, 6, 6, 6, 7, 7])
        let backward = try evaluate(op, [table, Tensor([7], .int64, []), Tensor([1], .int64, [])])[0]
        #expect(backward.numbers == [0, 1, 2, 2, 2, 2, 3])
    }

    @Test("NGramRepeatBlock forbids words that would repeat a run")
    func repetition() throws {
        let op = try make("NGramRepeatBlock", ["ngram_size": .integer(2)])
        let scores = Tensor([1, 2, 3, 4], .float32, [1, 4])
        let result = try evaluate(op, [Tensor([2, 1, 3, 2], .int64, [1, 4]), scores])[0]
        #expect(result.numbers == [1, -.infinity, 3, 4])
    }
}
