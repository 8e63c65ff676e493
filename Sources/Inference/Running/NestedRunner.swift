import GraphIR
import Tensors

/// A subgraph with what it captures from around the node.
struct NestedRunner: SubgraphRunner {
    let engine: Engine
    let captured: [ValueView]
    let scope: RunScope

    var outputFacts: [ValueFact] { engine.graph.outputFacts }

    func lend(_ inputs: [ValueView], to body: ([ValueView]) throws -> Void) throws {
        try engine.run(inputs + captured, scope) { outputs in try body((0..<outputs.count).map { outputs[$0] }) }
    }

    func run(_ inputs: [ValueView]) throws -> [RuntimeValue] {
        try engine.run(inputs + captured, scope) { outputs in
            try (0..<outputs.count).map { index in
                do throws(MemoryRefusal) {
                    return try outputs[index].owned(allowance: scope.allowance)
                } catch {
                    throw OperatorError.memory(error)
                }
            }
        }
    }

    func rounds(_ specs: [TensorSpec]) throws -> (any SubgraphRounds)? {
        let views = captured.compactMap { if case .dense(let view) = $0 { view } else { nil } }
        guard views.count == captured.count, let plan = try engine.plan(for: specs + views.map(\.spec)) else { return nil }
        return try PlanRounds(plan, captured: views, in: scope)
    }
}
