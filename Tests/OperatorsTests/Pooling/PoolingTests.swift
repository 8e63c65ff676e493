import GraphIR
import Operators
import Tensors
import Testing

struct PoolingCase: Sendable, CustomTestStringConvertible {
    var name: String
    var x: [Int]
    var kernel: [Int]
    var stride: [Int]?
    var dilation: [Int]?
    var pads: [Int]?
    var roundsUp = false
    var expected: [Int]

    var testDescription: String { name }

    var attributes: PoolingAttributes {
        PoolingAttributes(
            window: WindowAttributes(kernel: kernel, strides: stride, dilations: dilation, pads: pads), roundsUp: roundsUp)
    }

    var windows: [(offsets: [Int], padded: Int)] {
        let ones = kernel.map { _ in 1 }, pads = pads ?? (kernel + kernel).map { _ in 0 }
        let reference = PoolingReference(
            kernel: kernel, stride: stride ?? ones, dilation: dilation ?? ones,
            padStart: Array(pads.prefix(kernel.count)), padEnd: Array(pads.suffix(kernel.count)))
        return reference.windows(x, output: Array(expected.dropFirst(2)))
    }

    static let all = [
        PoolingCase(name: "2×2 stride 2", x: [2, 3, 8, 8], kernel: [2, 2], stride: [2, 2], expected: [2, 3, 4, 4]),
        PoolingCase(
            name: "3×3 stride 2 padded", x: [1, 2, 15, 37], kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1],
            expected: [1, 2, 8, 19]),
        PoolingCase(
            name: "3×3 stride 1 padded", x: [1, 2, 5, 33], kernel: [3, 3], pads: [1, 1, 1, 1], expected: [1, 2, 5, 33]),
        PoolingCase(
            name: "rounded up", x: [1, 2, 6, 7], kernel: [3, 3], stride: [2, 2], roundsUp: true, expected: [1, 2, 3, 3]),
        PoolingCase(
            name: "rounded up, last window only in padding", x: [1, 1, 5, 5], kernel: [1, 2], stride: [3, 3], pads: [0, 1, 0, 1],
            roundsUp: true, expected: [1, 1, 2, 2]),
        PoolingCase(
            name: "uneven", x: [1, 2, 9, 20], kernel: [2, 4], stride: [3, 3], pads: [1, 0, 0, 3], expected: [1, 2, 3, 7]),
        PoolingCase(
            name: "dilated", x: [1, 2, 9, 12], kernel: [2, 3], dilation: [3, 2], pads: [1, 2, 1, 1], expected: [1, 2, 8, 11]),
        PoolingCase(name: "1D", x: [2, 2, 17], kernel: [5], stride: [4], expected: [2, 2, 4]),
        PoolingCase(
            name: "3D", x: [1, 2, 4, 5, 6], kernel: [2, 2, 2], stride: [2, 1, 2], pads: [0, 1, 0, 0, 0, 0],
            expected: [1, 2, 2, 5, 3]),
        PoolingCase(name: "whole plane", x: [1, 3, 7, 7], kernel: [7, 7], expected: [1, 3, 1, 1]),
        PoolingCase(name: "empty batch", x: [0, 3, 4, 4], kernel: [2, 2], expected: [0, 3, 3, 3]),
        PoolingCase(name: "no channels", x: [2, 0, 4, 4], kernel: [2, 2], expected: [2, 0, 3, 3]),
    ]
}

@Suite("Windowed pooling")
struct PoolingTests {
    @Test("takes the largest element of each window", arguments: PoolingCase.all)
    func maximum(_ item: PoolingCase) throws {
        let op = MaxPool(attributes: item.attributes)
        for x in [SampleData.floats(Shape(item.x)), SampleData.doubles(Shape(item.x))] {
            let values = x.numbers
            let expected = item.windows.map { $0.offsets.map { values[$0] }.max() ?? -.infinity }
            for (isa, outputs) in try evaluateOnEveryLevel(op, [x]) {
                expectClose(outputs[0], expected, shape: item.expected, "\(item.name) \(isa.name)")
            }
        }
    }

