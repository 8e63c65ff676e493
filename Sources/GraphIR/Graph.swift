package import Tensors

/// A value of a graph: the index into `Graph.values`.
package struct ValueID: Sendable, Hashable {
    package let index: Int
    package init(_ index: Int) { self.index = index }
}

/// A network in the engine's own terms: typed values, operator nodes in topological order.
package struct Graph: Sendable {
    package var name: String
    package var values: [Value]
    /// Topologically ordered: a node stands after all that make its inputs.
    package var nodes: [Node]
    package var inputs: [ValueID]
    package var outputs: [ValueID]

    package init(
        name: String, values: [Value] = [], nodes: [Node] = [], inputs: [ValueID] = [], outputs: [ValueID] = []
    ) {
        self.name = name
        self.values = values
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
    }

    package subscript(id: ValueID) -> Value {
        get { values[id.index] }
        set { values[id.index] = newValue }
    }

    package mutating func addValue(name: String, fact: ValueFact) -> ValueID {
        values.append(Value(name: name, fact: fact))
        return ValueID(values.count - 1)
    }

    /// Adds a constant value.
    package mutating func addConstant(name: String, _ tensor: Tensor) -> ValueID {
        addValue(name: name, fact: ValueFact(constant: tensor))
    }
}

/// An edge of the graph.
package struct Value: Sendable {
    package var name: String
    package var fact: ValueFact
    package init(name: String, fact: ValueFact) {
        self.name = name
        self.fact = fact
    }
}

/// One operator application.
package struct Node: Sendable {
    package var name: String
    package var op: any Operator
    /// nil where an optional input is left out.
    package var inputs: [ValueID?]
    package var outputs: [ValueID]
    package var subgraphs: [Subgraph]
    /// Values of this graph that the subgraphs read besides the node's inputs, each once.
    package var captures: [ValueID]

    package init(
        name: String, op: any Operator, inputs: [ValueID?], outputs: [ValueID], subgraphs: [Subgraph] = [],
        captures: [ValueID] = []
    ) {
        self.name = name
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
        self.subgraphs = subgraphs
        self.captures = captures
    }

    /// Every value that must exist before the node can run.
    package var dependencies: [ValueID] { inputs.compactMap(\.self) + captures }
}

/// A graph that a node runs: a branch, a loop body.
package struct Subgraph: Sendable {
    /// Its inputs are the formal ones, then one for each capture.
    package var graph: Graph
    /// Which of the node's captures they are, by position in `Node.captures`.
    package var captures: [Int]

    package init(graph: Graph, captures: [Int]) {
        self.graph = graph
        self.captures = captures
    }
}

extension Graph {
    package var outputFacts: [ValueFact] { outputs.map { self[$0].fact } }

    /// The dense constants that nodes read, also those of graphs inside nodes, and that are outputs.
    package var readConstants: [Tensor] {
        let own = Set(nodes.flatMap(\.dependencies) + outputs).compactMap { self[$0].fact.constant }
        return own + nodes.flatMap { $0.subgraphs.flatMap(\.graph.readConstants) }
    }

    /// Forgets the contents of constants that no node reads any more.
    package mutating func dropUnreadConstants() {
        let read = Set(nodes.flatMap(\.dependencies) + outputs + inputs)
        for index in values.indices where !read.contains(ValueID(index)) && values[index].fact.isConstant {
            values[index].fact = ValueFact(values[index].fact.valueType)
        }
    }
}
