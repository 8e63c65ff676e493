import GraphIR
import Operators
import Tensors
import Testing

/// What passes make of networks over channels-last data, and that they still compute the same.
@Suite("Fusions over channels-last data")
struct ChannelsLastFusionTests {
    private func check(
        _ sketch: GraphSketch, becomes expected: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var fused = sketch
        try fused.fuse()
        #expect(fused.operators == expected, sourceLocation: sourceLocation)
        let inputs = [SampleData.floats([2, 5, 5, 3], seed: 9)]
        for (before, after) in zip(try sketch.run(inputs), try fused.run(inputs)) {
            expectClose(after, before.numbers, shape: before.shape.extents, scale: 60, sourceLocation: sourceLocation)
        }
    }

    private let image: [Dimension] = [.symbol("batch"), .known(5), .known(5), .known(3)]

    private func convolution(_ kind: FilterConvolution.Kind, _ padding: AutoPadding = .sameUpper) -> FilterConvolution {
        FilterConvolution(kind: kind, window: WindowAttributes(autoPadding: padding))
    }

    @Test("bias, spelled-out normalisation and activation go into a convolution", arguments: [false, true])
    func normalized(_ isDepthwise: Bool) throws {
        var sketch = GraphSketch()
        let input = sketch.input(image), filter = sketch.constant(SampleData.floats(isDepthwise ? [3, 3, 3, 1] : [3, 3, 3, 3], seed: 2))
        var value = try sketch.node(convolution(isDepthwise ? .depthwise : .full), [input, filter])
        value = try sketch.node("Add", [value, sketch.constant([1, -1, 2])])
        value = try sketch.node("Mul", [value, sketch.constant([0.5, 2, -1], [1, 1, 1, 3])])
        value = try sketch.node("Add", [value, sketch.constant([0.1, 0.2, 0.3], [1, 1, 1, 3])])
        sketch.graph.outputs = [try sketch.node("Relu", [value])]
        try check(sketch, becomes: ["Conv2D"])
    }

    @Test("a product and a sum for each channel become one operator, with the activation")
    func scaled() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let product = try sketch.node("Mul", [sketch.constant([0.5, 2, -1]), input])
        let sum = try sketch.node("Add", [product, sketch.constant([0.1, 0.2, 0.3])])
        sketch.graph.outputs = [try sketch.node("Sigmoid", [sum])]
        try check(sketch, becomes: ["ChannelScale"])
    }

    @Test("a product that leads to nothing stays")
    func lonelyProduct() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        sketch.graph.outputs = [try sketch.node("Mul", [input, sketch.constant([0.5, 2, -1])])]
        try check(sketch, becomes: ["Mul"])
    }

    @Test("a residual of equal shape goes into a convolution, not into a scaling")
    func residual() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image), filter = sketch.constant(SampleData.floats([3, 3, 3, 3], seed: 2))
        let first = try sketch.node("Relu", [input])
        let value = try sketch.node(convolution(.full), [first, filter])
        sketch.graph.outputs = [try sketch.node("Relu", [try sketch.node("Add", [first, value])])]
        try check(sketch, becomes: ["Relu", "Conv2D"])
    }

    @Test("zeros around the data become padding, other borders do not")
    func padding() throws {
        let pads = Tensor([0, 0, 1, 2, 0, 1, 0, 0] as [Int32], shape: [4, 2])
        for (mode, expected) in [("", ["Conv2D"]), ("REFLECT", ["Pad", "Conv2D"])] {
            var sketch = GraphSketch()
            let input = sketch.input(image), filter = sketch.constant(SampleData.floats([3, 3, 3, 2], seed: 2))
            let pad = try makeOperator(
                mode.isEmpty ? "Pad" : "MirrorPad", in: MovementOperators.spellings, dialect: .tensorFlow, inputs: 2,
                attributes: mode.isEmpty ? [:] : ["mode": .string(mode)])
            let padded = try sketch.node(pad, [input, sketch.constant(pads)])
            sketch.graph.outputs = [try sketch.node(convolution(.full, .valid), [padded, filter])]
            try check(sketch, becomes: expected)
        }
    }
}
