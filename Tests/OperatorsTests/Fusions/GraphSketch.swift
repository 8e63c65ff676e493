import GraphIR
import Operators
import Tensors

/// A graph drawn by a test, and its results node by node, without an engine.
struct GraphSketch {
    var graph = Graph(name: "sketch")

    mutating func input(_ dimensions: [Dimension], _ type: ElementType = .float32) -> ValueID {
        let value = graph.addValue(name: "input\(graph.inputs.count)", fact: ValueFact(type, SymbolicShape(dimensions)))
        graph.inputs.append(value)
        return value
    }

    mutating func constant(_ tensor: Tensor) -> ValueID { graph.addConstant(name: "constant\(graph.values.count)", tensor) }

    mutating func constant(_ values: [Float], _ shape: Shape? = nil) -> ValueID {
        constant(Tensor(values, shape: shape ?? [values.count]))
    }

    mutating func scalar(_ value: Float) -> ValueID { constant([value], .scalar) }

    mutating func node(_ op: any Operator, _ inputs: [ValueID?]) throws -> ValueID {
        let facts = try op.infer(OperatorInputs(inputs.map { $0.map { graph[$0].fact } }))
        let output = graph.addValue(name: "value\(graph.values.count)", fact: facts[0])
        graph.nodes.append(Node(name: "node\(graph.nodes.count)", op: op, inputs: inputs, outputs: [output]))
        return output
    }

    /// An operator by its ONNX name.
    mutating func node(
        _ name: String, _ inputs: [ValueID?], version: Int = 20, attributes: [String: Attribute] = [:]
    ) throws -> ValueID {
        let spellings =
            LinearOperators.spellings + ConvolutionOperators.spellings + NormalizationOperators.spellings
            + ActivationOperators.spellings + ElementwiseOperators.spellings + MovementOperators.spellings
            + ReductionOperators.spellings
        let op = try makeOperator(name, in: spellings, version: version, inputs: inputs.count, attributes: attributes)
        return try node(op, inputs)
    }

    /// Runs passes until they change nothing, and drops what nobody reads.
    mutating func fuse(by passes: [any GraphPass] = FusionPasses.all) throws {
        var changed = 1
        while changed > 0 {
            changed = 0
            for pass in passes { changed += try pass.run(on: &graph) }
            dropDeadNodes()
        }
    }

    private mutating func dropDeadNodes() {
        var needed = Set(graph.outputs), kept: [Node] = []
        for node in graph.nodes.reversed() where !needed.isDisjoint(with: node.outputs) {
            needed.formUnion(node.dependencies)
            kept.insert(node, at: 0)
        }
        graph.nodes = kept
    }

    /// The names of the nodes' operators, in order.
    var operators: [String] { graph.nodes.map(\.op.name) }

    /// The outputs for these inputs.
    func run(_ inputs: [Tensor]) throws -> [Tensor] {
        var tensors: [ValueID: Tensor] = [:]
        for (value, tensor) in zip(graph.inputs, inputs) { tensors[value] = tensor }
        for (index, value) in graph.values.enumerated() {
            if let constant = value.fact.constant { tensors[ValueID(index)] = constant }
        }
        for node in graph.nodes {
            let constants = node.inputs.indices.filter { node.inputs[$0].map { graph[$0].fact.constant != nil } ?? false }
            let result = try evaluate(node.op, node.inputs.map { $0.flatMap { tensors[$0] } }, constants: Set(constants))
            tensors[node.outputs[0]] = result[0]
        }
        return graph.outputs.compactMap { tensors[$0] }
    }
}
