import GraphIR
package import Tensors

/// A plan in words, for `apus inspect`.
package struct PlanDescription: Codable, Sendable {
    package struct StepDescription: Codable, Sendable {
        package let node: String
        package let `operator`: String
        /// Where each operand lies: `input 0`, `arena 128`, `constant float32[64,10]`, `-` for one that is not read.
        package let inputs: [String]
        package let outputs: [String]
        package let scratchByteCount: Int
    }

    package let inputs: [String]
    package let outputs: [String]
    package let steps: [StepDescription]
    package let arenaByteCount: Int

    init(_ plan: Plan) {
        inputs = plan.inputs.map(\.description)
        outputs = plan.outputs.map { "\($0.spec) at \(Self.text($0.location))" }
        steps = plan.notes.map { note in
            StepDescription(
                node: note.node, operator: note.operatorName, inputs: note.inputs.map(Self.text),
                outputs: zip(note.outputs, note.outputSpecs).map { "\($1) at \(Self.text($0))" },
                scratchByteCount: note.scratchByteCount)
        }
        arenaByteCount = plan.arenaByteCount
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

/// The stages of an engine in words, for `apus inspect`.
package struct ProgramDescription: Codable, Sendable {
    package struct StageDescription: Codable, Sendable {
        /// `region` or `dynamic step`.
        package let kind: String
        /// The nodes, as `name (operator)`.
        package let nodes: [String]
        /// Of a region whose input shapes are known ahead.
        package let plan: PlanDescription?
    }

    package let stages: [StageDescription]

    /// - Parameter specs: the inputs that plans are made for.
    package init(_ engine: Engine, for specs: [TensorSpec]) throws(EngineError) {
        let whole = try engine.plan(for: specs).map(PlanDescription.init)
        stages = engine.program.stages.map { stage in
            switch stage {
            case .region(let region): StageDescription(kind: "region", nodes: region.nodes.map(Self.text), plan: whole)
            case .dynamic(let step): StageDescription(kind: "dynamic step", nodes: [Self.text(step.node)], plan: nil)
            }
        }
    }

    private static func text(_ node: Node) -> String { "\(node.name) (\(node.op.name))" }
}
