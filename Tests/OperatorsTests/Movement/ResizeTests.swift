import GraphIR
import Operators
import Tensors
import Testing

@Suite("Resize and Upsample")
struct ResizeTests {
    static func resize(_ attributes: [String: String], version: Int = 19) throws -> any Operator {
        try makeOperator(
            "Resize", in: MovementOperators.spellings, version: version, attributes: attributes.mapValues { .string($0) })
    }

    static func scales(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count]) }

    static func run(_ op: any Operator, _ input: Tensor, scales: [Float]? = nil, sizes: [Int]? = nil) throws -> Tensor {
        try evaluate(op, [input, nil, scales.map(Self.scales), sizes.map { integers($0) }], constants: [2])[0]
    }

    @Test(
        "picks the nearest neighbour as asked",
        arguments: [
            ("round_prefer_floor", [0, 0, 1, 1, 2, 2]), ("round_prefer_ceil", [0, 0, 1, 1, 2, 2]),
            ("floor", [0, 0, 0, 1, 1, 2]), ("ceil", [0, 1, 1, 2, 2, 2]),
        ] as [(String, [Double])])
    func nearestModes(_ mode: String, _ expected: [Double]) throws {
        // Half-pixel places: -0.25, 0.25, 0.75, 1.25, 1.75, 2.25.
        let op = try Self.resize(["nearest_mode": mode])
        #expect(try Self.run(op, Grid(counting: [3]).tensor(), scales: [2]).numbers == expected)
    }

    @Test("a place right between two positions goes where the mode says")
    func ties() throws {
        // Asymmetric with scale 2: places 0, 0.5, 1, 1.5.
        let input = Grid(counting: [2]).tensor()
        for (mode, expected) in [("round_prefer_floor", [0, 0, 1, 1]), ("round_prefer_ceil", [0, 1, 1, 1])]
            as [(String, [Double])]
        {
            let op = try Self.resize(["nearest_mode": mode, "coordinate_transformation_mode": "asymmetric"])
            #expect(try Self.run(op, input, scales: [2]).numbers == expected, "\(mode)")
        }
    }

    @Test("places that follow from sizes are as exact as the sizes: ties stay ties")
    func exactSizes() throws {
        let op = try Self.resize(["nearest_mode": "round_prefer_ceil"])
        let line = Tensor((0..<20).map(Float.init), shape: [1, 20])
        #expect(try Self.run(op, line, sizes: [1, 6]).values(Float.self) == [1, 5, 8, 11, 15, 18])
    }

    @Test("resizes every element type by nearest neighbour", arguments: ElementType.movable)
    func nearestTypes(_ type: ElementType) throws {
        let input = Grid(counting: [2, 3, 2], modulo: type == .bool ? 2 : 100)
        let expected = Grid([2, 6, 2]) { input[[$0[0], $0[1] / 2, $0[2]]] }
        let op = try Self.resize(["coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"])
        #expect(Grid(try Self.run(op, input.tensor(type), sizes: [2, 6, 2])) == expected)
    }

    /// Linear interpolation at the places that `place` names, the border repeated.
    static func linear(_ input: Grid, _ output: [Int], _ place: (_ axis: Int, _ position: Int) -> Double) -> Grid {
        func value(_ index: [Int], _ axis: Int, _ fixed: [Int]) -> Double {
            guard axis < index.count else { return input[fixed] }
            let place = min(max(place(axis, index[axis]), 0), Double(input.shape[axis] - 1))
            let low = Int(place), high = min(low + 1, input.shape[axis] - 1), part = place - Double(low)
            return (1 - part) * value(index, axis + 1, fixed + [low]) + part * value(index, axis + 1, fixed + [high])
        }
        return Grid(output) { value($0, 0, []) }
    }

    @Test(
        "interpolates linearly along all axes",
        arguments: [
            "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel",
        ])
    func linearModes(_ mode: String) throws {
        for (shape, sizes) in [([3, 4], [7, 9]), ([5, 6], [2, 3]), ([2, 3, 4], [2, 5, 1]), ([1, 4], [3, 4]), ([4], [1])] {
            let input = Grid(counting: shape, modulo: 7)
            let expected = Self.linear(input, sizes) { axis, position in
                let scale = Double(sizes[axis]) / Double(shape[axis])
                switch mode {
                case "asymmetric": return Double(position) / scale
                case "align_corners":
                    return sizes[axis] == 1 ? 0 : Double(position * (shape[axis] - 1)) / Double(sizes[axis] - 1)
                case "pytorch_half_pixel" where sizes[axis] == 1: return 0
                default: return (Double(position) + 0.5) / scale - 0.5
                }
            }
            let op = try Self.resize(["mode": "linear", "coordinate_transformation_mode": mode])
            let result = try Self.run(op, input.tensor(), sizes: sizes)
            #expect(result.shape.extents == sizes)
            expectNumbers(result, expected.values, relative: 1e-5, absolute: 1e-5, "\(shape) to \(sizes)")
        }
    }

    @Test(
        "interpolates 16-bit floats and bytes, rounding bytes to nearest",
        arguments: [
            (.float16, [0, 0.25, 0.75, 1]), (.bfloat16, [0, 0.25, 0.75, 1]), (.uint8, [0, 0, 1, 1]), (.int8, [0, 0, 1, 1]),
        ] as [(ElementType, [Double])])
    func narrowTypes(_ type: ElementType, _ expected: [Double]) throws {
        let op = try Self.resize(["mode": "linear"])
        #expect(try Self.run(op, Tensor([0, 1], type, [2]), scales: [2]).numbers == expected)
    }

    /// Case of the operator's documentation: a 4 × 4 counting from 1, doubled.
    @Test("interpolates cubically as the operator's documentation shows")
    func cubic() throws {
        let input = Tensor((1...16).map(Double.init), .float32, [1, 1, 4, 4])
        let result = try Self.run(Self.resize(["mode": "cubic"]), input, scales: [1, 1, 2, 2])
        let firstRow = [0.47265625, 0.76953125, 1.24609375, 1.875, 2.28125, 2.91015625, 3.38671875, 3.68359375]
        expectNumbers(
            Tensor(Array(result.numbers.prefix(8)), .float32, [8]), firstRow, absolute: 1e-5, "first row")
        #expect(result.shape == [1, 1, 8, 8])
    }

    @Test("crops a region and shows the extrapolation value beyond the input", arguments: ["nearest", "linear"])
    func crop(_ mode: String) throws {
        let op = try makeOperator(
            "Resize", in: MovementOperators.spellings,
            attributes: [
                "mode": .string(mode), "coordinate_transformation_mode": .string("tf_crop_and_resize"),
                "extrapolation_value": .float(9),
            ])
        let region = Tensor([0.5, 1.5] as [Float], shape: [2])
        // Places 1, 1.5, 2, 2.5, 3 in an input of three.
        let result = try evaluate(op, [Grid(counting: [3]).tensor(), region, nil, integers([5])], constants: [1])[0]
        #expect(result.numbers == (mode == "linear" ? [1, 1.5, 2, 9, 9] : [1, 1, 2, 9, 9]))
    }

    @Test(
        "resizes the named axes, keeping the aspect ratio when asked",
        arguments: [
            ("stretch", [2, 7, 8]), ("not_larger", [2, 7, 7]), ("not_smaller", [2, 8, 8]),
        ])
    func aspectRatio(_ policy: String, _ expected: [Int]) throws {
        let op = try makeOperator(
            "Resize", in: MovementOperators.spellings,
            attributes: ["axes": .integers([1, 2]), "keep_aspect_ratio_policy": .string(policy)])
        #expect(try Self.run(op, Grid(counting: [2, 4, 4]).tensor(), sizes: [7, 8]).shape.extents == expected)
    }

    @Test("shrinks with a widened filter: each output is the weighted mean of all it covers")
    func antialias() throws {
        let op = try makeOperator(
            "Resize", in: MovementOperators.spellings, attributes: ["mode": .string("linear"), "antialias": .integer(1)])
        // Scale 1/2: a triangle of half-width 2 around 0.5 and 2.5, over a repeated border.
        let result = try Self.run(op, Tensor([0, 0, 8, 8], .float32, [4]), scales: [0.5])
        expectNumbers(result, [1, 7], absolute: 1e-6)
    }

    @Test("Upsample and the first Resize scale from the corner")
    func early() throws {
        let input = Grid(counting: [1, 1, 2, 2]).tensor()
        let expected: [Double] = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3]
        for (name, version) in [("Upsample", 9), ("Resize", 10)] {
            let op = try makeOperator(name, in: MovementOperators.spellings, version: version)
            #expect(try evaluate(op, [input, Self.scales([1, 1, 2, 3])], constants: [1])[0].numbers == expected)
        }
        let op = try makeOperator(
            "Upsample", in: MovementOperators.spellings, version: 7,
            attributes: ["scales": .floats([1, 1, 2, 3]), "mode": .string("nearest")])
        #expect(try evaluate(op, [input])[0].numbers == expected)
    }

    @Test("equal size is no copy")
    func identity() throws {
        let spec = TensorSpec(.float32, [2, 3]), sizes = integers([2, 3])
        let op = try Self.resize(["mode": "linear"])
        let context = CompileContext(
            inputs: [spec, nil, nil, sizes.spec], outputs: [spec], constants: [nil, nil, nil, sizes])
        guard case .view(0) = try op.compile(context).body else {
            Issue.record("a copy of an unchanged tensor")
            return
        }
    }

    @Test("refuses what it cannot resize")
    func refusals() throws {
        let input = Grid(counting: [2, 2]).tensor(), op = try Self.resize(["mode": "linear"])
        expectRefusal(["1 scales", "expected 2"]) { _ = try Self.run(op, input, scales: [2]) }
        expectRefusal(["positive"]) { _ = try Self.run(op, input, scales: [-1, 2]) }
        expectRefusal(["positive"]) { _ = try Self.run(op, input, scales: [.nan, 2]) }
        expectRefusal(["negative"]) { _ = try Self.run(op, input, sizes: [-1, 2]) }
        expectRefusal(["missing"]) { _ = try Self.run(op, input) }
        expectRefusal(["extent 0"]) { _ = try Self.run(op, Grid(counting: [0, 2]).tensor(), sizes: [1, 2]) }
        expectRefusal(["int64", "not supported"]) { _ = try Self.run(op, Grid(counting: [2]).tensor(.int64), sizes: [3]) }
    }
}
