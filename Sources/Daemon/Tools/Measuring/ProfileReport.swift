import Inference
import Tensors

/// Where the time of runs went, by node and by operator.
struct ProfileReport: Encodable {
    struct Step: Encodable {
        let node: String
        let `operator`: String
        let outputs: [String]
        let calls: Int
        let milliseconds: Double
        /// Of the time of all steps, 0 to 1.
        let share: Double

        enum CodingKeys: String, CodingKey {
            case node, `operator`, outputs, calls, share
            case milliseconds = "ms"
        }
    }

    /// All nodes of one operator.
    private struct Kind {
        let name: String
        let nodeCount: Int
        let milliseconds: Double
        let share: Double

        init(_ name: String, _ steps: [Step]) {
            self.name = name
            nodeCount = steps.count
            milliseconds = steps.reduce(0) { $0 + $1.milliseconds }
            share = steps.reduce(0) { $0 + $1.share }
        }
    }

    private static let shownStepCount = 20

    private let runs: Int
    private let steps: [Step]

    /// - Parameter entries: by descending time.
    init(_ entries: [StepProfile.Entry], runs: Int) {
        self.runs = runs
        let total = max(1, entries.reduce(0) { $0 + $1.nanoseconds })
        steps = entries.map { entry in
            Step(
                node: entry.node, operator: entry.operatorName, outputs: entry.outputs.map(\.description), calls: entry.callCount,
                milliseconds: Double(entry.nanoseconds) / 1e6, share: Double(entry.nanoseconds) / Double(total))
        }
    }

    func encode(to encoder: any Encoder) throws { try steps.encode(to: encoder) }

    var lines: [String] {
        let operators = Dictionary(grouping: steps, by: \.operator).map(Kind.init).sorted { $0.milliseconds > $1.milliseconds }
            .map { kind in
                Self.row(kind.share, perRun(kind.milliseconds), "\(kind.name) (\(HumanText.plural(kind.nodeCount, "node")))")
            }
        let nodes = steps.prefix(Self.shownStepCount).map { step in
            let outputs = step.outputs.isEmpty ? "" : " → \(step.outputs.joined(separator: ", "))"
            return Self.row(step.share, perRun(step.milliseconds), "\(step.operator) \"\(step.node)\"\(outputs)")
        }
        let rest = steps.count - nodes.count
        return ["time by operator, a run"] + operators + ["time by node, a run"] + nodes
            + (rest > 0 ? ["  … and \(HumanText.plural(rest, "more node")) (--json has all)"] : [])
    }

    private func perRun(_ milliseconds: Double) -> String { HumanText.duration(milliseconds * 1e6 / Double(max(1, runs))) }

    private static func row(_ share: Double, _ time: String, _ text: String) -> String {
        "  \((HumanText.fixed(share * 100, decimals: 1) + " %").leftPadded(to: 7))  \(time.leftPadded(to: 8))  \(text)"
    }
}
