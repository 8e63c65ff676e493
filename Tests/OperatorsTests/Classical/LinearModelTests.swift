import GraphIR
import Operators
import Tensors
import Testing

@Suite("LinearClassifier and LinearRegressor")
struct LinearModelTests {
    static let coefficients: [Float] = [1, -0.5, 0.25, 2, 0, -1, -0.75, 1, 0.5, 0.125, 3, -2, 0.5, 0.5, 1]
    static let intercepts: [Float] = [0.5, -1, 0.25]

    static func table(_ type: ElementType, rows: Int = 6, columns: Int = 5) -> Grid {
        var numbers = TestNumbers(seed: 3)
        return Grid(Tensor(numbers.wholes(rows * columns, in: -3...3), type, [rows, columns]))
    }

    static func scores(_ table: Grid, outputs: Int = 3) -> [[Double]] {
        (0..<table.shape[0]).map { row in
            (0..<outputs).map { output in
                (0..<table.shape[1]).reduce(Double(intercepts[output])) { sum, column in
                    sum + table[[row, column]] * Double(coefficients[output * table.shape[1] + column])
                }
            }
        }
    }

    @Test("answers the label of the best score, and the scores", arguments: ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
    func classes(_ transform: String) throws {
        let op = try classical(
            "LinearClassifier",
            [
                "coefficients": .floats(Self.coefficients), "intercepts": .floats(Self.intercepts),
                "classlabels_ints": .integers([5, 6, 7]), "post_transform": .string(transform),
            ])
        for type in classicalTypes {
            let table = Self.table(type), scores = Self.scores(table)
            let outputs = try evaluate(op, [table.tensor(type)], outputs: 2)
            #expect(outputs[0].integers == scores.map { 5 + ($0.firstIndex(of: $0.max() ?? 0) ?? 0) })
            let expected = scores.flatMap { scores in
                transform == "NONE" ? scores : transform == "LOGISTIC" ? scores.map(logistic) : softmax(scores)
            }
            // No score here is 0, so SOFTMAX_ZERO is the plain one.
            expectNumbers(outputs[1], expected, relative: 1e-5, absolute: 1e-6, "\(type)")
        }
    }

    @Test("a table of fewer columns reads the coefficients in rows as short, as ONNX Runtime does; one of more is refused")
    func fewerColumns() throws {
        let op = try classical(
            "LinearClassifier",
            [
                "coefficients": .floats(Self.coefficients), "intercepts": .floats(Self.intercepts),
                "classlabels_ints": .integers([5, 6, 7]),
            ])
        let table = Self.table(.float32, columns: 2)
        let outputs = try evaluate(op, [table.tensor(.float32)], outputs: 2)
        expectNumbers(outputs[1], Self.scores(table).flatMap(\.self), relative: 1e-5, absolute: 1e-6)
        expectRefusal(["6 features", "coefficients for 5"]) {
            _ = try evaluate(op, [Self.table(.float32, columns: 6).tensor(.float32)], outputs: 2)
        }
    }

    @Test("SOFTMAX_ZERO leaves a score of 0 without weight")
    func softmaxZero() throws {
        let op = try classical(
            "LinearClassifier",
            [
                "coefficients": .floats([1, 0, 2]), "classlabels_ints": .integers([0, 1, 2]),
                "post_transform": .string("SOFTMAX_ZERO"),
            ])
        let scores = try evaluate(op, [Tensor([1], .float32, [1, 1])], outputs: 2)[1]
        let weights = softmax([1, 2])
        expectNumbers(scores, [weights[0], 0, weights[1]], relative: 1e-6)
    }

    @Test("one row of coefficients decides between two labels by its sign", arguments: ["NONE", "LOGISTIC"])
    func binary(_ transform: String) throws {
        let op = try classical(
            "LinearClassifier",
            [
                "coefficients": .floats([2]), "intercepts": .floats([-1]), "classlabels_ints": .integers([10, 20]),
                "post_transform": .string(transform),
            ])
        let outputs = try evaluate(op, [Tensor([0, 0.5, 1], .float32, [3, 1])], outputs: 2)
        #expect(outputs[0].integers == [10, 10, 20])
        let expected = [-1.0, 0, 1].flatMap { transform == "NONE" ? [1 - $0, $0] : [logistic(-$0), logistic($0)] }
        expectNumbers(outputs[1], expected, relative: 1e-6)
    }

    @Test("a score that stands alone is left as it is", arguments: ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
    func alone(_ transform: String) throws {
        let op = try classical(
            "LinearRegressor", ["coefficients": .floats([2]), "intercepts": .floats([-1]), "post_transform": .string(transform)])
        #expect(try evaluate(op, [Tensor([0, 0.5, 3], .float32, [3, 1])])[0].numbers == [-1, 0, 5])
    }

    @Test("regresses, and PROBIT inverts the normal distribution as closely as its approximation does")
    func regression() throws {
        let op = try classical(
            "LinearRegressor",
            [
                "coefficients": .floats(Self.coefficients), "intercepts": .floats(Self.intercepts), "targets": .integer(3),
            ])
        let table = Self.table(.float32)
        expectNumbers(
            try evaluate(op, [table.tensor()])[0], Self.scores(table).flatMap { $0 }, relative: 1e-6, absolute: 1e-6)
        let probit = try classical(
            "LinearRegressor", ["coefficients": .floats([1]), "post_transform": .string("PROBIT")])
        let probabilities = [1e-6, 0.001, 0.25, 0.5, 0.9, 0.9999]
        let result = try evaluate(probit, [Tensor(probabilities, .float32, [6, 1])])[0]
        let back = result.numbers.map(RealNumbers.normalDistribution)
        for (probability, back) in zip(probabilities, back) {
            #expect(abs(probability - back) < 0.1 * min(probability, 1 - probability), "\(probability)")
        }
        // What onnxruntime gives.
        expectNumbers(result, [-4.744976, -3.084644, -0.6745743, 0, 1.281713, 3.711807], relative: 1e-4, absolute: 1e-6)
        let edges = try evaluate(probit, [Tensor([0, 1, 2], .float32, [3, 1])])[0].numbers
        #expect(edges[0] == -.infinity && edges[1] == .infinity && edges[2].isNaN)
    }

    @Test("a list is one row")
    func list() throws {
        let op = try classical("LinearRegressor", ["coefficients": .floats([1, 2]), "targets": .integer(1)])
        let result = try evaluate(op, [Tensor([3, 4], .float32, [2])])[0]
        #expect(result.shape == [1, 1] && result.numbers == [11])
    }

    @Test("refuses tables and attributes that do not match")
    func refusals() throws {
        let op = try classical("LinearRegressor", ["coefficients": .floats([1, 2]), "targets": .integer(1)])
        expectRefusal(["3 features", "for 2"]) { _ = try evaluate(op, [Grid(counting: [1, 3]).tensor()]) }
        expectRefusal(["rank 3"]) { _ = try evaluate(op, [Grid(counting: [1, 1, 2]).tensor()]) }
        expectRefusal(["bool"]) { _ = try evaluate(op, [Tensor([1, 0], .bool, [1, 2])]) }
        expectRefusal(["3 numbers", "2 rows"]) {
            _ = try classical("LinearRegressor", ["coefficients": .floats([1, 2, 3]), "targets": .integer(2)])
        }
        expectRefusal(["classlabels_ints", "one or the other"]) {
            _ = try classical("LinearClassifier", ["classlabels_strings": .strings(["a"]), "classlabels_ints": .integers([1])])
        }
        expectRefusal(["2 labels for 3 rows"]) {
            _ = try classical(
                "LinearClassifier",
                ["coefficients": .floats([1, 2, 3]), "intercepts": .floats([0, 0, 0]), "classlabels_ints": .integers([0, 1])])
        }
    }
}
