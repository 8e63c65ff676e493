import GraphIR
import Operators
import Tensors
import Testing

/// Layers and transpositions that are nothing but a choice of rows, or nothing at all.
@Suite("Layers over one-hot rows, and transpositions undone")
struct RewrittenMovementTests {
    private let indices = Tensor([-3, 2, 4, 5, 1, 9, Int64.min, .max] as [Int64], shape: [2, 4, 1])
    private static let weights = SampleData.floats([3, 5], seed: 5)

    /// indices [batch, 4, 1] compared with `numbers`, as floats, times weights, plus a bias.
    private func layer(_ numbers: [Int64], _ weights: Tensor = weights, _ change: (inout GraphSketch, ValueID) throws -> Void = { _, _ in })
        throws -> GraphSketch
    {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(4), .known(1)], .int64)
        let flags = try sketch.node("Equal", [input, sketch.constant(Tensor(numbers, shape: [1, 1, numbers.count]))])
        let rows = try sketch.node("Cast", [flags], attributes: ["to": .integer(1)])
        let product = try sketch.node("MatMul", [rows, sketch.constant(weights)])
        sketch.graph.outputs = [try sketch.node("Add", [product, sketch.constant([0.5, -1, 2, 0, 3])])]
        try change(&sketch, rows)
        return sketch
    }

    @Test("one-hot rows times weights choose rows of a table; indices beyond it give the bias")
    func choice() throws {
        for first: Int64 in [0, 2, -3] {
            let sketch = try layer([first, first + 1, first + 2])
            var fused = sketch
            try fused.fuse()
            #expect(fused.operators == ["OneHotProduct"])
            let (before, after) = (try sketch.run([indices])[0], try fused.run([indices])[0])
            #expect(after.shape == [2, 4, 5])
            expectClose(after, before.numbers, shape: [2, 4, 5], scale: 1)
        }
    }

    @Test("other numbers, weights that are not finite, and rows that others read stay a product")
    func refusals() throws {
        var infinite = Self.weights.values(Float.self)
        infinite[7] = .infinity
        let sketches = [
            try layer([0, 2, 1]), try layer([0, 1, 3]), try layer([1, 1, 1]), try layer([0, 1, 2], Tensor(infinite, shape: [3, 5])),
            try layer([0, 1, 2]) { $0.graph.outputs.append($1) },
        ]
        for sketch in sketches {
            var fused = sketch
            try fused.fuse()
            #expect(fused.operators == ["Equal", "Cast", "Linear"])
        }
    }

    struct Order: Sendable, CustomTestStringConvertible {
        let first: [Int64], axes: [Int64], second: [Int64]
        let becomes: [String]
        var testDescription: String { "\(first), units at \(axes), \(second)" }
    }

    @Test(
        "a transposition that takes back an earlier one, with units between, is a change of shape",
        arguments: [
            Order(first: [0, 2, 1], axes: [3], second: [0, 2, 3, 1], becomes: ["Reshape"]),
            Order(first: [0, 2, 1], axes: [1], second: [0, 3, 1, 2], becomes: ["Reshape"]),
            Order(first: [2, 0, 1], axes: [0], second: [2, 3, 0, 1], becomes: ["Reshape"]),
            Order(first: [2, 0, 1], axes: [0], second: [0, 3, 2, 1], becomes: ["Transpose", "Unsqueeze", "Transpose"]),
            Order(first: [0, 2, 1], axes: [3], second: [0, 1, 3, 2], becomes: ["Transpose", "Unsqueeze", "Transpose"]),
        ])
    func undone(_ order: Order) throws {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(3), .known(5)])
        var value = try sketch.node("Transpose", [input], attributes: ["perm": .integers(order.first)])
        let axes = sketch.constant(Tensor(order.axes, shape: [order.axes.count]))
        value = try sketch.node("Unsqueeze", [value, axes])
        sketch.graph.outputs = [try sketch.node("Transpose", [value], attributes: ["perm": .integers(order.second)])]
        var changed = sketch
        try changed.fuse(by: [UndoneTransposes()])
        #expect(changed.operators == order.becomes)
        let x = SampleData.floats([2, 3, 5], seed: 9)
        let (before, after) = (try sketch.run([x])[0], try changed.run([x])[0])
        #expect(after.shape == before.shape && after.numbers == before.numbers)
    }

    @Test("the extremum along an axis of stacked slices is the extremum of the slices", arguments: ["ReduceMax", "ReduceMin"])
    func stacked(_ reduction: String) throws {
        for (axis, keepsAxes, becomes) in [
            (2, false, [reduction == "ReduceMax" ? "Max" : "Min", "Squeeze"]), (-1, true, [reduction == "ReduceMax" ? "Max" : "Min"]),
            (1, false, ["Concat", reduction]),
        ] as [(Int64, Bool, [String])] {
            var sketch = GraphSketch()
            let slices = (0..<3).map { _ in sketch.input([.symbol("batch"), .known(4), .known(1)]) }
            let stack = try sketch.node("Concat", slices, attributes: ["axis": .integer(2)])
            let value = try sketch.node(
                reduction, [stack, sketch.constant(Tensor([axis], shape: [1]))], attributes: ["keepdims": .integer(keepsAxes ? 1 : 0)])
            sketch.graph.outputs = [value]
            var changed = sketch
            try changed.fuse()
            #expect(changed.operators == becomes)
            let inputs = (1...3).map { SampleData.floats([2, 4, 1], seed: $0) }
            let (before, after) = (try sketch.run(inputs)[0], try changed.run(inputs)[0])
            #expect(after.shape == before.shape && after.numbers == before.numbers)
        }
    }
}
