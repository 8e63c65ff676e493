import Tensors

/// A graph's initialisers in file order.
///
/// One that is sound but of a kind that Apus cannot hold is kept as its refusal, which counts only if a node reads it.
struct GraphConstants {
    private enum Content {
        case value(TensorValue)
        case refused(ImportError)
    }

    private(set) var names: [String] = []
    private var contents: [Content] = []
    private var indices: [String: Int] = [:]

    func index(of name: String) -> Int? { indices[name] }

    /// - Returns: false when the name is taken.
    mutating func append(_ name: String, _ make: () throws(ImportError) -> TensorValue) throws(ImportError) -> Bool {
        guard indices[name] == nil else { return false }
        let content: Content
        do throws(ImportError) { content = .value(try make()) } catch {
            guard case .unsupported = error else { throw error }
            content = .refused(error)
        }
        indices[name] = names.count
        names.append(name)
        contents.append(content)
        return true
    }

    /// Throws the refusal of a constant that is read.
    func dropUnreadable(read: Set<String>) throws(ImportError) {
        for (name, content) in zip(names, contents) {
            if case .refused(let error) = content, read.contains(name) { throw error }
        }
    }

    var readable: [(name: String, value: TensorValue)] {
        zip(names, contents).compactMap { name, content in
            if case .value(let value) = content { (name, value) } else { nil }
        }
    }
}

extension GraphBuilder {
    /// The dense and sparse initialisers of a graph; a sparse one is named by its values.
    func constants(of proto: ONNX.Graph, place: String) throws(ImportError) -> GraphConstants {
        try session.countInitializers(proto.initializers.count + proto.sparseInitializers.count)
        var constants = GraphConstants()
        for tensor in proto.initializers {
            try append(tensor.name, to: &constants, graph: place) { place throws(ImportError) in
                try tensors.value(tensor, place: place)
            }
        }
        for sparse in proto.sparseInitializers {
            try append(sparse.values?.name ?? "", to: &constants, graph: place) { place throws(ImportError) in
                TensorValue.dense(try tensors.dense(sparse, place: place))
            }
        }
        return constants
    }

    private func append(
        _ name: String, to constants: inout GraphConstants, graph: String,
        _ make: (String) throws(ImportError) -> TensorValue
    ) throws(ImportError) {
        let place = "initializer \"\(name)\""
        guard !name.isEmpty else { throw session.malformed(graph, "has an initializer without a name") }
        let isNew = try constants.append(name) { () throws(ImportError) in try make(place) }
        guard isNew else { throw session.malformed(place, "is there twice; names in a graph are unique") }
    }
}
