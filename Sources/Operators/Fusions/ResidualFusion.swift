package import GraphIR
import Tensors

/// A product or convolution followed by the addition of a value of the same shape → residual in the epilogue.
package struct ResidualFusion: GraphPass {
    package let name = "residual"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let host = graph.openHost(pair.producer), host.takesResidual, pair.producer.input(EpilogueInput.residual) == nil,
                let addend = pair.addend, graph[addend].fact.elementType == graph[pair.value].fact.elementType,
                areEqual(graph[pair.value].fact.shape, graph[addend].fact.shape)
            else { return nil }
            return pair.fused(host, inputs: pair.producer.inputs(putting: addend, at: EpilogueInput.residual))
        }
    }

    /// Whether the shapes are known to be equal: an extent that is unknown may be 1 on one side.
    private func areEqual(_ left: SymbolicShape?, _ right: SymbolicShape?) -> Bool {
        guard let left, let right else { return false }
        return left == right && !left.dimensions.contains(.unknown)
    }
}
