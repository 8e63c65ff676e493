import GraphIR
import Operators
import Tensors
import Testing

/// ONNX's operators over images: numbers of the reference, and edges of the definitions.
@Suite("Sampling of images")
struct SamplingTests {
    private func make(
        _ name: String, _ attributes: [String: Attribute] = [:], version: Int = 20, inputs: Int = 2
    ) throws -> any Operator {
        let spellings = ImageOperators.spellings + PoolingOperators.spellings + MovementOperators.spellings
        return try makeOperator(
            name, in: spellings + ConvolutionOperators.spellings, version: version, inputs: inputs, attributes: attributes)
    }

    private func counted(_ shape: Shape, from first: Int = 0) -> Tensor {
        Tensor((0..<shape.elementCount).map { Float($0 + first) }, shape: shape)
    }

    private func list(_ values: Int64...) -> Tensor { Tensor(values, shape: [values.count]) }

    /// Mode, padding, whether corners are aligned, values.
    static let samples: [(String, String, Int64, [Double])] = [
        ("linear", "zeros", 0, [0, 0.87, 0.1]), ("linear", "zeros", 1, [0.9, 1.45, 3.2]), ("linear", "border", 0, [2.1, 1.45, 5]),
        ("linear", "reflection", 0, [2.35, 1.45, 5]), ("linear", "reflection", 1, [2.3, 1.45, 4.2]),
        ("nearest", "zeros", 0, [0, 1, 0]), ("nearest", "border", 0, [3, 1, 5]), ("nearest", "reflection", 1, [3, 1, 5]),
        ("cubic", "zeros", 0, [-0.263013, 0.697272, 0.077692]), ("cubic", "border", 1, [1.836, 1.507185, 5]),
        ("cubic", "reflection", 0, [2.354407, 1.005905, 5.3225]), ("cubic", "reflection", 1, [2.256499, 1.45825, 4.632003]),
    ]

    @Test("a grid samples by every rule", arguments: samples)
    func grid(_ mode: String, _ padding: String, _ aligns: Int64, _ expected: [Double]) throws {
        let op = try make(
            "GridSample", ["mode": .string(mode), "padding_mode": .string(padding), "align_corners": .integer(aligns)])
        let grid = Tensor([-1.5, 0.2, 0.3, -0.9, 1.2, 1.4] as [Float], shape: [1, 1, 3, 2])
        expectNumbers(try evaluate(op, [counted([1, 1, 2, 3]), grid])[0], expected, absolute: 1e-5, "\(mode) \(padding) \(aligns)")
    }

    @Test("places that are no numbers, or far away, are safe", arguments: ["linear", "nearest", "cubic"])
    func farPlaces(_ mode: String) throws {
        let grid = Tensor([.nan, .infinity, -.infinity, 1e30, -1e30, .nan] as [Float], shape: [1, 3, 2])
        for padding in ["zeros", "border", "reflection"] {
            for aligns in 0..<2 {
                let op = try make(
                    "GridSample",
                    ["mode": .string(mode), "padding_mode": .string(padding), "align_corners": .integer(Int64(aligns))])
                let places = grid.reshaped([1, 1, 3, 2])
                for shape in [Shape([1, 2, 4, 5]), Shape([1, 2, 1, 1])] { _ = try evaluate(op, [counted(shape), places]) }
            }
        }
    }

    @Test("boxes of all classes are chosen, best first")
    func boxes() throws {
        let boxes = Tensor([0, 0, 2, 2, 0, 0, 2, 2.2, 5, 5, 6, 6] as [Float], shape: [1, 3, 4])
        let scores = Tensor([0.5, 0.9, 0.3, 0.1, 0.2, 0.8] as [Float], shape: [1, 2, 3])
        let inputs = [boxes, scores, list(3), Tensor(scalar: 0.5 as Float), Tensor(scalar: 0.15 as Float)]
        let op = try make("NonMaxSuppression", inputs: 5)
        let result = try evaluate(op, inputs)[0]
        #expect(result.shape == [4, 3] && result.numbers == [0, 0, 1, 0, 0, 2, 0, 1, 2, 0, 1, 1])
        #expect(try evaluate(op, [boxes, scores])[0].shape == [0, 3])
    }

    /// Mode, coordinates, values.
    static let regions: [(String, String, [Double])] = [
        ("avg", "half_pixel", [1.875, 3.125, 6.375, 7.625, 0, 2, 0, 1.333333]),
        ("avg", "output_half_pixel", [4.375, 5.625, 8.4375, 9.6875, 0, 2.833333, 0, 0]),
        ("max", "half_pixel", [2.783203, 2.894531, 6.064453, 5.839844, 0, 8, 0, 8]),
        ("max", "output_half_pixel", [3.681641, 5.097656, 7.3125, 9.375, 0, 8, 0, 0]),
    ]

