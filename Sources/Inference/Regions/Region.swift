import GraphIR
import Tensors

/// Static nodes between dynamic steps, with their plans by input shapes.
final class Region: Sendable {
    /// In topological order.
    let nodes: [Node]
    /// Dense values that are made elsewhere.
    let inputs: [ValueID]
    /// Whether the contents of each input are part of the plan's key, since shapes are computed from them.
    let isKeyed: [Bool]
    /// Values that are read elsewhere.
    let outputs: [ValueID]
    let plans: PlanCache

    init(nodes: [Node], inputs: [ValueID], isKeyed: [Bool], outputs: [ValueID], state: ModelState) {
        self.nodes = nodes
        self.inputs = inputs
        self.isKeyed = isKeyed
        self.outputs = outputs
        plans = PlanCache(limits: state.limits, allowance: state.held)
    }
}

/// A node that makes its own outputs while running, with the engines of its subgraphs.
struct DynamicStep: Sendable {
    let node: Node
    let engines: [Engine]
}
