import GraphIR
import Operators
import Tensors
import Testing

/// What passes make of a graph, and that it still computes the same.
@Suite("Fusions")
struct FusionPassTests {
    /// Fuses a copy, compares the operators with `expected` and the results with those before.
    private func check(
        _ sketch: GraphSketch, _ inputs: [Tensor], becomes expected: [String], scale: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var fused = sketch
        try fused.fuse()
        #expect(fused.operators == expected, sourceLocation: sourceLocation)
        for (before, after) in zip(try sketch.run(inputs), try fused.run(inputs)) {
            expectClose(after, before.numbers, shape: before.shape.extents, scale: scale, sourceLocation: sourceLocation)
        }
        #expect(fused.graph.outputs == sketch.graph.outputs, sourceLocation: sourceLocation)
    }

    private let batch: [Dimension] = [.symbol("batch"), .known(6)]
    private let x = SampleData.floats([3, 6], seed: 9)
    private let image: [Dimension] = [.symbol("batch"), .known(2), .known(5), .known(5)]
    private let picture = SampleData.floats([2, 2, 5, 5], seed: 9)

    private func weights(_ shape: Shape, seed: UInt64 = 5) -> Tensor { SampleData.floats(shape, seed: seed) }

    @Test("reshaping around a transposition of groups and channels is a shuffle, other transpositions are not")
    func shuffle() throws {
        let cases: [([Int64], [String])] = [
            ([0, 2, 1, 3, 4], ["ChannelShuffle"]), ([0, 2, 1, 4, 3], ["Reshape", "Transpose", "Reshape"]),
        ]
        for (order, expected) in cases {
            var sketch = GraphSketch()
            let input = sketch.input([.symbol("batch"), .known(6), .known(3), .known(3)])
            let groups = sketch.constant(Tensor([0, 2, 3, 3, 3] as [Int64], shape: [5]))
            let channels = sketch.constant(Tensor([0, 6, 3, 3] as [Int64], shape: [4]))
            var value = try sketch.node("Reshape", [input, groups])
            value = try sketch.node("Transpose", [value], attributes: ["perm": .integers(order)])
            sketch.graph.outputs = [try sketch.node("Reshape", [value, channels])]
            try check(sketch, [SampleData.floats([2, 6, 3, 3], seed: 9)], becomes: expected)
        }
    }

