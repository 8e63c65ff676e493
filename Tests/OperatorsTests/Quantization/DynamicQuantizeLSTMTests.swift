import GraphIR
import Operators
import Tensors
import Testing

/// The LSTM over weights of 8 bits against the one over the real numbers that they stand for.
@Suite("DynamicQuantizeLSTM")
struct DynamicQuantizeLSTMTests {
    private static let time = 3, batch = 2, inputs = 5, hidden = 4, directions = 2

    private func op(_ name: String, domain: String, inputs: Int) throws -> any Operator {
        let node = SourceNode(
            name: "node", domain: domain, operatorName: name, version: domain.isEmpty ? 14 : 1,
            inputs: (0..<inputs).map { "in\($0)" }, outputs: ["y", "h", "c"],
            attributes: ["hidden_size": .integer(Int64(Self.hidden)), "direction": .string("bidirectional")])
        return try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx)).make(AttributeReader(node))
    }

    /// Integers of a weight [directions, depth, 4 · hidden].
    private func integers(_ depth: Int, _ type: ElementType, seed: UInt64) -> Tensor {
        let shape: Shape = [Self.directions, depth, 4 * Self.hidden]
        return Tensor(
            SampleData.values(shape.elementCount, seed: seed).map { ($0 * 100).rounded() + (type == .uint8 ? 128 : 0) }, type, shape)
    }

    /// The real numbers as an LSTM has them: [directions, 4 · hidden, depth].
    private func turned(_ weights: Tensor, _ scales: Tensor, _ zeros: Tensor) -> Tensor {
        let depth = weights.shape[1], columns = weights.shape[2], numbers = weights.numbers
        let perColumn = scales.shape.rank == 2
        var result: [Double] = []
        for direction in 0..<Self.directions {
            for column in 0..<columns {
                let place = perColumn ? direction * columns + column : direction
                for step in 0..<depth {
                    let integer = numbers[(direction * depth + step) * columns + column]
                    result.append((integer - zeros.numbers[place]) * scales.numbers[place])
                }
            }
        }
        return Tensor(result, .float32, [Self.directions, columns, depth])
    }

    @Test("gives what an LSTM gives, as nearly as 8 bits allow", arguments: [ElementType.int8, .uint8], [false, true])
    func numbers(_ type: ElementType, _ isPerColumn: Bool) throws {
        let columns = 4 * Self.hidden, count = isPerColumn ? 2 * columns : 2
        let shape: Shape = isPerColumn ? [2, columns] : [2], middle = type == .uint8 ? 128.0 : 0
        let scales = Tensor((0..<count).map { 0.004 + 0.0005 * Double($0 % 5) }, .float32, shape)
        let zeros = Tensor((0..<count).map { middle + Double($0 % 3) }, type, shape)
        let w = integers(Self.inputs, type, seed: 2), r = integers(Self.hidden, type, seed: 3)
        let x = SampleData.floats([Self.time, Self.batch, Self.inputs], seed: 4)
        let bias = SampleData.floats([2, 8 * Self.hidden], seed: 5)
        let lengths = Tensor([3, 2] as [Int32], shape: [2])
        let states = (6...7).map { SampleData.floats([2, Self.batch, Self.hidden], seed: $0) }
        let expected = try evaluate(
            op("LSTM", domain: "", inputs: 7),
            [x, turned(w, scales, zeros), turned(r, scales, zeros), bias, lengths, states[0], states[1]], outputs: 3)
        for constants in [[], [1, 2]] as [Set<Int>] {
            let found = try evaluate(
                op("DynamicQuantizeLSTM", domain: "com.microsoft", inputs: 12),
                [x, w, r, bias, lengths, states[0], states[1], nil, scales, zeros, scales, zeros], outputs: 3, constants: constants)
            for (tensor, wanted) in zip(found, expected) {
                #expect(tensor.shape == wanted.shape)
                expectNumbers(tensor, wanted.numbers, absolute: 0.02)
            }
        }
    }

    @Test("refuses scales that fit neither directions nor columns")
    func refusals() throws {
        let w = integers(Self.inputs, .int8, seed: 2), r = integers(Self.hidden, .int8, seed: 3)
        let x = SampleData.floats([Self.time, Self.batch, Self.inputs], seed: 4)
        let zeros = Tensor([0, 0], .int8, [2]), scales = Tensor([1, 1], .float32, [2])
        for wrong in [Tensor([1, 1, 1], .float32, [3]), Tensor([1, 1], .float32, [2, 1]), Tensor([1], .float32, [])] {
            expectRefusal(["input 8"]) {
                _ = try evaluate(
                    op("DynamicQuantizeLSTM", domain: "com.microsoft", inputs: 12),
                    [x, w, r, nil, nil, nil, nil, nil, wrong, zeros, scales, zeros], outputs: 3)
            }
        }
    }
}
