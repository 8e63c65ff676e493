/// What an operator refused, with the node where it did.
package struct NodeError: Error, Sendable {
    package let node: String
    package let operatorName: String
    package let error: OperatorError

    package init(node: String, operatorName: String, error: OperatorError) {
        self.node = node
        self.operatorName = operatorName
        self.error = error
    }

    package init(_ node: Node, _ error: OperatorError) {
        self.node = node.name
        operatorName = node.op.name
        self.error = error
    }
}
