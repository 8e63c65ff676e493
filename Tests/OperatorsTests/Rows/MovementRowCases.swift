import GraphIR
import Operators
import Tensors

extension RowCases {
    static let movements = transposes + joints + slices + pads + resamplings

    private static let transposes: [RowCase] = [
        RowCase("Transpose", [.rows([1, 3, 4])], rows: 2),
        RowCase("Transpose", [.rows([2, 1, 4], axis: 1)], rows: 0, ["perm": .integers([1, 2, 0])]),
        RowCase("DepthToSpace", [.rows([1, 8, 2, 3])], rows: 0, ["blocksize": .integer(2)]),
        RowCase("DepthToSpace", [.rows([1, 8, 2, 3], axis: 2)], .declined, ["blocksize": .integer(2), "mode": .string("CRD")]),
        RowCase("SpaceToDepth", [.rows([1, 2, 4, 6])], rows: 0, ["blocksize": .integer(2)]),
        RowCase("DepthToSpace", [.rows([1, 8, 2, 3], axis: 1)], .mixed, ["blocksize": .integer(2)]),
    ]

    private static let joints: [RowCase] = [
        RowCase("Concat", [.rows([1, 3]), .rows([1, 2])], rows: 0, ["axis": .integer(1)]),
        RowCase("Concat", [.rows([3, 2], axis: 1), .rows([1, 2], axis: 1)], rows: 1, ["axis": .integer(0)]),
        RowCase("Concat", [.rows([1, 3])], rows: 0, ["axis": .integer(0)]),
        RowCase("Concat", [.rows([1, 3]), .rows([1, 3])], .mixed, ["axis": .integer(0)]),
        RowCase("Concat", [.rows([1, 3]), .shared([1, 3])], .mixed, ["axis": .integer(0)]),
        RowCase("Concat", [.rows([1, 3]), .rows([1, 2])], rows: 0, version: 3),
        RowCase("Split", [.rows([1, 4])], rows: 0, outputs: 2, ["axis": .integer(1)]),
        RowCase("Split", [.rows([1, 5]), .fixed([2, 3])], rows: 0, outputs: 2, ["axis": .integer(-1)]),
        RowCase("Split", [.rows([1, 5])], rows: 0, outputs: 2, version: 11, ["axis": .integer(1), "split": .integers([1, 4])]),
        RowCase("Split", [.rows([2, 3]), .counted { [Double($0), Double($0)] }], .mixed, outputs: 2),
    ]

    private static let end = Double(Int32.max)

    private static let slices: [RowCase] = [
        RowCase("Slice", [.rows([1, 5]), .fixed([1]), .fixed([4]), .fixed([1]), nil], rows: 0),
        RowCase("Slice", [.rows([1, 5]), .fixed([0, -1]), .fixed([end, -9]), .fixed([0, 1]), .fixed([1, -2])], rows: 0),
        RowCase("Slice", [.rows([2, 5]), .fixed([0]), .counted { [2 * Double($0)] }, .fixed([0])], rows: 0),
        RowCase("Slice", [.rows([3, 2], axis: 1), .fixed([1]), .fixed([3])], rows: 1),
        RowCase("Slice", [.rows([1, 5]), .fixed([0]), .fixed([1])], .mixed),
        RowCase("Slice", [.rows([1, 5]), .fixed([-1]), .fixed([-9]), .fixed([0]), .fixed([-1])], .mixed),
        RowCase("Slice", [.rows([1, 5]), .fixed([1]), .fixed([end])], .mixed),
        // As long as there are few rows nothing is cut off.
        RowCase("Slice", [.rows([1, 5]), .fixed([0]), .fixed([100])], .declined),
        RowCase("Slice", [.rows([1, 7]), .counted { [Double($0)] }, .counted { [Double($0) + 1] }, .fixed([1])], .mixed),
        RowCase(
            "Slice", [.rows([1, 5])], rows: 0, version: 9,
            [
                "starts": .integers([0]), "ends": .integers([2]), "axes": .integers([1]),
            ]),
        RowCase("Slice", [.rows([1, 5])], .mixed, version: 9, ["starts": .integers([0]), "ends": .integers([1])]),
    ]