    @Test("tells where the largest element stands", arguments: PoolingCase.all)
    func indices(_ item: PoolingCase) throws {
        let x = SampleData.floats(Shape(item.x)), values = x.numbers
        let expected = item.windows.map { window in
            window.offsets.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }.map(Int64.init) ?? -1
        }
        let outputs = try evaluate(MaxPool(attributes: item.attributes), [x], outputs: 2)
        #expect(outputs[1].values(Int64.self) == expected)
        #expect(outputs[0].numbers == expected.map { $0 < 0 ? -.infinity : values[Int($0)] })
    }

    @Test("counts columns first when storage_order says so")
    func storageOrder() throws {
        let x = Tensor([1, 2, 3, 9, 5, 6] as [Float], shape: [1, 1, 2, 3])
        let op = MaxPool(
            attributes: PoolingAttributes(window: WindowAttributes(kernel: [2, 2])), countsColumnsFirst: true)
        #expect(try evaluate(op, [x], outputs: 2)[1].values(Int64.self) == [1, 5])
    }

    @Test("pools bytes")
    func bytes() throws {
        let op = MaxPool(attributes: PoolingAttributes(window: WindowAttributes(kernel: [2])))
        #expect(try evaluate(op, [Tensor([-3, -5, 7] as [Int8], shape: [1, 1, 3])])[0].values(Int8.self) == [-3, 7])
        #expect(try evaluate(op, [Tensor([3, 5, 200] as [UInt8], shape: [1, 1, 3])])[0].values(UInt8.self) == [5, 200])
    }

    @Test("averages each window, with and without its padding", arguments: PoolingCase.all)
    func average(_ item: PoolingCase) throws {
        for countsPadding in [false, true] {
            let op = AveragePool(attributes: item.attributes, countsPadding: countsPadding)
            for x in [SampleData.floats(Shape(item.x)), SampleData.doubles(Shape(item.x))] {
                let values = x.numbers
                let expected = item.windows.map { window in
                    window.offsets.reduce(0) { $0 + values[$1] } / Double(countsPadding ? window.padded : window.offsets.count)
                }
                for (isa, outputs) in try evaluateOnEveryLevel(op, [x]) {
                    expectClose(outputs[0], expected, shape: item.expected, "\(item.name) \(countsPadding) \(isa.name)")
                }
            }
        }
    }

    @Test("takes the p-norm of each window", arguments: PoolingCase.all)
    func norm(_ item: PoolingCase) throws {
        let x = SampleData.floats(Shape(item.x)), values = x.numbers
        for exponent in [1.0, 2, 3] {
            let op = LpPool(attributes: item.attributes, exponent: exponent)
            let expected = item.windows.map { window in
                power(window.offsets.reduce(0) { $0 + power(abs(values[$1]), exponent) }, 1 / exponent)
            }
            expectClose(try evaluate(op, [x])[0], expected, shape: item.expected, "\(item.name) \(exponent)")
        }
    }

    @Test("refuses what does not fit and says why")
    func refuses() {
        func infer(_ window: WindowAttributes, _ x: [Int], _ type: ElementType = .float32) throws {
            _ = try AveragePool(attributes: PoolingAttributes(window: window)).infer(OperatorInputs([ValueFact(type, Shape(x))]))
        }
        expectRefusal(["pads", "reach 2"]) { try infer(WindowAttributes(kernel: [2, 2], pads: [2, 0, 0, 0]), [1, 1, 4, 4]) }
        expectRefusal(["kernel_shape", "2", "1"]) { try infer(WindowAttributes(kernel: [2, 2]), [1, 1, 4]) }
        expectRefusal(["input 0", "2 axes"]) { try infer(WindowAttributes(kernel: [2]), [1, 4]) }
        expectRefusal(["input 0", "reaches over 5"]) { try infer(WindowAttributes(kernel: [5]), [1, 1, 4]) }
        expectRefusal(["int32"]) { try infer(WindowAttributes(kernel: [2]), [1, 1, 4], .int32) }
    }
}

@Suite("Global pooling")
struct GlobalPoolTests {
    @Test(
        "reduces each plane to one element",
        arguments: [[2, 3, 7, 7], [1, 2, 1], [1, 3, 2, 3, 4], [2, 2, 33], [0, 3, 4], [1, 1, 130]])
    func reduces(_ extents: [Int]) throws {
        let shape = Shape(extents), count = extents.dropFirst(2).reduce(1, *)
        for x in [SampleData.floats(shape), SampleData.doubles(shape)] {
            let values = x.numbers
            let planes = (0..<extents[0] * extents[1]).map { Array(values[$0 * count..<($0 + 1) * count]) }
            let result = Array(extents.prefix(2)) + extents.dropFirst(2).map { _ in 1 }
            for (_, outputs) in try evaluateOnEveryLevel(GlobalPool(.average), [x]) {
                expectClose(outputs[0], planes.map { $0.reduce(0, +) / Double(count) }, shape: result)
            }
            for (_, outputs) in try evaluateOnEveryLevel(GlobalPool(.maximum), [x]) {
                expectClose(outputs[0], planes.map { $0.max() ?? -.infinity }, shape: result)
            }
            let norms = planes.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            expectClose(try evaluate(LpPool(attributes: nil), [x])[0], norms, shape: result, scale: 10)
        }
    }
}
