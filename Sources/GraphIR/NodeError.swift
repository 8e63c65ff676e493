/// What an operator refused, with the node where it did.
package struct NodeError: Error, Sendable {
    package let node: String
    package let operatorName: String
    package let error: OperatorError

    package init(_ node: Node, _ error: OperatorError) {
        self.node = node.name
        operatorName = node.op.name
        self.error = error
    }
}
