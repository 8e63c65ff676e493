import GraphIR
import Operators
import Tensors

extension SizesFromData {
    static let tensorFlow: [SizesFromData] = movements + choices + matrices

    private static func list(_ values: Int64...) -> Tensor { Tensor(values, shape: [values.count]) }
    private static func single(_ value: Int64) -> Tensor { Tensor(scalar: value) }

    private static func movement(
        _ name: String, _ inputs: [Tensor?], _ places: [Int], outputs: Int = 1, _ attributes: [String: Attribute] = [:]
    ) -> SizesFromData {
        SizesFromData(
            name: name, spellings: MovementOperators.spellings, dialect: .tensorFlow, attributes: attributes, outputs: outputs,
            inputs: inputs, places: places)
    }

    private static let movements: [SizesFromData] = [
        movement("Reshape", [SampleData.floats([2, 3]), list(3, 2)], [1]),
        movement("BroadcastTo", [SampleData.floats([1, 3]), list(2, 3)], [1]),
        movement("Slice", [SampleData.floats([2, 3]), list(0, 1), list(2, -1)], [1, 2]),
        movement("StridedSlice", [SampleData.floats([4, 3]), list(0, 1), list(3, 3), list(1, 1)], [1, 2, 3]),
        movement(
            "StridedSlice", [SampleData.floats([4, 3]), list(1, 2), list(2, 0), list(1, -1)], [1, 2, 3],
            ["shrink_axis_mask": .integer(1), "end_mask": .integer(2)]),
        movement("StridedSliceGrad", [list(4, 3), list(0, 0), list(2, 2), list(1, 1), SampleData.floats([2, 2])], [0, 1, 2, 3]),
        movement(
            "TensorStridedSliceUpdate", [SampleData.floats([4, 3]), list(0, 0), list(2, 2), list(1, 1), SampleData.floats([2, 2])],
            [1, 2, 3]),
        movement("SplitV", [SampleData.floats([2, 3]), list(1, -1), single(1)], [1, 2], outputs: 2, ["num_split": .integer(2)]),
        movement("Split", [single(0), SampleData.floats([2, 3])], [0], outputs: 2, ["num_split": .integer(2)]),
        movement("ConcatV2", [SampleData.floats([2, 3]), SampleData.floats([2, 3]), single(0)], [2]),
        movement("Transpose", [SampleData.floats([2, 3]), list(1, 0)], [1]),
        movement("ReverseV2", [SampleData.floats([2, 3]), list(1, 0)], [1]),
        movement("Roll", [SampleData.floats([2, 3]), list(1, 2), list(0, 1)], [1, 2]),
        movement("BroadcastGradientArgs", [list(2, 1), list(1, 3)], [0, 1], outputs: 2),
    ]

    private static let choices: [SizesFromData] = [
        SizesFromData(
            name: "Fill", spellings: GenerationOperators.spellings, dialect: .tensorFlow,
            inputs: [list(2, 3), Tensor(scalar: Float(1))], places: [0]),
        SizesFromData(
            name: "LinSpace", spellings: GenerationOperators.spellings, dialect: .tensorFlow,
            inputs: [Tensor(scalar: Float(0)), Tensor(scalar: Float(1)), single(3)], places: [2]),
        SizesFromData(
            name: "OneHot", spellings: IndexingOperators.spellings, dialect: .tensorFlow,
            inputs: [list(0, 1), single(3), Tensor(scalar: Float(1)), Tensor(scalar: Float(0))], places: [1]),
        SizesFromData(
            name: "ScatterNd", spellings: IndexingOperators.spellings, dialect: .tensorFlow,
            inputs: [Tensor([0, 1] as [Int64], shape: [2, 1]), SampleData.floats([2]), list(3)], places: [2]),
        SizesFromData(
            name: "GatherV2", spellings: IndexingOperators.spellings, dialect: .tensorFlow,
            inputs: [SampleData.floats([2, 3]), list(0, 1), single(1)], places: [2]),
    ]

    private static let matrices: [SizesFromData] = [
        SizesFromData(
            name: "MatrixDiagV3", spellings: DiagonalOperators.spellings, dialect: .tensorFlow,
            inputs: [SampleData.floats([2, 3]), list(-1, 0), single(-1), single(-1), Tensor(scalar: Float(0))], places: [1, 2, 3]),
        SizesFromData(
            name: "MatrixDiagPartV3", spellings: DiagonalOperators.spellings, dialect: .tensorFlow,
            inputs: [SampleData.floats([2, 3]), list(-1, 0), Tensor(scalar: Float(0))], places: [1]),
        SizesFromData(
            name: "MatrixSetDiagV3", spellings: DiagonalOperators.spellings, dialect: .tensorFlow,
            inputs: [SampleData.floats([2, 2]), SampleData.floats([2, 2]), list(-1, 0)], places: [2]),
        SizesFromData(
            name: "RFFT", spellings: FourierOperators.spellings, dialect: .tensorFlow,
            inputs: [SampleData.floats([2, 6]), list(6)], places: [1]),
    ]
}
