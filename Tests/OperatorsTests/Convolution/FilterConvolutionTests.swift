import GraphIR
import Operators
import Tensors
import Testing

/// Convolutions over channels-last data: packed kernels beside plain sums in float64.
@Suite("FilterConvolution")
struct FilterConvolutionTests {
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        var kind = FilterConvolution.Kind.full
        let x: Shape
        let filter: Shape
        var strides = [1, 1]
        var dilations = [1, 1]
        var padding = AutoPadding.sameUpper
        var description: String { name }

        var op: FilterConvolution {
            FilterConvolution(
                kind: kind, window: WindowAttributes(strides: strides, dilations: dilations, autoPadding: padding), rank: x.rank)
        }
    }

    static let cases = [
        Case(name: "one pixel, one channel", x: [1, 1, 1, 1], filter: [1, 1, 1, 1]),
        Case(name: "pointwise", x: [2, 5, 3, 7], filter: [1, 1, 7, 35]),
        Case(name: "pointwise over 512 channels", x: [1, 2, 2, 512], filter: [1, 1, 512, 33]),
        Case(name: "3 by 3", x: [2, 5, 6, 3], filter: [3, 3, 3, 17]),
        Case(name: "no padding, stride 2", x: [1, 9, 8, 4], filter: [3, 2, 4, 5], strides: [2, 2], padding: .valid),
        Case(name: "dilated", x: [1, 9, 9, 4], filter: [3, 3, 4, 5], dilations: [2, 3]),
        Case(name: "groups", x: [2, 5, 5, 6], filter: [3, 3, 2, 9]),
        Case(name: "tiles of 4 by 4, cut at the edges", x: [2, 11, 10, 32], filter: [3, 3, 32, 40]),
        Case(name: "tiles of 4 by 4 over few channels", x: [1, 10, 13, 13], filter: [3, 3, 13, 33]),
        Case(name: "windows read in place", x: [2, 9, 31, 3], filter: [3, 3, 3, 33], padding: .valid),
        Case(name: "windows read in place, larger steps", x: [2, 9, 31, 5], filter: [2, 4, 5, 16], strides: [2, 3], padding: .valid),
        Case(name: "rows in blocks, each padded", x: [1, 75, 60, 17], filter: [7, 7, 17, 20], strides: [2, 2]),
        Case(name: "rows far apart", x: [2, 21, 15, 7], filter: [3, 3, 7, 9], dilations: [5, 1]),
        Case(name: "one long row", x: [2, 1, 200, 12], filter: [1, 39, 12, 24]),
        Case(name: "windows a page apart", x: [1, 5, 6, 256], filter: [2, 2, 256, 9], strides: [2, 2], padding: .valid),
        Case(name: "three axes", x: [1, 3, 4, 5, 2], filter: [2, 3, 2, 2, 3], strides: [1, 1, 1], dilations: [1, 1, 1]),
        Case(name: "depthwise 3 by 3", kind: .depthwise, x: [2, 5, 9, 19], filter: [3, 3, 19, 1]),
        Case(name: "depthwise 5 by 5, stride 2", kind: .depthwise, x: [1, 9, 11, 33], filter: [5, 5, 33, 1], strides: [2, 2]),
        Case(name: "depthwise, dilated", kind: .depthwise, x: [1, 8, 8, 5], filter: [3, 2, 5, 1], dilations: [2, 2]),
        Case(name: "depthwise, several for each", kind: .depthwise, x: [1, 5, 4, 3], filter: [3, 3, 3, 2]),
        Case(name: "no images", x: [0, 5, 4, 3], filter: [3, 3, 3, 2]),
    ]

    @Test("every level agrees with plain sums", arguments: cases)
    func agrees(_ test: Case) throws {
        let expected = try evaluate(test.op, [SampleData.doubles(test.x), SampleData.doubles(test.filter, seed: 2)])[0]
        let scale = Double(test.filter.elementCount / max(test.filter.extents.last ?? 1, 1)) + 8
        for constants in [[], [1]] as [Set<Int>] {
            let inputs = [SampleData.floats(test.x), SampleData.floats(test.filter, seed: 2)]
            for (isa, outputs) in try evaluateOnEveryLevel(test.op, inputs, constants: constants) {
                expectClose(outputs[0], expected.numbers, shape: expected.shape.extents, scale: scale, "\(isa) \(test.name)")
            }
        }
    }

    @Test("bias, residual and activation come after the sums")
    func epilogue() throws {
        for kind in [FilterConvolution.Kind.full, .depthwise] {
            var op = FilterConvolution(kind: kind, window: WindowAttributes(autoPadding: .sameUpper))
            let x = SampleData.floats([2, 5, 6, 4], seed: 3), filter = SampleData.floats([3, 3, 4, kind == .full ? 4 : 1], seed: 4)
            let bias = SampleData.floats([4], seed: 5), residual = SampleData.floats([2, 5, 6, 4], seed: 6)
            let plain = try evaluate(op, [x, filter])[0].numbers
            op.activation = .clip(low: -0.5, high: 0.75)
            let sums = plain.indices.map { plain[$0] + bias.numbers[$0 % 4] + residual.numbers[$0] }
            for (_, outputs) in try evaluateOnEveryLevel(op, [x, filter, bias, residual], constants: [1, 2]) {
                expectClose(outputs[0], sums.map { min(max($0, -0.5), 0.75) }, shape: [2, 5, 6, 4], scale: 20)
            }
        }
    }

    static let refusals: [(words: [String], x: Shape, filter: Shape)] = [
        (["3 channels deep", "4"], [1, 5, 5, 4], [3, 3, 3, 2]), (["output channels", "groups"], [1, 5, 5, 4], [3, 3, 2, 3]),
        (["3 axes"], [5, 5, 4], [3, 3, 4, 2]), (["smaller than a window"], [1, 2, 2, 4], [3, 3, 4, 2]),
    ]

    @Test("refuses filters that do not fit", arguments: refusals.indices)
    func refuses(_ index: Int) {
        let (words, x, filter) = Self.refusals[index]
        expectRefusal(words) {
            let op = FilterConvolution(window: WindowAttributes(autoPadding: .valid))
            _ = try evaluate(op, [SampleData.floats(x), SampleData.floats(filter)])
        }
    }

    private func named(_ name: String, _ attributes: [String: Attribute], inputs: Int = 2) throws -> any Operator {
        try makeOperator(name, in: ConvolutionOperators.spellings, dialect: .tensorFlow, inputs: inputs, attributes: attributes)
    }

    @Test("channels first gives what channels last gives")
    func layouts() throws {
        let attributes: [String: Attribute] = ["strides": .integers([1, 2, 1, 1]), "padding": .string("SAME")]
        let first: [String: Attribute] = [
            "strides": .integers([1, 1, 2, 1]), "padding": .string("SAME"), "data_format": .string("NCHW"),
        ]
        let x = SampleData.floats([2, 5, 4, 3]), filter = SampleData.floats([3, 3, 3, 2], seed: 2)
        var transposed = [Float](repeating: 0, count: x.elementCount)
        for (place, value) in x.numbers.enumerated() {
            let image = place / 60, pixel = place / 3 % 20, channel = place % 3
            transposed[image * 60 + channel * 20 + pixel] = Float(value)
        }
        let last = try evaluate(try named("Conv2D", attributes), [x, filter])[0]
        let other = try evaluate(try named("Conv2D", first), [Tensor(transposed, shape: [2, 3, 5, 4]), filter])[0]
        #expect(other.shape == [2, 2, 3, 4])
        for (place, value) in last.numbers.enumerated() {
            let image = place / 24, pixel = place / 2 % 12, channel = place % 2
            #expect(abs(other.numbers[image * 24 + channel * 12 + pixel] - value) < 1e-5)
        }
    }

    @Test("the gradient for data is what the convolution's sums say")
    func dataGradient() throws {
        let op = try named(
            "Conv2DBackpropInput", ["strides": .integers([1, 2, 2, 1]), "padding": .string("SAME")], inputs: 3)
        let sizes = Tensor([1, 5, 4, 2] as [Int32], shape: [4])
        let filter = SampleData.floats([3, 3, 2, 3], seed: 2), gradient = SampleData.floats([1, 3, 2, 3], seed: 3)
        let wide = [SampleData.doubles([3, 3, 2, 3], seed: 2), SampleData.doubles([1, 3, 2, 3], seed: 3)]
        let expected = try evaluate(op, [sizes] + wide)[0]
        for (_, outputs) in try evaluateOnEveryLevel(op, [sizes, filter, gradient]) {
            expectClose(outputs[0], expected.numbers, shape: [1, 5, 4, 2], scale: 30)
        }
        expectRefusal(["input 2", "expected"]) {
            _ = try evaluate(op, [Tensor([1, 9, 9, 2] as [Int32], shape: [4]), filter, gradient])
        }
    }

    @Test("refuses attributes that name no window")
    func attributes() {
        for (attributes, word) in [
            (["padding": .string("SAME")], "strides"), (["strides": .integers([1, 1, 1]), "padding": .string("SAME")], "4"),
            (["strides": .integers([2, 1, 1, 1]), "padding": .string("SAME")], "not supported"),
            (["strides": .integers([1, 1, 1, 1]), "padding": .string("EXPLICIT")], "explicit_paddings"),
            (["strides": .integers([1, 1, 1, 1]), "padding": .string("HALF")], "HALF"),
            (["strides": .integers([1, 0, 1, 1]), "padding": .string("SAME")], "0"),
        ] as [([String: Attribute], String)] {
            expectRefusal([word]) { _ = try named("Conv2D", attributes) }
        }
    }
}
