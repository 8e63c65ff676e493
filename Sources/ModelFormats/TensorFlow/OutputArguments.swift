/// Where the named outputs of operators begin among all outputs of a node.
///
/// References inside functions name an output and count within it (`unique:idx:0`); the engine counts through. What the outputs
/// of an operator are called is in the definitions that a model brings along, and for functions in their signatures.
struct OutputArguments {
    private var definitions: [String: [TensorFlow.Argument]] = [:]

    init(_ operators: [TensorFlow.Definition], functions: [TensorFlow.Function]) {
        for definition in operators { definitions[definition.name] = definition.outputs }
        for function in functions {
            guard let signature = function.signature else { continue }
            definitions[signature.name] = signature.outputs
        }
    }

    /// How many outputs a node has; nil when its operator is not known.
    func count(of node: TensorFlow.Node) -> Int? {
        arguments(of: node)?.reduce(0) { $0 + width(of: $1, node) }
    }

    /// The position of element `index` of the output called `name`; nil when the node has no such output.
    func position(of name: String, _ index: Int, in node: TensorFlow.Node) -> Int? {
        guard let arguments = arguments(of: node) else { return index }
        var first = 0
        for argument in arguments {
            let width = width(of: argument, node)
            if argument.name == name { return (0..<width).contains(index) ? first + index : nil }
            first += width
        }
        return nil
    }

    private func arguments(of node: TensorFlow.Node) -> [TensorFlow.Argument]? { definitions[node.operatorName] }

    private func width(of argument: TensorFlow.Argument, _ node: TensorFlow.Node) -> Int {
        if !argument.countAttribute.isEmpty {
            // Bounded: a count is never more than what some list of the file has, or a Split's outputs.
            let count = node.attribute(argument.countAttribute)?.single.integers.last ?? 1
            return Int(min(max(count, 0), Self.maximumWidth))
        }
        if !argument.typesAttribute.isEmpty { return node.attribute(argument.typesAttribute)?.list?.types.count ?? 0 }
        return 1
    }

    private static let maximumWidth: Int64 = 100_000
}