    @Test("regions are pooled", arguments: regions)
    func pooledRegions(_ mode: String, _ coordinates: String, _ expected: [Double]) throws {
        let op = try make(
            "RoiAlign",
            [
                "mode": .string(mode), "coordinate_transformation_mode": .string(coordinates), "output_height": .integer(2),
                "output_width": .integer(2),
            ], inputs: 3)
        let regions = Tensor([0.5, 0.25, 3, 2.5, -3, -3, 1, 9] as [Float], shape: [2, 4])
        expectNumbers(
            try evaluate(op, [counted([1, 1, 3, 4]), regions, list(0, 0)])[0], expected, absolute: 1e-5, "\(mode) \(coordinates)")
        expectRefusal(["image 1"]) { _ = try evaluate(op, [counted([1, 1, 3, 4]), regions, list(0, 1)]) }
    }

    @Test("very large regions take no longer than the map is large")
    func largeRegions() throws {
        let op = try make("RoiAlign", inputs: 3), regions = Tensor([-1e30, -1e30, 1e30, 1e30] as [Float], shape: [1, 4])
        _ = try evaluate(op, [counted([1, 1, 3, 4]), regions, list(0)])
        let infinite = Tensor([0, 0, .infinity, .nan] as [Float], shape: [1, 4])
        expectRefusal(["finite"]) { _ = try evaluate(op, [counted([1, 1, 3, 4]), infinite, list(0)]) }
    }

    @Test("regions have the largest elements of each bin", arguments: [ElementType.float32, .float64, .float16])
    func largestOfRegions(_ type: ElementType) throws {
        let image = Tensor((0..<16).map(Double.init), type, [1, 1, 4, 4])
        let op = try make("MaxRoiPool", ["pooled_shape": .integers([2, 2])], inputs: 2)
        let regions = Tensor([0, 0, 0, 3, 3, 0, 0.6, 1, 2.5, 9], type, [2, 5])
        #expect(try evaluate(op, [image, regions])[0].numbers == [5, 7, 13, 15, 14, 15, 0, 0])
        let halved = try make("MaxRoiPool", ["pooled_shape": .integers([2, 2]), "spatial_scale": .float(0.5)], inputs: 2)
        #expect(try evaluate(halved, [image, Tensor([0, 0, 0, 7, 7], type, [1, 5])])[0].numbers == [10, 11, 14, 15])
        let outside = try make("MaxRoiPool", ["pooled_shape": .integers([1, 2])], inputs: 2)
        #expect(try evaluate(outside, [image, Tensor([0, 5, 5, 6, 6], type, [1, 5])])[0].numbers == [0, 0])
        expectRefusal(["image 2"]) { _ = try evaluate(op, [image, Tensor([2, 0, 0, 1, 1], type, [1, 5])]) }
        expectRefusal(["not finite"]) { _ = try evaluate(op, [image, Tensor([0, 0, .infinity, 1, .nan], type, [1, 5])]) }
        expectRefusal(["pooled_shape"]) { _ = try make("MaxRoiPool", ["pooled_shape": .integers([0, 2])], inputs: 2) }
    }

    @Test("affine maps give grids")
    func affine() throws {
        let maps = Tensor([1, 0.5, 0, 0, 2, -1] as [Float], shape: [1, 2, 3])
        expectNumbers(
            try evaluate(try make("AffineGrid"), [maps, list(1, 1, 2, 3)])[0],
            [-0.916667, -2, -0.25, -2, 0.416667, -2, -0.416667, 0, 0.25, 0, 0.916667, 0], absolute: 1e-5)
    }

    @Test("blocks become an image again")
    func columns() throws {
        let op = try make("Col2Im", inputs: 3), columns = counted([1, 4, 6], from: 1)
        #expect(try evaluate(op, [columns, list(3, 4), list(2, 2)])[0].numbers == [1, 9, 11, 9, 17, 48, 52, 33, 16, 39, 41, 24])
        expectRefusal([]) { _ = try evaluate(op, [columns, list(3, 5), list(2, 2)]) }
        expectRefusal([]) { _ = try evaluate(op, [columns, list(3, 4), list(2, 9)]) }
    }

    @Test("the middle is cut out and bordered")
    func middle() throws {
        let result = try evaluate(try make("CenterCropPad"), [counted([5, 2], from: 1), list(2, 5)])[0]
        #expect(result.numbers == [0, 3, 4, 0, 0, 0, 5, 6, 0, 0])
    }

    @Test("maxima go back to their places")
    func unpooling() throws {
        let op = try make("MaxUnpool", ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
        let x = counted([1, 1, 2, 2], from: 1), places = list(5, 7, 13, 15).reshaped([1, 1, 2, 2])
        #expect(try evaluate(op, [x, places])[0].numbers == [0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4])
        expectRefusal(["16"]) { _ = try evaluate(op, [x, list(5, 7, 13, 16).reshaped([1, 1, 2, 2])]) }
    }

    @Test("taps follow their offsets")
    func deformed() throws {
        let op = try make("DeformConv", ["kernel_shape": .integers([2, 2]), "pads": .integers([0, 0, 0, 0])], inputs: 3)
        var offsets = [Float](repeating: 0, count: 32)
        (offsets[0], offsets[15], offsets[30]) = (0.5, -0.25, 1.5)
        let weights = counted([1, 1, 2, 2], from: 1)
        let result = try evaluate(op, [counted([1, 1, 3, 3], from: 1), weights, Tensor(offsets, shape: [1, 8, 2, 2])])[0]
        expectNumbers(result, [38.5, 47, 53, 76.5], absolute: 1e-5)
    }
}
