package import GraphIR
package import Tensors

/// A network made ready for concrete input shapes: kernels in order and where each operand lies.
///
/// Immutable and shared by all threads. A plan ends at the last node, or at a *boundary*: a node whose output shapes
/// depend on contents. What follows a boundary is planned when those shapes have appeared.
package final class Plan: Sendable {
    /// One kernel call.
    package struct Step: Sendable {
        package let node: String
        package let operatorName: String
        package let kernel: any Kernel
        package let inputs: [Location]
        package let outputs: [Location]
        package let outputSpecs: [TensorSpec]
        /// Byte offset of the scratch memory in the arena.
        package let scratchOffset: Int
        package let scratchByteCount: Int
    }

    /// Where a value's bytes are.
    package enum Location: Sendable {
        /// An optional input left out.
        case absent
        case constant(Tensor)
        /// The caller's memory for input `index`.
        case input(Int)
        /// Byte offset in the arena.
        case arena(Int)
    }

    package struct Output: Sendable {
        package let location: Location
        package let spec: TensorSpec
    }

    package let inputs: [TensorSpec]
    package let steps: [Step]
    package let arenaByteCount: Int
    /// The graph's outputs; before a boundary, all values that it or what follows needs.
    package let outputs: [Output]
    let boundary: PlanBoundary?
    let sessions = SessionPool()

    init(
        inputs: [TensorSpec], steps: [Step], arenaByteCount: Int, outputs: [Output], boundary: PlanBoundary?
    ) {
        self.inputs = inputs
        self.steps = steps
        self.arenaByteCount = arenaByteCount
        self.outputs = outputs
        self.boundary = boundary
    }

    /// Whether everything is decided ahead: a run allocates nothing.
    package var isStatic: Bool { boundary == nil }
}

/// The node that a plan stops at, and how to go on behind it.
final class PlanBoundary: Sendable {
    let node: EngineNode
    /// Positions in the plan's outputs of the node's inputs and captures; nil where an input is absent.
    let inputPositions: [Int?]
    let capturePositions: [Int]
    /// What the following plan takes, in order.
    let carried: [Carried]
    private let builder: PlanBuilder
    private let continuations: PlanCache

    enum Carried: Sendable {
        case planOutput(Int)
        case nodeOutput(Int)
    }

    init(
        node: EngineNode, inputPositions: [Int?], capturePositions: [Int], carried: [Carried], builder: PlanBuilder,
        limits: EngineLimits
    ) {
        self.node = node
        self.inputPositions = inputPositions
        self.capturePositions = capturePositions
        self.carried = carried
        self.builder = builder
        continuations = PlanCache(capacity: limits.maximumPlans)
    }

    /// The plan of what follows, for the shapes that the node's outputs turned out to have.
    func continuation(for specs: [TensorSpec]) throws(EngineError) -> Plan {
        try continuations.plan(for: specs) { () throws(EngineError) in
            var builder = builder
            return try builder.resume(behind: node.node, outputs: specs)
        }
    }
}

/// A node with the engines of its subgraphs.
struct EngineNode: Sendable {
    var node: Node
    let engines: [Engine]
}
