package import Tensors

/// What a dynamic operator gets when it runs: its inputs' contents and a way to run its subgraphs.
package struct EvaluationContext {
    /// nil where an optional input is absent. Valid only during the call.
    package let inputs: [TensorView?]
    package let outputCount: Int
    private let subgraphs: [any SubgraphRunner]

    package init(inputs: [TensorView?], outputCount: Int, subgraphs: [any SubgraphRunner] = []) {
        self.inputs = inputs
        self.outputCount = outputCount
        self.subgraphs = subgraphs
    }

    package func required(_ index: Int) throws(OperatorError) -> TensorView {
        guard index < inputs.count, let view = inputs[index] else {
            throw .invalidInput(index: index, reason: "is missing")
        }
        return view
    }

    /// Runs subgraph `index` (in the order of `Node.subgraphs`) with `inputs` for its formal inputs; what it captures
    /// from outside is supplied by the engine.
    package func run(subgraph index: Int, inputs: [TensorView]) throws -> [Tensor] {
        guard index < subgraphs.count else { throw OperatorError.invalidValue("has no subgraph \(index)") }
        return try subgraphs[index].run(inputs)
    }

    /// What is known of output `output` of subgraph `index` without running it; nil when nothing is.
    package func outputFact(ofSubgraph index: Int, _ output: Int) -> ValueFact? {
        guard index < subgraphs.count else { return nil }
        let facts = subgraphs[index].outputFacts
        return output < facts.count ? facts[output] : nil
    }
}

/// A subgraph ready to run.
package protocol SubgraphRunner {
    func run(_ inputs: [TensorView]) throws -> [Tensor]

    /// What is known of the outputs without running: the type of a loop's output that no round made. May be empty.
    var outputFacts: [ValueFact] { get }
}

extension SubgraphRunner {
    package var outputFacts: [ValueFact] { [] }
}
