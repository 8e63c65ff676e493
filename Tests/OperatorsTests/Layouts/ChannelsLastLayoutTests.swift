import GraphIR
import Operators
import Tensors
import Testing

/// Where convolutions lay data out with its channels last, and that everything still computes the same.
@Suite("Channels-last layout")
struct ChannelsLastLayoutTests {
    private let image: [Dimension] = [.symbol("batch"), .known(3), .known(7), .known(6)]
    private static let picture = SampleData.floats([2, 3, 7, 6], seed: 9)

    /// Lays a copy out, compares the operators with `expected` and the results with those before.
    private func check(
        _ sketch: GraphSketch, _ inputs: [Tensor] = [picture], becomes expected: [String], scale: Double = 60,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var laidOut = sketch
        _ = try ChannelsLastLayout().run(on: &laidOut.graph)
        #expect(laidOut.operators == expected, sourceLocation: sourceLocation)
        #expect(laidOut.graph.outputs == sketch.graph.outputs, sourceLocation: sourceLocation)
        for (before, after) in zip(try sketch.run(inputs), try laidOut.run(inputs)) {
            expectClose(after, before.numbers, shape: before.shape.extents, scale: scale, sourceLocation: sourceLocation)
        }
        #expect(try ChannelsLastLayout().run(on: &laidOut.graph) == 0, "a second round", sourceLocation: sourceLocation)
    }

    private func convolution(
        _ sketch: inout GraphSketch, _ input: ValueID, _ shape: Shape, _ window: WindowAttributes = WindowAttributes(pads: [1, 1, 1, 1]),
        groups: Int = 1, bias: Bool = false, residual: ValueID? = nil
    ) throws -> ValueID {
        let weights = sketch.constant(SampleData.floats(shape, seed: 2))
        var inputs: [ValueID?] = [input, weights]
        if bias || residual != nil { inputs.append(bias ? sketch.constant(SampleData.floats([shape[0]], seed: 3)) : nil) }
        if let residual { inputs.append(residual) }
        return try sketch.node(Conv(window: window, groups: groups), inputs)
    }

    static let convolutions: [(shape: Shape, window: WindowAttributes, groups: Int)] = [
        ([4, 3, 3, 3], WindowAttributes(pads: [1, 1, 1, 1]), 1), ([4, 3, 1, 1], WindowAttributes(), 1),
        ([40, 3, 3, 2], WindowAttributes(strides: [2, 1], pads: [0, 1, 1, 1]), 1),
        ([3, 1, 3, 3], WindowAttributes(pads: [1, 1, 1, 1]), 3), ([6, 1, 3, 3], WindowAttributes(strides: [2, 2]), 3),
        ([4, 3, 2, 2], WindowAttributes(dilations: [2, 3]), 1), ([5, 3, 7, 6], WindowAttributes(), 1),
    ]

    @Test("a convolution of any geometry stands between two transpositions", arguments: convolutions.indices)
    func geometries(_ index: Int) throws {
        let (shape, window, groups) = Self.convolutions[index]
        var sketch = GraphSketch()
        let input = sketch.input(image)
        sketch.graph.outputs = [try convolution(&sketch, input, shape, window, groups: groups, bias: index % 2 == 0)]
        try check(sketch, becomes: ["Transpose", "Conv", "Transpose"])
    }

