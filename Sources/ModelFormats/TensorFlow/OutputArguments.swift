import ServingMessages

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

    private func arguments(of node: TensorFlow.Node) -> [TensorFlow.Argument]? {
        definitions[node.operatorName] ?? OutputNames.arguments[node.operatorName]
    }

    private func width(of argument: TensorFlow.Argument, _ node: TensorFlow.Node) -> Int {
        let name = argument.countAttribute.isEmpty ? argument.typesAttribute : argument.countAttribute
        guard !name.isEmpty else { return 1 }
        // Counts that a node may leave out are 0 by default.
        guard let attribute = node.attribute(name) else { return 0 }
        if let list = attribute.list { return list.types.count }
        return Int(min(max(attribute.single.integers.last ?? 0, 0), Int64(Self.maximumWidth)))
    }

    /// A file may claim any number of outputs.
    static let maximumWidth = 100_000
}
