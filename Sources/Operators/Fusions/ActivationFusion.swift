package import GraphIR

/// A product or convolution followed by an activation → activation in the epilogue.
package struct ActivationFusion: GraphPass {
    package let name = "activation"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard var host = graph.openHost(pair.producer), let activation = pair.consumer.op as? any FusableActivation,
                pair.consumer.input(0) == pair.value,
                let function = activation.fusedActivation(of: graph.facts(of: pair.consumer))
            else { return nil }
            host.activation = function
            return pair.fused(host, inputs: pair.producer.inputs)
        }
    }
}
