import GraphIR
import Tensors

/// A plan told in words, for `apus inspect`.
package struct PlanDescription: Codable, Sendable {
    package struct StepDescription: Codable, Sendable {
        package let node: String
        package let `operator`: String
        /// Where each operand lies: `input 0`, `arena 128`, `constant float32[64,10]`, `-` for one left out.
        package let inputs: [String]
        package let outputs: [String]
        package let scratchByteCount: Int
    }

    package let inputs: [String]
    package let outputs: [String]
    package let steps: [StepDescription]
    package let arenaByteCount: Int
    /// The node whose contents decide what follows; nil when the plan covers the whole graph.
    package let boundary: String?

    package init(_ plan: Plan) {
        inputs = plan.inputs.map(\.description)
        outputs = plan.outputs.map { "\($0.spec) at \(Self.text($0.location))" }
        steps = plan.steps.map { step in
            StepDescription(
                node: step.node, operator: step.operatorName, inputs: step.inputs.map(Self.text),
                outputs: zip(step.outputs, step.outputSpecs).map { "\($1) at \(Self.text($0))" },
                scratchByteCount: step.scratchByteCount)
        }
        arenaByteCount = plan.arenaByteCount
        boundary = plan.boundary.map { "\($0.node.node.name) (\($0.node.node.op.name))" }
    }

    private static func text(_ location: Plan.Location) -> String {
        switch location {
        case .absent: "-"
        case .constant(let tensor): "constant \(tensor.spec)"
        case .input(let index): "input \(index)"
        case .arena(let offset): "arena \(offset)"
        }
    }
}
