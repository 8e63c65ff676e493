import GraphIR
import Operators
import Tensors
import Testing

@Suite("ConvTranspose")
struct ConvTransposeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var x: [Int]
        var outputs: Int
        var kernel: [Int]
        var stride: [Int]?
        var dilation: [Int]?
        var pads: [Int]?
        var added: [Int]?
        var groups = 1
        var expected: [Int]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "plain", x: [1, 2, 3, 3], outputs: 3, kernel: [3, 3], expected: [1, 3, 5, 5]),
        Case(name: "doubling", x: [2, 5, 7, 9], outputs: 4, kernel: [2, 2], stride: [2, 2], expected: [2, 4, 14, 18]),
        Case(
            name: "stride 2, pads, output padding", x: [1, 3, 5, 6], outputs: 2, kernel: [3, 3], stride: [2, 2],
            pads: [1, 1, 1, 1], added: [1, 0], expected: [1, 2, 10, 11]),
        Case(
            name: "uneven pads", x: [1, 3, 5, 6], outputs: 2, kernel: [3, 4], stride: [3, 2], pads: [2, 0, 1, 3],
            expected: [1, 2, 12, 11]),
        Case(name: "dilation", x: [1, 2, 3, 4], outputs: 2, kernel: [2, 2], dilation: [2, 3], expected: [1, 2, 5, 7]),
        Case(name: "groups", x: [1, 6, 4, 4], outputs: 4, kernel: [3, 3], groups: 2, expected: [1, 4, 6, 6]),
        Case(name: "1D", x: [2, 3, 40], outputs: 2, kernel: [4], stride: [2], pads: [1, 1], expected: [2, 2, 80]),
        Case(name: "3D", x: [1, 2, 2, 3, 3], outputs: 2, kernel: [2, 2, 2], stride: [2, 1, 1], expected: [1, 2, 4, 4, 4]),
        Case(name: "many taps", x: [1, 3, 2, 2], outputs: 1, kernel: [5, 5], expected: [1, 1, 6, 6]),
        Case(name: "empty batch", x: [0, 2, 3, 3], outputs: 1, kernel: [2, 2], expected: [0, 1, 4, 4]),
        Case(name: "no channels in", x: [1, 0, 3, 3], outputs: 2, kernel: [2, 2], expected: [1, 2, 4, 4]),
    ]

    @Test("spreads its input on every level", arguments: cases)
    func spreads(_ item: Case) throws {
        let ones = item.kernel.map { _ in 1 }
        let op = ConvTranspose(
            window: WindowAttributes(strides: item.stride, dilations: item.dilation, pads: item.pads), groups: item.groups,
            outputPadding: item.added)
        let reference = ConvolutionReference(
            kernel: item.kernel, stride: item.stride ?? ones, dilation: item.dilation ?? ones,
            padStart: Array((item.pads ?? ones.map { _ in 0 }).prefix(item.kernel.count)), groups: item.groups)
        let weights = Shape([item.x[1], item.outputs / item.groups] + item.kernel)
        for type in [ElementType.float32, .float64] {
            let make = type == .float32 ? SampleData.floats : SampleData.doubles
            let x = make(Shape(item.x), 1), w = make(weights, 2), b = make([item.outputs], 3)
            var expected = reference.transpose(
                x.numbers, item.x, w.numbers, channels: item.outputs, output: Array(item.expected.dropFirst(2)))
            let plane = item.expected.dropFirst(2).reduce(1, *), bias = b.numbers
            for i in expected.indices { expected[i] += bias[i / plane % item.outputs] }
            for constants: Set<Int> in [[], [1]] {
                for (isa, outputs) in try evaluateOnEveryLevel(op, [x, w, b], constants: constants) {
                    expectClose(outputs[0], expected, shape: item.expected, scale: 20, "\(item.name) \(type) \(isa.name)")
                }
            }
        }
    }

    @Test("takes padding from a wanted output shape and from SAME rules")
    func outputShape() throws {
        let x = Tensor([1, 2, 3] as [Float], shape: [1, 1, 3]), w = Tensor([1, 10, 100] as [Float], shape: [1, 1, 3])
        // Without padding, stride 2 gives 1, 10, 102, 20, 203, 30, 300.
        let cases: [(ConvTranspose, [Float])] = [
            (ConvTranspose(window: WindowAttributes(strides: [2], autoPadding: .sameUpper)), [1, 10, 102, 20, 203, 30]),
            (ConvTranspose(window: WindowAttributes(strides: [2], autoPadding: .sameLower)), [10, 102, 20, 203, 30, 300]),
            (ConvTranspose(window: WindowAttributes(strides: [2]), outputShape: [5]), [10, 102, 20, 203, 30]),
            (ConvTranspose(window: WindowAttributes(strides: [2]), outputShape: [8]), [1, 10, 102, 20, 203, 30, 300, 0]),
        ]
        for (op, expected) in cases { #expect(try evaluate(op, [x, w])[0].values(Float.self) == expected) }
    }

    @Test("refuses what does not fit and says why")
    func refuses() {
        func infer(_ op: ConvTranspose, _ shapes: [[Int]]) throws {
            _ = try op.infer(OperatorInputs(shapes.map { ValueFact(.float32, Shape($0)) }))
        }
        let plain = ConvTranspose(window: WindowAttributes())
        expectRefusal(["input 1", "4 input channels", "3"]) { try infer(plain, [[1, 3, 5], [4, 2, 3]]) }
        expectRefusal(["group", "2", "3"]) {
            try infer(ConvTranspose(window: WindowAttributes(), groups: 2), [[1, 3, 5], [3, 2, 3]])
        }
        expectRefusal(["pads", "20"]) {
            try infer(ConvTranspose(window: WindowAttributes(pads: [10, 10])), [[1, 3, 5], [3, 2, 3]])
        }
        expectRefusal(["output_padding", "2", "1"]) {
            try infer(ConvTranspose(window: WindowAttributes(), outputPadding: [1, 1]), [[1, 3, 5], [3, 2, 3]])
        }
        let far = ConvTranspose(window: WindowAttributes(strides: [1 << 24]))
        expectRefusal(["input 0", "too long"]) { try infer(far, [[1, 1, 1 << 47], [1, 1, 3]]) }
    }
}