    @Test("a sum of two is an addition")
    func sum() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let first = try sketch.node("Exp", [input])
        let value = try sketch.node(Conv(window: WindowAttributes(pads: [1, 1, 1, 1])), [first, sketch.constant(weights([2, 2, 3, 3]))])
        sketch.graph.outputs = [try sketch.node("Relu", [try sketch.node("Sum", [value, first])])]
        try check(sketch, [picture], becomes: ["Exp", "Conv"], scale: 60)
    }

    static let activations: [(name: String, attributes: [String: Attribute])] = [
        ("Relu", [:]), ("Sigmoid", [:]), ("Tanh", [:]), ("HardSwish", [:]), ("HardSigmoid", ["alpha": .float(0.3)]),
        ("LeakyRelu", ["alpha": .float(0.2)]), ("Gelu", [:]), ("Gelu", ["approximate": .string("tanh")]),
    ]

    @Test("MatMul, bias and activation become one layer", arguments: activations.indices)
    func dense(_ index: Int) throws {
        let (name, attributes) = Self.activations[index]
        var sketch = GraphSketch()
        let input = sketch.input(batch)
        let product = try sketch.node("MatMul", [input, sketch.constant(weights([6, 4]))])
        let sum = try sketch.node("Add", [sketch.constant([1, 2, 3, 4], [1, 4]), product])
        sketch.graph.outputs = [try sketch.node(name, [sum], attributes: attributes)]
        try check(sketch, [x], becomes: ["Linear"])
    }

    @Test("Gemm becomes a layer when its C is a row of constants")
    func gemm() throws {
        for (shape, values) in [([4], [1, 2, 3, 4]), ([1, 4], [1, 2, 3, 4]), ([], [7]), ([1, 1], [7])] as [(Shape, [Float])] {
            for transposed in [false, true] {
                var sketch = GraphSketch()
                let input = sketch.input(batch)
                let op = Gemm(alpha: 0.5, beta: 2, transposesRight: transposed)
                let w = sketch.constant(weights(transposed ? [4, 6] : [6, 4]))
                let layer = try sketch.node(op, [input, w, sketch.constant(values, shape)])
                sketch.graph.outputs = [try sketch.node("Relu", [layer])]
                try check(sketch, [x], becomes: ["Linear"])
            }
        }
    }

    @Test("Gemm stays when it cannot be a layer")
    func gemmStays() throws {
        for op in [Gemm(transposesLeft: true), Gemm()] {
            var sketch = GraphSketch()
            let input = sketch.input([.known(3), .known(6)])
            let c = op.transposesLeft ? nil : sketch.constant([1, 2, 3], [3, 1])
            let w = sketch.constant(weights(op.transposesLeft ? [3, 4] : [6, 4]))
            sketch.graph.outputs = [try sketch.node(op, c.map { [input, w, $0] } ?? [input, w])]
            try check(sketch, [x], becomes: ["Gemm"])
        }
    }

    @Test("Conv takes BatchNormalization into its weights, with and without bias", arguments: [false, true])
    func batchNormalization(_ hasBias: Bool) throws {
        var sketch = GraphSketch()
        let input = sketch.input(image), w = sketch.constant(weights([3, 2, 3, 3]))
        let conv = try sketch.node("Conv", hasBias ? [input, w, sketch.constant([1, -1, 2])] : [input, w])
        let parameters = [[1, 2, -1], [0.5, 0, -0.5], [0.1, -2, 0], [1, 0.3, 4]].map { sketch.constant($0) }
        let normalized = try sketch.node("BatchNormalization", [conv] + parameters)
        sketch.graph.outputs = [try sketch.node("Relu", [normalized])]
        try check(sketch, [picture], becomes: ["Conv"])
    }

    @Test("Linear takes BatchNormalization into its weights", arguments: [false, true])
    func linearBatchNormalization(_ transposed: Bool) throws {
        var sketch = GraphSketch()
        let input = sketch.input(batch), w = sketch.constant(weights(transposed ? [3, 6] : [6, 3]))
        let layer = try sketch.node(Gemm(transposesRight: transposed), [input, w, sketch.constant([1, -1, 2])])
        let parameters = [[1, 2, -1], [0.5, 0, -0.5], [0.1, -2, 0], [1, 0.3, 4]].map { sketch.constant($0) }
        sketch.graph.outputs = [try sketch.node("BatchNormalization", [layer] + parameters)]
        try check(sketch, [x], becomes: ["Linear"])
    }

    @Test("Conv takes a constant for each channel as bias, also beside the bias it has")
    func convBias() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        var value = try sketch.node("Conv", [input, sketch.constant(weights([3, 2, 3, 3])), sketch.constant([1, -1, 2])])
        value = try sketch.node("Add", [value, sketch.constant([5, 6, 7], [1, 3, 1, 1])])
        value = try sketch.node("Add", [sketch.constant([2], [1]), value])
        sketch.graph.outputs = [try sketch.node("Clip", [value, sketch.scalar(0), sketch.scalar(6)])]
        try check(sketch, [picture], becomes: ["Conv"])
    }

    @Test("a constant that varies along another axis is no bias")
    func otherConstants() throws {
        var sketch = GraphSketch()
        let input = sketch.input([.known(2), .known(2), .known(5), .known(5)])
        let conv = try sketch.node("Conv", [input, sketch.constant(weights([3, 2, 3, 3]))])
        sketch.graph.outputs = [try sketch.node("Add", [conv, sketch.constant([1, 2, 3])])]
        try check(sketch, [picture], becomes: ["Conv", "Add"])
    }

    @Test("a residual of equal shape joins, and the activation after it")
    func residual() throws {
        var sketch = GraphSketch()
        let input = sketch.input(image)
        let first = try sketch.node("Relu", [input])
        let conv = try sketch.node(
            "Conv", [first, sketch.constant(weights([2, 2, 3, 3]))], attributes: ["pads": .integers([1, 1, 1, 1])])
        sketch.graph.outputs = [try sketch.node("Relu", [sketch.node("Add", [first, conv])])]
        try check(sketch, [picture], becomes: ["Relu", "Conv"])
    }

    @Test("of two products that are added, one is the other's residual")
    func twoProducts() throws {
        var sketch = GraphSketch()
        let input = sketch.input(batch)
        let a = try sketch.node("MatMul", [input, sketch.constant(weights([6, 6]))])
        let b = try sketch.node("MatMul", [input, sketch.constant(weights([6, 6], seed: 6))])
        sketch.graph.outputs = [try sketch.node("Add", [a, b])]
        try check(sketch, [x], becomes: ["Linear", "Linear"])
    }

    @Test("an addend that may broadcast stays outside")
    func broadcastingAddend() throws {
        for dimensions: [Dimension] in [[.known(1), .known(4)], [.unknown, .known(4)], [.symbol("other"), .known(4)]] {
            var sketch = GraphSketch()
            let input = sketch.input(batch), other = sketch.input(dimensions)
            let product = try sketch.node("MatMul", [input, sketch.constant(weights([6, 4]))])
            sketch.graph.outputs = [try sketch.node("Add", [product, other])]
            try check(sketch, [x, weights([1, 4])], becomes: ["Linear", "Add"])
        }
    }

    @Test("a result that somebody else reads is kept")
    func sharedResult() throws {
        var sketch = GraphSketch()
        let input = sketch.input(batch)
        let product = try sketch.node("MatMul", [input, sketch.constant(weights([6, 4]))])
        sketch.graph.outputs = [try sketch.node("Relu", [product]), product]
        try check(sketch, [x], becomes: ["Linear", "Relu"])
        sketch.graph.outputs = [try sketch.node("Relu", [product]), try sketch.node("Tanh", [product])]
        try check(sketch, [x], becomes: ["Linear", "Relu", "Tanh"])
    }

    @Test("x · sigmoid(x), hard-swish and GELU in arithmetic become activations of the layer", arguments: Composed.allCases)
    func composed(_ form: Composed) throws {
        for multipliesFirst in [false, true] {
            var sketch = GraphSketch()
            let input = sketch.input(batch)
            // The argument is itself a product, which the pattern must not look into.
            let value = multipliesFirst ? try sketch.node("Mul", [input, sketch.scalar(1.5)]) : input
            let product = try sketch.node("MatMul", [value, sketch.constant(weights([6, 4]))])
            sketch.graph.outputs = [try form.draw(product, &sketch)]
            try check(sketch, [x], becomes: multipliesFirst ? ["Mul", "Linear"] : ["Linear"])

            var alone = GraphSketch()
            let plain = alone.input(batch)
            let argument = try alone.node("Mul", [plain, plain])
            alone.graph.outputs = [try form.draw(argument, &alone)]
            try check(alone, [x], becomes: ["Mul", form.activation])
        }
    }

    @Test("arithmetic with other constants stays as it is")
    func almostComposed() throws {
        var sketch = GraphSketch()
        let input = sketch.input(batch)
        let shifted = try sketch.node("Add", [input, sketch.scalar(2)])
        let limited = try sketch.node("Clip", [shifted, sketch.scalar(0), sketch.scalar(6)])
        sketch.graph.outputs = [try sketch.node("Div", [sketch.node("Mul", [input, limited]), sketch.scalar(6)])]
        try check(sketch, [x], becomes: ["Add", "Clip", "Mul", "Div"])
    }

    @Test("float64 layers are left alone")
    func doubles() throws {
        var sketch = GraphSketch()
        let input = sketch.input(batch, .float64)
        let product = try sketch.node("MatMul", [input, sketch.constant(SampleData.doubles([6, 4]))])
        sketch.graph.outputs = [try sketch.node("Relu", [product])]
        try check(sketch, [SampleData.doubles([3, 6])], becomes: ["MatMul", "Relu"])
    }
}