    private static let pads: [RowCase] =
        ["constant", "reflect", "edge", "wrap"].flatMap { mode in
            [
                RowCase("Pad", [.rows([1, 3]), .fixed([0, 1, 0, 2]), nil, nil], rows: 0, ["mode": .string(mode)]),
                RowCase("Pad", [.rows([1, 3]), .fixed([1, 0, 0, 0])], .mixed, ["mode": .string(mode)]),
            ]
        } + [
            RowCase("Pad", [.rows([3, 2], axis: 1), .fixed([1, 1]), .shared([]), .fixed([0])], rows: 1),
            RowCase("Pad", [.rows([1, 3]), .counted { _ in [0, 0, 0, 0] }], rows: 0),
            RowCase("Pad", [.rows([1, 3]), .counted { $0 == 1 ? [0, 0, 0, 1] : [0, 1, 0, 0] }], .mixed),
            RowCase("Pad", [.rows([1, 3])], rows: 0, version: 1, ["paddings": .integers([0, 1, 0, 1])]),
            RowCase("Pad", [.rows([1, 3])], rows: 0, version: 2, ["pads": .integers([0, 1, 0, -1])]),
        ]

    private static let resamplings: [RowCase] =
        resizes + [
            RowCase("Upsample", [.rows([1, 2, 3])], rows: 0, version: 7, ["scales": .floats([1, 1, 2])]),
            RowCase("Upsample", [.rows([1, 2, 3]), .fixed([1, 1, 2], .float32)], rows: 0, version: 9, ["mode": .string("linear")]),
            RowCase("Resize", [.rows([1, 2, 3]), .fixed([1, 1, 2], .float32)], rows: 0, version: 10),
            // The nearest rows stay apart, those between two do not.
            RowCase("Resize", [.rows([1, 2, 3]), .fixed([2, 1, 1], .float32)], .declined, version: 10),
            RowCase("Resize", [.rows([1, 2, 3]), .fixed([2, 1, 1], .float32)], .mixed, version: 10, ["mode": .string("linear")]),
            RowCase("Resize", [.rows([1, 2, 3]), nil, nil, .fixed([2, 2, 6])], .mixed),
            RowCase(
                "Resize", [.rows([1, 4]), nil, nil, .fixed([8])], rows: 0,
                [
                    "axes": .integers([1]), "keep_aspect_ratio_policy": .string("not_larger"),
                ]),
            RowCase(
                "Resize", [.rows([1, 4]), nil, nil, .counted { [Double($0), 6] }], .mixed,
                [
                    "keep_aspect_ratio_policy": .string("not_smaller")
                ]),
            // Both sizes give [6, 8], by scales of 1.5 and of 1.6.
            RowCase(
                "Resize", [.rows([1, 4, 5]), nil, nil, .counted { $0 == 1 ? [6, 99] : [99, 8] }], .mixed,
                ["axes": .integers([1, 2]), "keep_aspect_ratio_policy": .string("not_larger"), "mode": .string("linear")]),
            RowCase("Resize", [.rows([1, 4]), nil, .counted(.float32) { [1, $0 == 1 ? 2 : 2.2] }, nil], .mixed),
            RowCase(
                "Resize", [.rows([1, 4]), .fixed([0, 0.25, 1, 0.75], .float32), .fixed([1, 1], .float32), nil], rows: 0,
                ["coordinate_transformation_mode": .string("tf_crop_and_resize"), "mode": .string("linear")]),
            RowCase(
                "Resize", [.rows([2, 4]), .fixed([0.5, 0, 1, 1], .float32), .fixed([1, 1], .float32), nil], .mixed,
                ["coordinate_transformation_mode": .string("tf_crop_and_resize")]),
        ]

    private static let resizes = ["nearest", "linear", "cubic"].flatMap { mode in
        ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric"].flatMap { transformation in
            let attributes: [String: Attribute] = [
                "mode": .string(mode), "coordinate_transformation_mode": .string(transformation),
            ]
            return [
                RowCase("Resize", [.rows([1, 2, 3]), nil, .fixed([1, 1, 2], .float32)], rows: 0, attributes),
                RowCase("Resize", [.rows([1, 2, 3]), nil, nil, .counted { [Double($0), 2, 5] }], rows: 0, attributes),
            ]
        }
    }
}
