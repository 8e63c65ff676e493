import GraphIR
import Operators
import Tensors
import Testing

/// What passes make of quantized graphs, and that the results stay within one quantum of real arithmetic's.
@Suite("Fusions of quantized graphs")
struct QuantizedFusionTests {
    /// A graph whose data are quantized on the way in and out.
    struct Drawing {
        var sketch = GraphSketch()
        var seed: UInt64 = 3

        mutating func op(
            _ name: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], version: Int = 21, domain: String = ""
        ) throws -> ValueID {
            let node = SourceNode(
                name: "node", domain: domain, operatorName: name, version: version,
                inputs: inputs.map { $0 == nil ? "" : "in" }, outputs: ["out"], attributes: attributes)
            let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx), "\(name)")
            return try sketch.node(spelling.make(AttributeReader(node)), inputs)
        }

        private mutating func parameters(_ scale: Float, _ zero: Int, isSigned: Bool) -> [ValueID] {
            [sketch.scalar(scale), sketch.constant(isSigned ? Tensor(scalar: Int8(zero)) : Tensor(scalar: UInt8(zero)))]
        }

        mutating func quantized(_ value: ValueID, _ scale: Float, _ zero: Int, isSigned: Bool = false) throws -> ValueID {
            try op("QuantizeLinear", [value] + parameters(scale, zero, isSigned: isSigned))
        }

        mutating func real(_ integers: ValueID, _ scale: Float, _ zero: Int, isSigned: Bool = false) throws -> ValueID {
            try op("DequantizeLinear", [integers] + parameters(scale, zero, isSigned: isSigned))
        }

        /// Q, then D.
        mutating func coarse(_ value: ValueID, _ scale: Float, _ zero: Int, isSigned: Bool = false) throws -> ValueID {
            try real(quantized(value, scale, zero, isSigned: isSigned), scale, zero, isSigned: isSigned)
        }

        /// Constant weights of int8, dequantized with a scale for each position of `axis`, or one.
        mutating func weights(_ shape: Shape, axis: Int? = nil) throws -> ValueID {
            seed += 1
            let integers = Tensor(SampleData.values(shape.elementCount, seed: seed).map { Int8(($0 * 120).rounded()) }, shape: shape)
            guard let axis else { return try real(sketch.constant(integers), 0.01, 3, isSigned: true) }
            let scales = (0..<shape[axis]).map { 0.004 + 0.001 * Float($0) }
            let zeros = sketch.constant(Tensor([Int8](repeating: 0, count: shape[axis]), shape: [shape[axis]]))
            return try op("DequantizeLinear", [sketch.constant(integers), sketch.constant(scales), zeros], ["axis": .integer(Int64(axis))])
        }

        /// Fuses a copy; compares its operators with `expected` and its results with those before, whose last step is a quantization.
        func check(
            _ input: Tensor, becomes expected: [String], quanta: Double = 1, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            var fused = sketch
            try fused.fuse(by: StandardOperators.passes)
            #expect(fused.operators == expected, sourceLocation: sourceLocation)
            for (before, after) in zip(try sketch.run([input]), try fused.run([input])) {
                #expect(after.shape == before.shape && after.elementType == before.elementType, sourceLocation: sourceLocation)
                let worst = zip(before.numbers, after.numbers).map { abs($0 - $1) }.max() ?? 0
                #expect(worst <= quanta, "\(worst) quanta apart", sourceLocation: sourceLocation)
                #expect(Set(before.numbers).count > 2, "nothing to see", sourceLocation: sourceLocation)
            }
        }
    }

    static let image = SampleData.floats([2, 3, 6, 15], seed: 9)
    private let imageType: [Dimension] = [.symbol("batch"), .known(3), .known(6), .known(15)]

    @Test("a convolution becomes one of integers, channels last", arguments: [nil, "Relu", "Clip"], [false, true])
    func convolution(_ activation: String?, _ isDepthwise: Bool) throws {
        for isSigned in [false, true] {
            for bias in ["none", "integers", "numbers"] {
                var draw = Drawing()
                let zero = isSigned ? -3 : 120
                let input = draw.sketch.input(imageType)
                let x = try draw.coarse(input, 0.0078125, zero, isSigned: isSigned)
                let groups = isDepthwise ? 3 : 1, outputs = isDepthwise ? 3 : 5
                var inputs = [x, try draw.weights([outputs, isDepthwise ? 1 : 3, 3, 3], axis: 0)]
                if bias == "numbers" { inputs.append(draw.sketch.constant((0..<outputs).map { Float($0) * 0.1 - 0.2 })) }
                if bias == "integers" {
                    let integers = draw.sketch.constant(Tensor((0..<outputs).map { Int32($0 * 900 - 1800) }, shape: [outputs]))
                    let scales = draw.sketch.constant((0..<outputs).map { 0.0078125 * (0.004 + 0.001 * Float($0)) })
                    inputs.append(try draw.op("DequantizeLinear", [integers, scales, nil], ["axis": .integer(0)]))
                }
                var y = try draw.op("Conv", inputs, ["pads": .integers([1, 1, 1, 1]), "group": .integer(Int64(groups))])
                if activation == "Relu" { y = try draw.op("Relu", [y]) }
                if activation == "Clip" { y = try draw.op("Clip", [y, draw.sketch.scalar(-0.2), draw.sketch.scalar(0.9)]) }
                draw.sketch.graph.outputs = [try draw.quantized(y, 0.02, isSigned ? 2 : 100, isSigned: isSigned)]
                try draw.check(Self.image, becomes: ["QuantizeLinear", "Transpose", "QLinearConv", "Transpose"])
            }
        }
    }

    @Test("a residual block stays with its channels last from end to end")
    func residualBlock() throws {
        var draw = Drawing()
        let x = try draw.coarse(draw.sketch.input(imageType), 0.0078125, 128)
        func convolve(_ value: ValueID, _ channels: Int, _ draw: inout Drawing) throws -> ValueID {
            try draw.op("Conv", [value, draw.weights([4, channels, 3, 3], axis: 0)], ["pads": .integers([1, 1, 1, 1])])
        }
        let first = try draw.coarse(draw.op("Relu", [convolve(x, 3, &draw)]), 0.01, 0)
        let second = try draw.coarse(convolve(first, 4, &draw), 0.05, 110)
        let sum = try draw.coarse(draw.op("Relu", [draw.op("Add", [second, first])]), 0.03, 0)
        let pooled = try draw.coarse(draw.op("MaxPool", [sum], ["kernel_shape": .integers([2, 2])]), 0.03, 0)
        let mean = try draw.coarse(draw.op("GlobalAveragePool", [pooled]), 0.02, 0)
        let flat = try draw.coarse(draw.op("Flatten", [mean]), 0.02, 0)
        let dense = try draw.op("Gemm", [flat, draw.weights([7, 4], axis: 0), nil], ["transB": .integer(1)])
        draw.sketch.graph.outputs = [try draw.quantized(dense, 0.02, 60)]
        try draw.check(
            Self.image,
            becomes: [
                "QuantizeLinear", "Transpose", "QLinearConv", "QLinearConv", "MaxPool", "QLinearGlobalAveragePool",
                "Transpose", "Flatten", "QGemm",
            ], quanta: 3)
    }

    @Test("a normalization by statistics becomes a convolution of each channel by itself")
    func normalization() throws {
        for isSigned in [false, true] {
            var draw = Drawing()
            let x = try draw.coarse(
                draw.sketch.input(imageType), 0.0078125, isSigned ? -5 : 120, isSigned: isSigned)
            let parameters = [[1, -2, 0.5], [0.1, -0.3, 2], [0.2, 0, -0.1], [1, 0.3, 4]].map { draw.sketch.constant($0) }
            let y = try draw.op("BatchNormalization", [x] + parameters)
            draw.sketch.graph.outputs = [try draw.quantized(y, 0.03, isSigned ? 2 : 100, isSigned: isSigned)]
            try draw.check(Self.image, becomes: ["QuantizeLinear", "Transpose", "QLinearConv", "Transpose"])
        }
    }

    @Test("products become products of integers, quantized or real")
    func products() throws {
        for (isQuantized, expected) in [(true, "QLinearMatMul"), (false, "MatMulIntegerToFloat")] {
            for axis in [nil, 1] {
                var draw = Drawing()
                let x = try draw.coarse(draw.sketch.input([.symbol("batch"), .known(2), .known(6)]), 0.0078125, 100)
                let y = try draw.op("MatMul", [x, draw.weights([6, 4], axis: axis)])
                let result = try isQuantized ? draw.quantized(y, 0.02, 90) : y
                draw.sketch.graph.outputs = [result]
                try draw.check(
                    SampleData.floats([3, 2, 6], seed: 5), becomes: ["QuantizeLinear", expected], quanta: isQuantized ? 1 : 1e-5)
            }
        }
    }

    static let functions: [(name: String, becomes: String, attributes: [String: Attribute])] = [
        ("Relu", "ByteFunction", [:]), ("Sigmoid", "ByteFunction", [:]), ("HardSwish", "ByteFunction", [:]),
        ("Tanh", "ByteFunction", [:]), ("Abs", "ByteFunction", [:]),
        ("LeakyRelu", "ByteFunction", ["alpha": .float(0.3)]), ("Softmax", "QLinearSoftmax", ["axis": .integer(-1)]),
        ("AveragePool", "QLinearAveragePool", ["kernel_shape": .integers([2, 3]), "pads": .integers([0, 1, 0, 1])]),
        ("GlobalAveragePool", "QLinearGlobalAveragePool", [:]),
    ]

    @Test("functions of one tensor become functions of integers", arguments: functions.indices)
    func function(_ index: Int) throws {
        let function = Self.functions[index]
        for isSigned in [false, true] {
            var draw = Drawing()
            let x = try draw.coarse(draw.sketch.input(imageType), 0.0078125, isSigned ? -5 : 120, isSigned: isSigned)
            let y = try draw.op(function.name, [x], function.attributes)
            draw.sketch.graph.outputs = [try draw.quantized(y, 0.004, isSigned ? -20 : 30, isSigned: isSigned)]
            try draw.check(Self.image, becomes: ["QuantizeLinear", function.becomes])
        }
    }

    @Test("sums, products and concatenations of two tensors become those of integers")
    func pairs() throws {
        for (name, becomes) in [("Add", "QLinearAdd"), ("Mul", "QLinearMul"), ("Concat", "QLinearConcat")] {
            var draw = Drawing()
            let input = draw.sketch.input(imageType)
            let a = try draw.coarse(input, 0.0078125, 120), b = try draw.coarse(draw.op("Neg", [input]), 0.009, 100)
            let y = try draw.op(name, [a, b], name == "Concat" ? ["axis": .integer(1)] : [:])
            draw.sketch.graph.outputs = [try draw.quantized(y, 0.015, 99)]
            try draw.check(Self.image, becomes: ["QuantizeLinear", "Neg", "QuantizeLinear", becomes])
        }
    }

    @Test("quantization moves over what only moves elements, and goes where both sides quantize alike")
    func moves() throws {
        var draw = Drawing()
        let x = try draw.coarse(draw.sketch.input(imageType), 0.0078125, 120)
        let moved = try draw.coarse(draw.op("Transpose", [x], ["perm": .integers([0, 3, 1, 2])]), 0.0078125, 120)
        let shape = draw.sketch.constant(Tensor([0, -1] as [Int64], shape: [2]))
        let flat = try draw.op("Reshape", [moved, shape])
        draw.sketch.graph.outputs = [try draw.quantized(draw.op("Tanh", [flat]), 0.01, 100)]
        try draw.check(Self.image, becomes: ["QuantizeLinear", "Transpose", "Reshape", "ByteFunction"], quanta: 1)
    }

    @Test("what does not fit stays as it is")
    func stays() throws {
        var draw = Drawing()
        let x = try draw.coarse(draw.sketch.input(imageType), 0.0078125, 120)
        // A sum with real numbers, and a bias in other units than those of the sums.
        let sum = try draw.op("Add", [x, draw.sketch.constant([1, 2, 3], [3, 1, 1])])
        let integers = draw.sketch.constant(Tensor([8, -8] as [Int32], shape: [2]))
        let bias = try draw.op("DequantizeLinear", [integers, draw.sketch.scalar(0.5), nil])
        let y = try draw.op("Conv", [x, draw.weights([2, 3, 1, 1]), bias])
        draw.sketch.graph.outputs = [try draw.quantized(sum, 0.02, 9), try draw.quantized(y, 0.05, 128)]
        try draw.check(
            Self.image,
            becomes: [
                "QuantizeLinear", "DequantizeLinear", "Add", "DequantizeLinear", "DequantizeLinear", "Conv", "QuantizeLinear",
                "QuantizeLinear",
            ])
    }

    @Test("products of dynamic quantization give real numbers in one step, several of one quantization")
    func dynamic() throws {
        var draw = Drawing()
        let x = draw.sketch.input([.symbol("batch"), .known(2), .known(6)])
        let integers = try draw.quantized(x, 0.0078125, 120)
        let scale = draw.sketch.scalar(0.0078125), zero = draw.sketch.constant(Tensor(scalar: UInt8(120)))
        for hasBias in [true, false] {
            let weights = draw.sketch.constant(
                Tensor(SampleData.values(24, seed: 4).map { Int8(($0 * 120).rounded()) }, shape: [6, 4]))
            let weightsZero = draw.sketch.constant(Tensor(scalar: Int8(2)))
            let product = try draw.op("MatMulInteger", [integers, weights, zero, weightsZero])
            let cast = try draw.op("Cast", [product], ["to": .integer(1)])
            let scales = try draw.op("Mul", [scale, draw.sketch.constant([0.01, 0.02, 0.03, 0.04])])
            var y = try draw.op("Mul", [cast, scales])
            if hasBias { y = try draw.op("Add", [draw.sketch.constant([1, -1, 2, -2]), y]) }
            draw.sketch.graph.outputs.append(y)
        }
        try draw.check(
            SampleData.floats([3, 2, 6], seed: 5), becomes: ["QuantizeLinear", "MatMulIntegerToFloat", "MatMulIntegerToFloat"],
            quanta: 1e-5)
    }
}
