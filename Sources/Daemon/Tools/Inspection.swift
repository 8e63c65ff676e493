import GraphIR
import Inference
import ModelFormats

/// Prints one stage of a model in full.
struct Inspection {
    let file: ModelFile
    let stage: InspectionStage

    /// Stands for extents that the signature leaves open beside the rows.
    static let openExtent = 8

    func print(asJSON: Bool) throws {
        let signature = try file.shownSignature()
        switch stage {
        case .source: try print(GraphDescription(file.imported.graph(for: signature)), asJSON)
        case .graph: try print(GraphDescription(file.engine(signature, isOptimized: false).graph), asJSON)
        case .optimized: try print(GraphDescription(file.engine(signature, isOptimized: true).graph), asJSON)
        case .plan: try print(program(signature), asJSON)
        }
    }

    /// The stages, with the plan for one row.
    private func program(_ signature: Signature) throws -> ProgramDescription {
        let specs = try SampleInputs(openExtent: Self.openExtent).specs(signature)
        let engine = try file.engine(signature, isOptimized: true)
        return try file.located { try ProgramDescription(engine, for: specs) }
    }

    private func print(_ graph: GraphDescription, _ asJSON: Bool) throws {
        guard !asJSON else { return try JSONOutput.print(graph) }
        Swift.print(GraphText.lines(graph).joined(separator: "\n"))
    }

    private func print(_ program: ProgramDescription, _ asJSON: Bool) throws {
        if asJSON {
            // A graph without dynamic steps is its plan.
            if program.stages.count == 1, let plan = program.stages[0].plan { return try JSONOutput.print(plan) }
            return try JSONOutput.print(program)
        }
        for stage in program.stages {
            if let plan = stage.plan { return print(plan) }
            Swift.print(stage.kind)
            for node in stage.nodes { Swift.print("  \(node)") }
        }
        Swift.print("regions are planned when the shapes that dynamic steps give are known")
    }

    private func print(_ plan: PlanDescription) {
        for input in plan.inputs { Swift.print("input   \(input)") }
        for (index, step) in plan.steps.enumerated() {
            let scratch = step.scratchByteCount > 0 ? ", scratch \(step.scratchByteCount) bytes" : ""
            Swift.print("\(index)  \(step.operator) \"\(step.node)\"\(scratch)")
            for input in step.inputs { Swift.print("     from  \(input)") }
            for output in step.outputs { Swift.print("     to    \(output)") }
        }
        for output in plan.outputs { Swift.print("output  \(output)") }
        Swift.print("arena   \(plan.arenaByteCount) bytes")
    }
}

/// A graph as indented lines.
enum GraphText {
    static func lines(_ graph: GraphDescription) -> [String] {
        var lines = [
            "graph \"\(graph.name)\": \(graph.nodes.count) nodes, \(graph.constantCount) constants of "
                + "\(graph.constantByteCount) bytes"
        ]
        lines += graph.inputs.map { "input   \(text($0))" }
        lines += graph.nodes.flatMap { node in
            let outputs = node.outputs.map(text).joined(separator: ", ")
            let inputs = node.inputs.map { $0.isEmpty ? "-" : $0 }.joined(separator: ", ")
            let subgraphs = node.subgraphs.flatMap { Self.lines($0).map { "    " + $0 } }
            return ["  \(outputs) = \(node.operator)(\(inputs))" + (node.name.isEmpty ? "" : "  \"\(node.name)\"")] + subgraphs
        }
        lines += graph.outputs.map { "output  \(text($0))" }
        return lines
    }

    private static func text(_ value: GraphDescription.ValueDescription) -> String {
        value.type.map { "\(value.name): \($0)" } ?? value.name
    }
}
