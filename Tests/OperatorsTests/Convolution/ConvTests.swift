import GraphIR
import Operators
import Tensors
import Testing

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
    var name: String
    var x: [Int]
    var outputs: Int
    var kernel: [Int]
    var stride: [Int]?
    var dilation: [Int]?
    var pads: [Int]?
    var groups = 1
    /// Computed by hand or by the formula of the operator's text.
    var expected: [Int]

    var testDescription: String { name }
    var axes: Int { kernel.count }
    var weights: [Int] { [outputs, x[1] / groups] + kernel }

    var op: Conv {
        Conv(window: WindowAttributes(strides: stride, dilations: dilation, pads: pads), groups: groups)
    }

    var reference: ConvolutionReference {
        let ones = [Int](repeating: 1, count: axes)
        return ConvolutionReference(
            kernel: kernel, stride: stride ?? ones, dilation: dilation ?? ones,
            padStart: Array((pads ?? [Int](repeating: 0, count: axes)).prefix(axes)), groups: groups)
    }
}

@Suite("Conv")
struct ConvTests {
    static let cases = [
        ConvolutionCase(name: "3×3", x: [2, 3, 7, 9], outputs: 5, kernel: [3, 3], expected: [2, 5, 5, 7]),
        ConvolutionCase(
            name: "3×3 padded", x: [1, 8, 8, 8], outputs: 16, kernel: [3, 3], pads: [1, 1, 1, 1], expected: [1, 16, 8, 8]),
        ConvolutionCase(
            name: "one channel in", x: [2, 1, 8, 8], outputs: 16, kernel: [3, 3], pads: [1, 1, 1, 1], expected: [2, 16, 8, 8]),
        ConvolutionCase(
            name: "stride 2", x: [1, 3, 11, 13], outputs: 4, kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1],
            expected: [1, 4, 6, 7]),
        ConvolutionCase(
            name: "uneven stride, dilation and pads", x: [1, 2, 13, 17], outputs: 3, kernel: [2, 3], stride: [3, 2],
            dilation: [2, 4], pads: [0, 3, 2, 1], expected: [1, 3, 5, 7]),
        ConvolutionCase(name: "pointwise", x: [2, 9, 5, 7], outputs: 20, kernel: [1, 1], expected: [2, 20, 5, 7]),
        ConvolutionCase(
            name: "pointwise over whole panels", x: [1, 5, 8, 8], outputs: 15, kernel: [1, 1], expected: [1, 15, 8, 8]),
        ConvolutionCase(
            name: "pointwise over conflicting rows", x: [1, 5, 16, 32], outputs: 33, kernel: [1, 1], expected: [1, 33, 16, 32]),
        ConvolutionCase(
            name: "pointwise with stride", x: [1, 5, 7, 7], outputs: 6, kernel: [1, 1], stride: [2, 2], expected: [1, 6, 4, 4]),
        ConvolutionCase(
            name: "pointwise with pads", x: [1, 5, 3, 3], outputs: 6, kernel: [1, 1], pads: [1, 0, 0, 2], expected: [1, 6, 4, 5]),
        ConvolutionCase(
            name: "many channels in slices", x: [1, 70, 5, 6], outputs: 17, kernel: [3, 3], pads: [1, 1, 1, 1],
            expected: [1, 17, 5, 6]),
        ConvolutionCase(name: "pointwise in slices", x: [1, 515, 3, 5], outputs: 4, kernel: [1, 1], expected: [1, 4, 3, 5]),
        ConvolutionCase(
            name: "many outputs in blocks", x: [1, 3, 40, 45], outputs: 3, kernel: [5, 5], pads: [2, 2, 2, 2],
            expected: [1, 3, 40, 45]),
        ConvolutionCase(name: "groups", x: [2, 6, 6, 5], outputs: 9, kernel: [3, 2], groups: 3, expected: [2, 9, 4, 4]),
        ConvolutionCase(
            name: "groups of one output", x: [1, 6, 6, 5], outputs: 2, kernel: [3, 3], groups: 2, expected: [1, 2, 4, 3]),
        ConvolutionCase(
            name: "depthwise 3×3", x: [2, 5, 9, 19], outputs: 5, kernel: [3, 3], pads: [1, 1, 1, 1], groups: 5,
            expected: [2, 5, 9, 19]),
        ConvolutionCase(
            name: "depthwise 3×3 stride 2", x: [1, 4, 10, 37], outputs: 4, kernel: [3, 3], stride: [2, 2], pads: [0, 0, 1, 1],
            groups: 4, expected: [1, 4, 5, 18]),
        ConvolutionCase(
            name: "depthwise 5×5", x: [1, 3, 7, 16], outputs: 3, kernel: [5, 5], pads: [2, 2, 2, 2], groups: 3,
            expected: [1, 3, 7, 16]),
        ConvolutionCase(
            name: "depthwise in bands", x: [1, 2, 150, 170], outputs: 2, kernel: [3, 3], pads: [1, 1, 1, 1], groups: 2,
            expected: [1, 2, 150, 170]),
        ConvolutionCase(
            name: "depthwise with multiplier, stride 3, dilation 2", x: [1, 3, 12, 20], outputs: 6, kernel: [2, 3],
            stride: [2, 3], dilation: [3, 2], pads: [1, 2, 0, 1], groups: 3, expected: [1, 6, 5, 7]),
        ConvolutionCase(
            name: "depthwise 1D", x: [2, 4, 33], outputs: 4, kernel: [7], pads: [3, 3], groups: 4, expected: [2, 4, 33]),
        ConvolutionCase(
            name: "depthwise 3D", x: [1, 3, 4, 5, 6], outputs: 3, kernel: [2, 3, 3], pads: [0, 1, 1, 1, 1, 1], groups: 3,
            expected: [1, 3, 4, 5, 6]),
        ConvolutionCase(name: "1D", x: [2, 3, 31], outputs: 4, kernel: [5], stride: [2], pads: [2, 1], expected: [2, 4, 15]),
        ConvolutionCase(name: "1D long kernel", x: [1, 1, 900], outputs: 3, kernel: [400], stride: [7], expected: [1, 3, 72]),
        ConvolutionCase(
            name: "3D", x: [1, 2, 5, 6, 7], outputs: 3, kernel: [3, 2, 3], stride: [2, 1, 1], dilation: [1, 2, 1],
            pads: [1, 0, 1, 1, 1, 1], expected: [1, 3, 3, 5, 7]),
        ConvolutionCase(
            name: "window larger than the input", x: [1, 2, 2, 2], outputs: 2, kernel: [5, 5], pads: [2, 2, 2, 2],
            expected: [1, 2, 2, 2]),
        ConvolutionCase(name: "window as large as the input", x: [3, 4, 3, 5], outputs: 7, kernel: [3, 5], expected: [3, 7, 1, 1]),
        ConvolutionCase(name: "one element", x: [2, 33, 1, 1], outputs: 18, kernel: [1, 1], expected: [2, 18, 1, 1]),
        ConvolutionCase(
            name: "depthwise rows in blocks", x: [1, 2, 10, 35], outputs: 2, kernel: [3, 3], dilation: [2, 1], pads: [2, 1, 2, 1],
            groups: 2, expected: [1, 2, 10, 35]),
        ConvolutionCase(
            name: "depthwise stride like dilation", x: [1, 2, 17, 9], outputs: 2, kernel: [3, 3], stride: [2, 2], dilation: [2, 2],
            groups: 2, expected: [1, 2, 7, 3]),
        ConvolutionCase(
            name: "wide padding", x: [1, 1, 2, 2], outputs: 1, kernel: [1, 1], pads: [3, 3, 3, 3], expected: [1, 1, 8, 8]),
        ConvolutionCase(name: "empty batch", x: [0, 3, 5, 5], outputs: 2, kernel: [3, 3], expected: [0, 2, 3, 3]),
        ConvolutionCase(name: "no channels in", x: [1, 0, 5, 5], outputs: 2, kernel: [3, 3], expected: [1, 2, 3, 3]),
        ConvolutionCase(name: "no channels out", x: [1, 2, 5, 5], outputs: 0, kernel: [3, 3], expected: [1, 0, 3, 3]),
        ConvolutionCase(name: "empty input axis", x: [1, 2, 0, 5], outputs: 2, kernel: [3, 3], expected: [1, 2, 0, 3]),
    ]

    private func check(_ item: ConvolutionCase, activation: FusedActivation? = nil, residual: Bool = false, constants: Set<Int>)
        throws
    {
        let x = SampleData.floats(Shape(item.x), seed: 1), w = SampleData.floats(Shape(item.weights), seed: 2)
        let b = SampleData.floats([item.outputs], seed: 3), r = residual ? SampleData.floats(Shape(item.expected), seed: 4) : nil
        var expected = item.reference.convolve(
            x.numbers, item.x, w.numbers, channels: item.outputs, output: Array(item.expected.dropFirst(2)))
        let plane = item.expected.dropFirst(2).reduce(1, *), bias = b.numbers, rest = r?.numbers
        for i in expected.indices {
            expected[i] += bias[i / plane % item.outputs] + (rest?[i] ?? 0)
            expected[i] = activation.map { $0.reference(expected[i]) } ?? expected[i]
        }
        var op = item.op
        op.activation = activation
        let inputs = r.map { [x, w, b, $0] } ?? [x, w, b]
        let scale = Double(item.weights.dropFirst().reduce(1, *)) / 8
        for (isa, outputs) in try evaluateOnEveryLevel(op, inputs, constants: constants) {
            expectClose(outputs[0], expected, shape: item.expected, scale: scale, "\(item.name) \(isa.name)")
        }
    }

    @Test("convolves on every level", arguments: cases)
    func convolves(_ item: ConvolutionCase) throws { try check(item, constants: [1, 2]) }

    @Test("convolves with weights that come at run time", arguments: cases.filter { $0.x[0] < 2 && $0.x.count < 5 })
    func dynamicWeights(_ item: ConvolutionCase) throws { try check(item, constants: []) }

    @Test("adds a residual and applies an activation before it stores", arguments: cases)
    func fused(_ item: ConvolutionCase) throws {
        for activation in [FusedActivation.relu, .hardSwish] {
            try check(item, activation: activation, residual: true, constants: [1, 2])
        }
    }

    @Test("applies every activation", arguments: FusedActivation.samples)
    func activations(_ activation: FusedActivation) throws {
        for name in ["3×3", "many channels in slices", "depthwise 3×3", "pointwise"] {
            let item = try #require(Self.cases.first { $0.name == name })
            try check(item, activation: activation, constants: [1, 2])
        }
    }

    @Test("convolves float64", arguments: cases)
    func doubles(_ item: ConvolutionCase) throws {
        let x = SampleData.doubles(Shape(item.x), seed: 1), w = SampleData.doubles(Shape(item.weights), seed: 2)
        let expected = item.reference.convolve(
            x.numbers, item.x, w.numbers, channels: item.outputs, output: Array(item.expected.dropFirst(2)))
        expectClose(try evaluate(item.op, [x, w])[0], expected, shape: item.expected, scale: 1000, item.name)
    }

    @Test("pads by rule: SAME_UPPER at the end, SAME_LOWER at the start, VALID not at all")
    func autoPadding() throws {
        let x = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4]), w = Tensor([1, 10] as [Float], shape: [1, 1, 2])
        let expected: [(AutoPadding, [Float])] = [
            (.sameUpper, [21, 32, 43, 4]), (.sameLower, [10, 21, 32, 43]), (.valid, [21, 32, 43]),
        ]
        for (rule, values) in expected {
            let op = Conv(window: WindowAttributes(autoPadding: rule))
            #expect(try evaluate(op, [x, w])[0].values(Float.self) == values)
        }
        let strided = Conv(window: WindowAttributes(strides: [3], autoPadding: .sameUpper))
        #expect(try evaluate(strided, [x, w])[0].values(Float.self) == [21, 4])
    }

    @Test("keeps a symbolic extent that the window does not change")
    func symbols() throws {
        let x = ValueFact(.float32, SymbolicShape([.symbol("n"), .known(3), .symbol("h"), .symbol("w")]))
        let w = ValueFact(.float32, [8, 3, 3, 1])
        let op = Conv(window: WindowAttributes(strides: [1, 2], pads: [1, 0, 1, 0]))
        #expect(
            try op.infer(OperatorInputs([x, w]))[0].shape == SymbolicShape([.symbol("n"), .known(8), .symbol("h"), .unknown]))
    }

    @Test("refuses what does not fit and says why")
    func refuses() {
        func infer(_ op: Conv, _ shapes: [[Int]], _ type: ElementType = .float32) throws {
            _ = try op.infer(OperatorInputs(shapes.map { ValueFact(type, Shape($0)) }))
        }
        expectRefusal(["input 1", "3 input channels", "input 0 has 1"]) { try infer(Conv(), [[1, 1, 8, 8], [4, 3, 3, 3]]) }
        expectRefusal(["input 0", "2 axes"]) { try infer(Conv(), [[1, 8], [4, 8]]) }
        expectRefusal(["input 0", "6 axes"]) { try infer(Conv(), [[1, 1, 2, 2, 2, 2], [1, 1, 1, 1, 1, 1]]) }
        expectRefusal(["input 1", "3 axes", "4"]) { try infer(Conv(), [[1, 1, 8, 8], [4, 1, 3]]) }
        expectRefusal(["input 2", "3 values", "4"]) { try infer(Conv(), [[1, 1, 8, 8], [4, 1, 3, 3], [3]]) }
        expectRefusal(["group", "3", "4"]) { try infer(Conv(groups: 3), [[1, 3, 8, 8], [4, 1, 3, 3]]) }
        expectRefusal(["input 0", "axis of 2", "5"]) { try infer(Conv(), [[1, 1, 2, 8], [4, 1, 5, 3]]) }
        expectRefusal(["input 1", "kernel axis of 0"]) { try infer(Conv(), [[1, 1, 8, 8], [4, 1, 0, 3]]) }
        expectRefusal(["strides", "1", "2"]) {
            try infer(Conv(window: WindowAttributes(strides: [2])), [[1, 1, 8, 8], [4, 1, 3, 3]])
        }
        expectRefusal(["kernel_shape", "[2, 2]"]) {
            try infer(Conv(window: WindowAttributes(kernel: [2, 2])), [[1, 1, 8, 8], [4, 1, 3, 3]])
        }
        expectRefusal(["int8"]) { try infer(Conv(), [[1, 1, 8, 8], [4, 1, 3, 3]], .int8) }
    }

    @Test("refuses attributes out of range")
    func refusesAttributes() {
        func read(_ attributes: [String: Attribute]) throws {
            _ = try Conv(
                AttributeReader(
                    SourceNode(
                        name: "c", operatorName: "Conv", version: 11, inputs: ["x", "w"], outputs: ["y"], attributes: attributes))
            )
        }
        expectRefusal(["strides", "0"]) { try read(["strides": .integers([1, 0])]) }
        expectRefusal(["pads", "-1"]) { try read(["pads": .integers([-1, 0])]) }
        expectRefusal(["dilations", "\(Int64.max)"]) { try read(["dilations": .integers([.max])]) }
        expectRefusal(["group", "0"]) { try read(["group": .integer(0)]) }
        expectRefusal(["auto_pad", "SAME", "SAME_UPPER"]) { try read(["auto_pad": .string("SAME")]) }
    }
}
