import GraphIR
import Operators
import Tensors
import Testing

@Suite("SVMClassifier, SVMRegressor")
struct SupportVectorTests {
    private static let table: [Double] = [0.5, -1, 2, 1]
    private static let vectors: [String: Attribute] = [
        "support_vectors": .floats([0, 1, 1, 0, -1, 0.5, 0.25, -2]), "kernel_params": .floats([0.5, 1, 2]),
    ]
    private static let three: [String: Attribute] = [
        "classlabels_ints": .integers([3, 4, 5]), "coefficients": .floats([1, -0.5, 0.25, -1, 0.5, 1, -1, 0.75]),
        "rho": .floats([0.1, -0.2, 0.3]), "vectors_per_class": .integers([1, 2, 1]),
    ]
    private static let two: [String: Attribute] = [
        "classlabels_ints": .integers([3, 4]), "coefficients": .floats([1, -0.5, 0.25, -1]), "rho": .floats([0.1]),
        "vectors_per_class": .integers([1, 3]), "kernel_type": .string("RBF"),
    ]

    @Test(
        "scores every pair of classes",
        arguments: [
            ("LINEAR", [4, 4], [-1.4, -2.825, 3.39375, -0.275, 1.8, 2.675]),
            ("POLY", [4, 3], [-0.36875, -4.328906, 4.80293, 0.365625, 0.8625, 4.284375]),
            ("RBF", [4, 3], [-0.0218479, -0.72815317, 1.1707644, 0.05384649, -0.13473484, 0.65987766]),
            ("SIGMOID", [3, 3], [0.2535047, -0.9371286, 1.4123068, 0.58436406, 0.00765543, 1.202798]),
        ] as [(String, [Double], [Double])])
    func pairs(_ kind: String, _ labels: [Double], _ scores: [Double]) throws {
        let op = try classical(
            "SVMClassifier", Self.vectors.merging(Self.three) { $1 }.merging(["kernel_type": .string(kind)]) { $1 })
        for type in [ElementType.float32, .float64] {
            let results = try evaluate(op, [Tensor(Self.table, type, [2, 2])], outputs: 2)
            #expect(results[0].numbers == labels)
            expectNumbers(results[1], scores, relative: 1e-4, kind)
        }
    }

    @Test("couples probabilities of pairs")
    func probabilities() throws {
        let more: [String: Attribute] = [
            "kernel_type": .string("RBF"), "prob_a": .floats([-1, -2, -1.5]), "prob_b": .floats([0.1, 0.2, -0.1]),
        ]
        let op = try classical("SVMClassifier", Self.vectors.merging(Self.three) { $1 }.merging(more) { $1 })
        let results = try evaluate(op, [Tensor(Self.table, .float32, [2, 2])], outputs: 2)
        #expect(results[0].numbers == [4, 3])
        expectNumbers(results[1], [0.2292999, 0.5717612, 0.1989389, 0.2966902, 0.4575320, 0.2457778], relative: 1e-4, "probabilities")
    }

    @Test("gives two classes a score each")
    func pair() throws {
        let attributes = Self.vectors.merging(Self.two) { $1 }
        let table = Tensor(Self.table, .float32, [2, 2])
        let margins = try evaluate(classical("SVMClassifier", attributes), [table], outputs: 2)
        #expect(margins[0].numbers == [4, 3])
        expectNumbers(margins[1], [0.6097176, -0.6097176, -0.05144401, 0.05144401], relative: 1e-4, "margins")
        for transform in ["SOFTMAX", "SOFTMAX_ZERO"] {
            let rest = attributes.merging(["post_transform": .string(transform)]) { $1 }
            let scores = try evaluate(classical("SVMClassifier", rest), [table], outputs: 2)[1]
            expectNumbers(scores, [1.6097176, -0.6097176, 0.948556, 0.05144401], relative: 1e-4, transform)
        }
        let logistic = attributes.merging(["post_transform": .string("LOGISTIC")]) { $1 }
        let scores = try evaluate(classical("SVMClassifier", logistic), [table], outputs: 2)[1]
        expectNumbers(scores, [0.6478764, 0.35212362, 0.4871418, 0.5128582], relative: 1e-4, "logistic")
    }

    @Test("coefficients that are all positive change nothing about the vote")
    func positiveCoefficients() throws {
        let attributes = Self.vectors.merging(Self.two) { $1 }.merging(["coefficients": .floats([1, 0.5, 0.25, 1])]) { $1 }
        let results = try evaluate(classical("SVMClassifier", attributes), [Tensor(Self.table, .float32, [2, 2])], outputs: 2)
        #expect(results[0].numbers == [3, 3])
        expectNumbers(results[1], [-1.1012832, 1.1012832, -0.4241284, 0.4241284], relative: 1e-4, "margins")
    }

    @Test("weighs features where there are no vectors, and prefers the second class for any score above 0")
    func weights() throws {
        let op = try classical(
            "SVMClassifier",
            ["classlabels_ints": .integers([3, 4]), "coefficients": .floats([1, -0.5, 0.25, -1]), "rho": .floats([0.1])])
        let results = try evaluate(op, [Tensor(Self.table, .float32, [2, 2])], outputs: 2)
        #expect(results[0].numbers == [4, 4])
        expectNumbers(results[1], [1.1, 1.225, 1.6, -0.4], relative: 1e-5, "weights")
    }

    @Test(
        "regresses, or tells what is alike, whatever the transform",
        arguments: [(0, [-0.6097176, 0.051444]), (1, [-1, 1])] as [(Int64, [Double])], ["NONE", "LOGISTIC", "PROBIT"])
    func regressor(_ expectation: (oneClass: Int64, numbers: [Double]), _ transform: String) throws {
        let more: [String: Attribute] = [
            "coefficients": .floats([1, -0.5, 0.25, -1]), "rho": .floats([0.1]), "n_supports": .integer(4),
            "kernel_type": .string("RBF"), "one_class": .integer(expectation.oneClass), "post_transform": .string(transform),
        ]
        let op = try classical("SVMRegressor", Self.vectors.merging(more) { $1 })
        let result = try evaluate(op, [Tensor(Self.table, .float32, [2, 2])])[0]
        #expect(result.shape == [2, 1])
        expectNumbers(result, expectation.numbers, relative: 1e-4, "one class \(expectation.oneClass)")
    }

    @Test("refuses attributes that do not match")
    func refusals() {
        for (name, value) in [
            ("coefficients", .floats([1])), ("vectors_per_class", .integers([4, -1, 1])), ("rho", .floats([])),
            ("prob_a", .floats([1])), ("vectors_per_class", .integers([1, 1])), ("kernel_params", .floats([1])),
        ] as [(String, Attribute)] {
            #expect(throws: OperatorError.self) {
                _ = try classical("SVMClassifier", Self.vectors.merging(Self.three) { $1 }.merging([name: value]) { $1 })
            }
        }
    }
}
