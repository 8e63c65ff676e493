/// A change to a whole graph that keeps what it computes.
package protocol GraphPass: Sendable {
    /// Short, for dumps: `conv-batchnorm`.
    var name: String { get }

    /// - Returns: how many places were changed.
    func run(on graph: inout Graph) throws(OperatorError) -> Int
}
