/// A change to a whole graph that keeps what it computes.
package protocol GraphPass: Sendable {
    /// Short, for dumps: `conv-batchnorm`.
    var name: String { get }

    /// - Returns: how many places were changed.
    /// - Throws: what an operator refused, with its node.
    func run(on graph: inout Graph) throws(NodeError) -> Int
}