    @Test("a large convolution of three by three agrees, whichever way it is computed")
    func winograd() throws {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(32), .known(13), .known(15)])
        sketch.graph.outputs = [try convolution(&sketch, input, [36, 32, 3, 3], bias: true)]
        try check(sketch, [SampleData.floats([2, 32, 13, 15], seed: 4)], becomes: ["Transpose", "Conv", "Transpose"], scale: 1000)
    }

    @Test("groups of several channels")
    func groups() throws {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(6), .known(5), .known(4)])
        sketch.graph.outputs = [try convolution(&sketch, input, [9, 2, 3, 3], groups: 3, bias: true)]
        try check(sketch, [SampleData.floats([2, 6, 5, 4], seed: 4)], becomes: ["Transpose", "Conv", "Transpose"])
    }

    @Test("one and three axes of space", arguments: [[7], [3, 4, 5]])
    func otherRanks(_ space: [Int]) throws {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(3)] + space.map(Dimension.known))
        let kernel = [Int](repeating: 2, count: space.count)
        sketch.graph.outputs = [try convolution(&sketch, input, Shape([4, 3] + kernel), WindowAttributes())]
        try check(sketch, [SampleData.floats(Shape([2, 3] + space), seed: 4)], becomes: ["Transpose", "Conv", "Transpose"])
    }

    @Test("a residual is transposed too, and whoever reads an inner value gets it in its own layout")
    func residual() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let inner = try convolution(&sketch, input, [3, 3, 3, 3])
        let shape = try sketch.node("Identity", [inner])
        let outer = try convolution(&sketch, inner, [3, 3, 3, 3], bias: true, residual: input)
        sketch.graph.outputs = [outer, shape]
        try check(sketch, becomes: ["Transpose", "Conv", "Transpose", "Identity", "Conv", "Transpose"])
    }

    // MARK: What follows a convolution

    private static let following: [(name: String, make: @Sendable (inout GraphSketch, ValueID) throws -> ValueID)] = [
        ("Relu", { sketch, value in try sketch.node("Relu", [value]) }),
        ("Exp", { sketch, value in try sketch.node("Exp", [value]) }),
        ("Clip", { sketch, value in try sketch.node("Clip", [value, sketch.scalar(-1), sketch.scalar(2)]) }),
        ("Add", { sketch, value in try sketch.node("Add", [value, sketch.constant([1, 2, 3, 4], [4, 1, 1])]) }),
        ("Mul", { sketch, value in try sketch.node("Mul", [sketch.constant([3]), value]) }),
        ("Sub", { sketch, value in try sketch.node("Sub", [sketch.constant(SampleData.floats([7, 6], seed: 1)), value]) }),
        ("Pow", { sketch, value in try sketch.node("Pow", [value, sketch.scalar(2)]) }),
        ("Max", { sketch, value in try sketch.node("Max", [value, sketch.constant([0.5, 1, -1, 0], [4, 1, 1]), value]) }),
        ("PRelu", { sketch, value in try sketch.node("PRelu", [value, sketch.constant([0.5, 1, -1, 0], [4, 1, 1])]) }),
        (
            "BatchNormalization",
            { sketch, value in
                try sketch.node(
                    "BatchNormalization",
                    [value] + [[1, -2, 0.5, 2], [0, 1, 2, 3], [0.1, -0.1, 0, 1], [1, 2, 0.5, 4]].map { sketch.constant($0) })
            }
        ),
        (
            "MaxPool",
            { sketch, value in
                let window = WindowAttributes(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1])
                return try sketch.node(MaxPool(attributes: PoolingAttributes(window: window, roundsUp: true)), [value])
            }
        ),
        (
            "AveragePool",
            { sketch, value in
                let window = WindowAttributes(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1])
                return try sketch.node(
                    AveragePool(attributes: PoolingAttributes(window: window, roundsUp: true), countsPadding: true), [value])
            }
        ),
        ("GlobalAveragePool", { sketch, value in try sketch.node(GlobalPool(.average), [value]) }),
        ("LRN", { sketch, value in try sketch.node(LocalResponseNormalization(size: 2, alpha: 0.5), [value]) }),
        ("GlobalMaxPool", { sketch, value in try sketch.node(GlobalPool(.maximum), [value]) }),
        ("Concat", { sketch, value in try sketch.node("Concat", [value, value], attributes: ["axis": .integer(1)]) }),
        ("Concat", { sketch, value in try sketch.node("Concat", [value, value], attributes: ["axis": .integer(-1)]) }),
        (
            "ReduceMean",
            { sketch, value in
                try sketch.node("ReduceMean", [value], version: 13, attributes: ["axes": .integers([2, -1]), "keepdims": .integer(1)])
            }
        ),
        (
            "Resize",
            { sketch, value in
                try sketch.node(
                    "Resize", [value, nil, sketch.constant([1, 1, 2, 1.5])], version: 13, attributes: ["mode": .string("linear")])
            }
        ),
    ]

    @Test("what follows works on channels-last data as well", arguments: following.indices)
    func followers(_ index: Int) throws {
        let (name, make) = Self.following[index]
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let value = try convolution(&sketch, input, [4, 3, 3, 3])
        sketch.graph.outputs = [try make(&sketch, value)]
        let expected = name == "BatchNormalization" ? "ChannelScale" : name
        try check(sketch, becomes: ["Transpose", "Conv", expected, "Transpose"])
    }

    @Test("a shuffle of channels works on channels-last data as well")
    func shuffle() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let value = try convolution(&sketch, input, [4, 3, 3, 3])
        let groups = sketch.constant(Tensor([0, 2, 2, 7, 6] as [Int64], shape: [5]))
        let channels = sketch.constant(Tensor([0, 4, 7, 6] as [Int64], shape: [4]))
        let split = try sketch.node("Reshape", [value, groups])
        let swapped = try sketch.node("Transpose", [split], attributes: ["perm": .integers([0, 2, 1, 3, 4])])
        sketch.graph.outputs = [try sketch.node("Reshape", [swapped, channels])]
        var fused = sketch
        try fused.fuse()
        try check(fused, becomes: ["Transpose", "Conv", "ChannelShuffle", "Transpose"])
    }

    @Test("what has no such form reads data as it was", arguments: ["Flatten", "Softmax"])
    func others(_ name: String) throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let value = try convolution(&sketch, input, [4, 3, 3, 3])
        sketch.graph.outputs = [try sketch.node(name, [value])]
        try check(sketch, becomes: ["Transpose", "Conv", "Transpose", name])
    }

    @Test("transpositions between the layouts cost nothing more")
    func transpositions() throws {
        var sketch = GraphSketch()
        let input = sketch.input([.symbol("batch"), .known(7), .known(6), .known(3)])
        let first = try sketch.node("Transpose", [input], attributes: ["perm": .integers([0, 3, 1, 2])])
        let value = try convolution(&sketch, first, [4, 3, 3, 3])
        sketch.graph.outputs = [try sketch.node("Transpose", [value], attributes: ["perm": .integers([0, 2, 3, 1])])]
        try check(sketch, [SampleData.floats([2, 7, 6, 3], seed: 5)], becomes: ["Conv", "Transpose"])
    }

    // MARK: What stays

    @Test("a convolution whose weights come at run time, or of float64, stays as it is")
    func stays() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image), weights = sketch.input([.known(4), .known(3), .known(3), .known(3)])
        sketch.graph.outputs = [try sketch.node(Conv(), [input, weights])]
        try check(sketch, [Self.picture, SampleData.floats([4, 3, 3, 3], seed: 2)], becomes: ["Conv"])
    }

    @Test("a graph without convolutions stays as it is")
    func untouched() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        sketch.graph.outputs = [try sketch.node(GlobalPool(.average), [try sketch.node("Relu", [input])])]
        try check(sketch, becomes: ["Relu", "GlobalAveragePool"])
    }
}
