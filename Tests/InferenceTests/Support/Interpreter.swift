import GraphIR
import Tensors

/// Computes a random graph node by node from what its operators mean, with nothing of the engine's.
struct Interpreter {
    enum Value: Equatable {
        case floats(shape: [Int], [Float])
        case integers([Int64])
        case flag(Bool)

        init(_ tensor: Tensor) {
            switch tensor.elementType {
            case .float32: self = .floats(shape: tensor.shape.extents, tensor.values())
            case .int64: self = .integers(tensor.values())
            default: self = .flag(tensor.values(Bool.self)[0])
            }
        }
    }

    private var values: [String: Value]

    /// - Parameter scope: values that a subgraph sees from around it, and its formal inputs.
    static func run(_ graph: SourceGraph, _ scope: [String: Value]) -> [Value] {
        var interpreter = Interpreter(values: scope)
        for (name, value) in graph.initializers {
            if case .dense(let tensor) = value { interpreter.values[name] = Value(tensor) }
        }
        for node in graph.nodes { interpreter.run(node) }
        return graph.outputs.map { interpreter.value($0.name) }
    }

    private func value(_ name: String) -> Value {
        guard let value = values[name] else { fatalError("\(name) is read before it is made") }
        return value
    }

    private func floats(_ name: String) -> (shape: [Int], elements: [Float]) {
        guard case .floats(let shape, let elements) = value(name) else { fatalError("\(name) holds no floats") }
        return (shape, elements)
    }

    private func integers(_ name: String) -> [Int64] {
        guard case .integers(let elements) = value(name) else { fatalError("\(name) holds no integers") }
        return elements
    }

    private mutating func run(_ node: SourceNode) {
        let results = node.attributes["body"] != nil || node.attributes["then"] != nil ? control(node) : compute(node)
        for (name, result) in zip(node.outputs, results) { values[name] = result }
    }

    private func compute(_ node: SourceNode) -> [Value] {
        let input = node.inputs[0]
        switch node.operatorName {
        case "Mix":
            let a = floats(input), b = floats(node.inputs[1]).elements
            let mixed = a.elements.enumerated().map { $1 * 0.5 + (b.isEmpty ? 1 : b[$0 % b.count]) }
            return [.floats(shape: a.shape, mixed)]
        case "Fork":
            let x = floats(input)
            return [.floats(shape: x.shape, x.elements.map { $0 + 1 }), .floats(shape: x.shape, x.elements.map { -$0 })]
        case "Positives":
            let positives = floats(input).elements.filter { $0 > 0 }
            return [.floats(shape: [positives.count], positives)]
        case "Reshape", "LazyReshape":
            return [.floats(shape: integers(node.inputs[1]).map(Int.init), floats(input).elements)]
        case "Fill", "LazyFill":
            let shape = integers(input).prefix(3).map { Int(abs($0) % 4) }
            return [.floats(shape: shape, (0..<shape.reduce(1, *)).map(Float.init))]
        case "Shape": return [.integers(floats(input).shape.map(Int64.init))]
        case "Count": return [.integers([Int64(floats(input).elements.count { $0 > 0 })])]
        case "Reverse": return [.integers(integers(input).reversed())]
        case "Product": return [.integers([integers(input).reduce(1, &*)])]
        case "Rounds": return [.integers([abs(integers(input).first ?? 0) % 4])]
        case "IsEven": return [.flag(integers(input).reduce(0, &+) % 2 == 0)]
        default: fatalError("\(node.operatorName) has no meaning here")
        }
    }

    private func control(_ node: SourceNode) -> [Value] {
        if node.operatorName == "If" {
            let branch = value(node.inputs[0]) == .flag(true) ? "then" : "else"
            return Self.run(subgraph(node, branch), values)
        }
        let body = subgraph(node, "body")
        var carried = node.inputs.dropFirst().map(value)
        for round in 0..<(integers(node.inputs[0])[0]) {
            var scope = values
            for (formal, value) in zip(body.inputs, [.integers([round])] + carried) { scope[formal.name] = value }
            carried = Self.run(body, scope)
        }
        return carried
    }

    private func subgraph(_ node: SourceNode, _ attribute: String) -> SourceGraph {
        guard case .graph(let graph)? = node.attributes[attribute] else { fatalError("\(node.name) has no \(attribute)") }
        return graph
    }
}