/// Ways in which exporters spell activations out.
enum Composed: CaseIterable {
    case silu, hardSigmoidGate, hardSwishDividedLast, hardSwishScaledFirst, geluByErf, geluByErfHalfFirst, geluByTanh,
        geluByTanhPower

    var activation: String {
        switch self {
        case .silu: "Swish"
        case .hardSigmoidGate, .hardSwishDividedLast, .hardSwishScaledFirst: "HardSwish"
        case .geluByErf, .geluByErfHalfFirst, .geluByTanh, .geluByTanhPower: "Gelu"
        }
    }

    func draw(_ x: ValueID, _ s: inout GraphSketch) throws -> ValueID {
        switch self {
        case .silu: return try s.node("Mul", [x, s.node("Sigmoid", [x])])
        case .hardSigmoidGate: return try s.node("Mul", [s.node("HardSigmoid", [x], attributes: ["alpha": .float(1.0 / 6)]), x])
        case .hardSwishDividedLast:
            return try s.node("Div", [s.node("Mul", [x, clipped(x, &s)]), s.scalar(6)])
        case .hardSwishScaledFirst:
            return try s.node("Mul", [s.node("Mul", [clipped(x, &s), s.scalar(1.0 / 6)]), x])
        case .geluByErf:
            let erf = try s.node("Erf", [s.node("Div", [x, s.scalar(Float(2).squareRoot())])])
            return try s.node("Mul", [s.node("Mul", [x, s.node("Add", [erf, s.scalar(1)])]), s.scalar(0.5)])
        case .geluByErfHalfFirst:
            let erf = try s.node("Erf", [s.node("Mul", [s.scalar(0.70710677), x])])
            return try s.node("Mul", [s.node("Mul", [s.scalar(0.5), x]), s.node("Add", [s.scalar(1), erf])])
        case .geluByTanh:
            let cube = try s.node("Mul", [x, s.node("Mul", [x, s.node("Mul", [s.scalar(0.044715), x])])])
            return try gelu(x, cube, &s)
        case .geluByTanhPower:
            return try gelu(x, s.node("Mul", [s.node("Pow", [x, s.scalar(3)]), s.scalar(0.044715)]), &s)
        }
    }

    private func clipped(_ x: ValueID, _ s: inout GraphSketch) throws -> ValueID {
        try s.node("Clip", [s.node("Add", [x, s.scalar(3)]), s.scalar(0), s.scalar(6)])
    }

    private func gelu(_ x: ValueID, _ cube: ValueID, _ s: inout GraphSketch) throws -> ValueID {
        let argument = try s.node("Mul", [s.scalar(0.7978845608), s.node("Add", [x, cube])])
        let bracket = try s.node("Add", [s.scalar(1), s.node("Tanh", [argument])])
        return try s.node("Mul", [x, s.node("Mul", [s.scalar(0.5), bracket])])
    }
}
