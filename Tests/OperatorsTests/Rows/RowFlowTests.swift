import GraphIR
import Operators
import Tensors
import Testing

@Suite("Rows of a batch")
struct RowFlowTests {
    @Test("are where the rule says, and nowhere else", arguments: RowCases.all)
    func rule(_ row: RowCase) throws {
        for count in row.rowCounts {
            let trial = try RowTrial(row, rowCount: count)
            switch (row.expected, try trial.flow()) {
            case (.states(let expected), .states(let states)):
                #expect(states == expected, "of \(count) rows")
                let trial = try trial.completed()
                for (index, state) in states.enumerated() {
                    let violation = try trial.violation(of: state, output: index)
                    #expect(violation == nil, "of \(count) rows")
                }
            case (.mixed, .mixed), (.declined, .mixed): break
            case (_, .states(let states)): Issue.record("claims \(states) for \(count) rows")
            case (_, .mixed(let reason)): Issue.record("\(reason), for \(count) rows")
            }
        }
    }

    /// Refusals that are too cautious would have models run slowly, so that each is either necessary or known not to be.
    @Test(
        "cannot be kept apart where the rule says so",
        arguments: RowCases.all.filter { if case .states = $0.expected { false } else { true } })
    func refusal(_ row: RowCase) throws {
        var possible: [Set<RowState>]?
        for count in row.rowCounts {
            let refused = try RowTrial(row, rowCount: count)
            // Where a row alone is refused, it has no result that a batch could hold.
            guard let trial = try? refused.completed() else {
                possible = [[]]
                continue
            }
            let states = try (0..<row.outputCount).map { try trial.possibleStates(ofOutput: $0) }
            possible = possible.map { zip($0, states).map { $0.intersection($1) } } ?? states
        }
        let isPossible = try #require(possible).allSatisfy { !$0.isEmpty }
        if case .declined = row.expected {
            #expect(isPossible)
        } else {
            #expect(!isPossible, "could be \(possible ?? [])")
        }
    }

    /// Every operator of the table with its rows along every axis of every input that takes them.
    @Test("are claimed only where they are", arguments: RowCases.all)
    func soundness(_ row: RowCase) throws {
        for axes in placements(of: row) {
            let placed = row.carrying(axes)
            for count in [2, 3] {
                // Most placements do not fit the operator.
                guard let trial = try? RowTrial(placed, rowCount: count) else { continue }
                guard case .states(let states) = try trial.flow() else { continue }
                let completed: RowTrial
                do { completed = try trial.completed() } catch {
                    Issue.record("\(placed.testDescription) claims \(states), but a row alone is refused: \(error)")
                    continue
                }
                #expect(states.count == row.outputCount)
                for (index, state) in states.enumerated() {
                    let violation = try completed.violation(of: state, output: index)
                    #expect(violation == nil, "\(placed.testDescription) claims \(states) for \(count) rows")
                }
            }
        }
    }

    /// The axes of the rows by input, for one to three inputs that carry them.
    private func placements(of row: RowCase) -> [[Int?]] {
        var result: [[Int?]] = [[]]
        for input in row.inputs {
            let axes: [Int?] = input.map { $0.isFree ? [nil] + $0.shape.indices.map { $0 } : [nil] } ?? [nil]
            result = result.flatMap { placed in axes.map { placed + [$0] } }
                .filter { $0.count { $0 != nil } <= 3 }
        }
        return result.filter { $0.contains { $0 != nil } }
    }

    /// Shapes that follow from contents are not known before running.
    @Test("are not claimed for knowing less", arguments: RowCases.all)
    func unknownShapes(_ row: RowCase) throws {
        let trial = try RowTrial(row, rowCount: 2), all = Set(row.inputs.indices)
        for hidden in all.map({ [$0] as Set }) + [all] {
            guard case .states(let states) = try trial.flow(hiding: hidden) else { continue }
            if case .states(let expected) = row.expected {
                #expect(states == expected || states == [.counted], "without the shapes of \(hidden)")
            } else {
                Issue.record("claims \(states) without the shapes of \(hidden)")
            }
        }
    }

    /// Operators that take or give strings, sequences or maps alone; cases have tensors of numbers.
    private static let withoutNumbers = [
        "StringConcat", "StringSplit", "StringNormalizer", "RegexFullMatch", "LabelEncoder", "CategoryMapper", "DictVectorizer",
        "CastMap", "ZipMap", "ImageDecoder", "ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement",
        "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap",
        "SplitToSequence", "Tokenizer",
    ]

    /// Operators that claim nothing: their requests run alone.
    private static let alone = [
        "AffineGrid", "Bernoulli", "BlackmanWindow", "DynamicQuantizeLSTM", "HammingWindow", "HannWindow", "MaxRoiPool", "MaxUnpool",
        "MelWeightMatrix", "Multinomial", "NonMaxSuppression", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
        "RelativePositionBias", "RoiAlign", "Scan",
    ]

    @Test("have a rule for every operator that ONNX models may name")
    func coverage() {
        for entry in StandardOperators.catalog.listing {
            // TensorFlow's names have no versions.
            for versions in entry.versions where versions.lowerBound > 0 {
                let hasCase = RowCases.all.contains {
                    $0.domain == entry.domain && $0.name == entry.name && versions.contains($0.version)
                }
                // A constant has no inputs, a range and a condition are single numbers; most made-up matrices have no inverse.
                let isExempt = (["Constant", "Range", "If", "Inverse"] + Self.withoutNumbers + Self.alone).contains(entry.name)
                #expect(hasCase || isExempt, "\(entry.name) of opset \(versions.lowerBound)")
            }
        }
        #expect(RowCases.all.contains { $0.name == "Linear" } && RowCases.all.contains { $0.name == "Conv" && $0.fused != nil })
    }
}
