import GraphIR
import Operators
import Tensors
import Testing

/// Operators over images: edges of their definitions.
@Suite("Images")
struct ImageTests {
    private func make(
        _ name: String, _ attributes: [String: Attribute] = [:], inputs: Int = 2, outputs: Int = 1
    ) throws -> any Operator {
        try makeOperator(
            name, in: ImageOperators.spellings + PoolingOperators.spellings + MovementOperators.spellings, dialect: .tensorFlow,
            inputs: inputs, outputs: outputs, attributes: attributes)
    }

    private func size(_ height: Int32, _ width: Int32) -> Tensor { Tensor([height, width], shape: [2]) }

    @Test("resizing to the same size changes nothing")
    func identity() throws {
        let x = SampleData.floats([2, 3, 4, 2])
        for name in ["ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea"] {
            let result = try evaluate(try make(name), [x, size(3, 4)])[0]
            expectClose(result, x.numbers, shape: [2, 3, 4, 2], name)
        }
    }

    @Test("halving by area takes means")
    func area() throws {
        let x = Tensor((0..<16).map(Float.init), shape: [1, 4, 4, 1])
        #expect(try evaluate(try make("ResizeArea"), [x, size(2, 2)])[0].numbers == [2.5, 4.5, 10.5, 12.5])
    }

    @Test("refuses sizes and images without pixels")
    func empty() throws {
        let op = try make("ResizeBilinear")
        for (shape, size) in [([1, 0, 2, 1], size(2, 2)), ([1, 2, 2, 1], size(0, 2)), ([1, 2, 2, 1], size(-1, 2))] as [(Shape, Tensor)] {
            expectRefusal([]) { _ = try evaluate(op, [SampleData.floats(shape), size]) }
        }
        expectRefusal(["align_corners"]) {
            _ = try make("ResizeBilinear", ["align_corners": .integer(1), "half_pixel_centers": .integer(1)])
        }
    }

    @Test("a size that would not fit is refused before it is computed")
    func tooLarge() throws {
        let op = try make("ResizeBilinear")
        expectRefusal([]) {
            _ = try op.computed(
                [SampleData.floats([1, 2, 2, 1]), size(.max, .max)], outputCount: 1, kernels: nil,
                allowance: MemoryAllowance(byteLimit: 1 << 20))
        }
    }

    @Test("boxes of images that are not there are refused")
    func crop() throws {
        let op = try make("CropAndResize", inputs: 4)
        let boxes = Tensor([0, 0, 1, 1] as [Float], shape: [1, 4])
        expectRefusal(["image 2"]) {
            _ = try evaluate(op, [SampleData.floats([2, 3, 3, 1]), boxes, Tensor([2] as [Int32], shape: [1]), size(2, 2)])
        }
    }

    @Test("of boxes with equal scores the first is chosen, and thresholds outside 0 to 1 are refused")
    func suppression() throws {
        let op = try make("NonMaxSuppressionV3", inputs: 5)
        let boxes = Tensor([0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 6, 6] as [Float], shape: [3, 4])
        let scores = Tensor([0.5, 0.5, 0.5] as [Float], shape: [3])
        func choose(_ count: Int32, _ threshold: Float) throws -> [Double] {
            try evaluate(
                op, [boxes, scores, Tensor(scalar: count), Tensor(scalar: threshold), Tensor(scalar: Float(0))])[0].numbers
        }
        #expect(try choose(5, 0.5) == [0, 2])
        #expect(try choose(1, 0.5) == [0])
        #expect(try choose(0, 0.5) == [])
        expectRefusal(["threshold"]) { _ = try choose(5, 1.5) }
        expectRefusal(["-1"]) { _ = try choose(-1, 0.5) }
    }

    @Test("padding never wins a maximum, and the first of equal elements gives the place")
    func pooling() throws {
        let attributes: [String: Attribute] = [
            "ksize": .integers([1, 2, 2, 1]), "strides": .integers([1, 2, 2, 1]), "padding": .string("SAME"),
        ]
        let x = Tensor([-3, -3, -1, -2, -2, -1, -9, -9, -9] as [Float], shape: [1, 3, 3, 1])
        let results = try evaluate(try make("MaxPoolWithArgmax", attributes, inputs: 1, outputs: 2), [x], outputs: 2)
        #expect(results[0].numbers == [-2, -1, -9, -9])
        #expect(results[1].numbers == [3, 2, 6, 8])
        let op = try make("MaxPool", attributes, inputs: 1)
        for (_, outputs) in try evaluateOnEveryLevel(op, [x]) { #expect(outputs[0].numbers == [-2, -1, -9, -9]) }
    }

    @Test("means count what lies inside alone")
    func averages() throws {
        let attributes: [String: Attribute] = [
            "ksize": .integers([1, 3, 3, 1]), "strides": .integers([1, 1, 1, 1]), "padding": .string("SAME"),
        ]
        let x = Tensor([Float](repeating: 2, count: 3 * 3 * 37), shape: [1, 3, 3, 37])
        for (_, outputs) in try evaluateOnEveryLevel(try make("AvgPool", attributes, inputs: 1), [x]) {
            #expect(outputs[0].numbers.allSatisfy { $0 == 2 })
        }
    }

    @Test("mirrors show each element once at most")
    func mirrors() throws {
        let x = Tensor([1, 2, 3] as [Float], shape: [3]), pads = Tensor([2, 3] as [Int32], shape: [1, 2])
        #expect(try evaluate(try make("MirrorPad", ["mode": .string("SYMMETRIC")]), [x, pads])[0].numbers == [2, 1, 1, 2, 3, 3, 2, 1])
        expectRefusal(["mirror"]) { _ = try evaluate(try make("MirrorPad", ["mode": .string("REFLECT")]), [x, pads]) }
        expectRefusal(["negative"]) { _ = try evaluate(try make("Pad"), [x, Tensor([-1, 0] as [Int32], shape: [1, 2])]) }
    }

    @Test("blocks go into the batch and back")
    func blocks() throws {
        let x = SampleData.floats([2, 4, 6, 3]), block = Tensor([2, 3] as [Int32], shape: [2])
        let none = Tensor([0, 0, 0, 0] as [Int32], shape: [2, 2])
        let spread = try evaluate(try make("SpaceToBatchND", inputs: 3), [x, block, none])[0]
        #expect(spread.shape == [12, 2, 2, 3])
        let back = try evaluate(try make("BatchToSpaceND", inputs: 3), [spread, block, none])[0]
        #expect(back.numbers == x.numbers)
        expectRefusal(["not divisible"]) {
            _ = try evaluate(try make("SpaceToBatchND", inputs: 3), [SampleData.floats([1, 5, 6, 1]), block, none])
        }
    }
}
