import GraphIR
import Operators
import Tensors

extension RowCases {
    static let classical = features + encodings + machines + scores + trees

    private static func classical(
        _ name: String, _ inputs: [CaseInput?], rows axis: Int, outputs: Int = 1, version: Int = 5,
        _ attributes: [String: Attribute] = [:]
    ) -> RowCase {
        RowCase(name, inputs, rows: axis, outputs: outputs, version: version, domain: "ai.onnx.ml", attributes)
    }

    private static func mixed(
        _ name: String, _ inputs: [CaseInput?], outputs: Int = 1, _ attributes: [String: Attribute] = [:]
    ) -> RowCase {
        RowCase(name, inputs, .mixed, outputs: outputs, version: 3, domain: "ai.onnx.ml", attributes)
    }

    private static let features: [RowCase] = [
        classical("Scaler", [.rows([1, 3])], rows: 0, ["offset": .floats([1, 2, 3]), "scale": .floats([1, 2, 4])]),
        classical("Scaler", [.rows([2, 3], axis: 1)], rows: 1, ["offset": .floats([1]), "scale": .floats([2])]),
        classical("Normalizer", [.rows([1, 3], .float64)], rows: 0, ["norm": .string("L2")]),
        mixed("Normalizer", [.rows([3])], ["norm": .string("L2")]),
        mixed("Normalizer", [.rows([2, 3], axis: 1)], ["norm": .string("L1")]),
        classical("Binarizer", [.rows([1, 3])], rows: 0, ["threshold": .float(0.5)]),
        classical(
            "Imputer", [.rows([1, 3])], rows: 0,
            [
                "imputed_value_floats": .floats([1, 2, 3]), "replaced_value_float": .float(.nan),
            ]),
        classical("Imputer", [.rows([3], .int64, in: 0...4)], rows: 0, ["imputed_value_int64s": .integers([7])]),
        classical("OneHotEncoder", [.rows([1, 2], .int64, in: 0...4)], rows: 0, ["cats_int64s": .integers([1, 3])]),
        classical("ArrayFeatureExtractor", [.rows([1, 5]), .shared([2], .int64, in: 0...4)], rows: 0),
        // Labels by number, as converters choose them.
        classical("ArrayFeatureExtractor", [.shared([5]), .rows([1], .int64, in: 0...4)], rows: 1),
        classical("ArrayFeatureExtractor", [.shared([5]), .rows([1, 1], .int64, in: 0...4)], rows: 1),
        classical("ArrayFeatureExtractor", [.shared([2, 5]), .rows([1, 2], axis: 1, .int64, in: 0...4)], rows: 1),
        mixed("ArrayFeatureExtractor", [.rows([2, 5], axis: 1), .fixed([3])]),
        mixed("ArrayFeatureExtractor", [.shared([5]), .rows([2, 2], axis: 1, .int64, in: 0...4)]),
    ]

    private static let encodings: [RowCase] = [
        classical(
            "LabelEncoder", [.rows([2, 2], .int64, in: 0...4)], rows: 0,
            ["keys_int64s": .integers([1, 3]), "values_floats": .floats([0.5, 2])]),
        classical("FeatureVectorizer", [.rows([1, 2]), .rows([1, 3])], rows: 0, ["inputdimensions": .integers([3, 2])]),
        mixed("FeatureVectorizer", [.rows([2]), .rows([3])], ["inputdimensions": .integers([3, 2])]),
        RowCase("TfIdfVectorizer", [.rows([1, 6], .int32, in: 0...4)], rows: 0, grams),
        RowCase("TfIdfVectorizer", [.rows([3], .int32, in: 0...4)], .mixed, grams),
    ]

    private static let grams: [String: Attribute] = [
        "mode": .string("TF"), "min_gram_length": .integer(1), "max_gram_length": .integer(2), "max_skip_count": .integer(1),
        "ngram_counts": .integers([0, 2]), "ngram_indexes": .integers([0, 1, 2]), "pool_int64s": .integers([1, 3, 2, 4]),
    ]

    private static let vectors: [String: Attribute] = [
        "coefficients": .floats([1, -0.5, 0.25]), "support_vectors": .floats([0, 1, 1, 0, -1, 0.5]), "rho": .floats([0.1]),
        "kernel_type": .string("RBF"), "kernel_params": .floats([0.5, 0, 0]), "n_supports": .integer(3),
        "vectors_per_class": .integers([1, 2]), "classlabels_ints": .integers([5, 6]),
    ]

    private static let machines: [RowCase] = [
        classical("SVMClassifier", [.rows([2, 2])], rows: 0, outputs: 2, vectors),
        classical("SVMRegressor", [.rows([1, 2])], rows: 0, vectors),
    ]

    private static let coefficients: [String: Attribute] = [
        "coefficients": .floats([1, -0.5, 0.25, 2, 0, -1]), "intercepts": .floats([0.5, -1]),
    ]

    private static let scores: [RowCase] = [
        classical("LinearRegressor", [.rows([1, 3])], rows: 0, coefficients.merging(["targets": .integer(2)]) { $1 }),
        classical(
            "LinearClassifier", [.rows([2, 3])], rows: 0, outputs: 2,
            coefficients.merging(["classlabels_ints": .integers([5, 6]), "post_transform": .string("SOFTMAX")]) { $1 }),
    ]

    private static var forest: [TreeReference] {
        var numbers = TestNumbers(seed: 11)
        return (0..<5).map { _ in
            .random(
                depth: 4, features: 3, outputs: [0, 1, 2], modes: ["BRANCH_LEQ"], missing: true, weights: -2...2, &numbers)
        }
    }

    private static let trees: [RowCase] = [
        classical(
            "TreeEnsembleRegressor", [.rows([1, 3])], rows: 0, version: 1,
            TreeAttributes(forest, leaves: "target").attributes.merging(["n_targets": .integer(3)]) { $1 }),
        classical(
            "TreeEnsembleClassifier", [.rows([20, 3])], rows: 0, outputs: 2, version: 3,
            TreeAttributes(forest, leaves: "class").attributes.merging(["classlabels_int64s": .integers([4, 5, 6])]) { $1 }),
        classical(
            "TreeEnsemble", [.rows([1, 2])], rows: 0,
            [
                "n_targets": .integer(1), "aggregate_function": .integer(1), "post_transform": .integer(0),
                "tree_roots": .integers([0]), "nodes_modes": .tensor(Tensor([0, 0], .uint8, [2])),
                "nodes_featureids": .integers([0, 1]), "nodes_splits": .tensor(Tensor([0, 1], .float32, [2])),
                "nodes_truenodeids": .integers([0, 1]), "nodes_trueleafs": .integers([1, 1]),
                "nodes_falsenodeids": .integers([1, 2]), "nodes_falseleafs": .integers([0, 1]),
                "leaf_targetids": .integers([0, 0, 0]), "leaf_weights": .tensor(Tensor([10, 20, 30], .float32, [3])),
            ]),
    ]
}
