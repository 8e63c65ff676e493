import Foundation

/// An ONNX model made to order.
struct TinyModel {
    let bytes: [UInt8]
    /// Files beside the model's own, by name.
    private let files: [String: [UInt8]]

    /// - Parameter graph: writes the graph with its inputs and outputs.
    init(
        opsets: [(domain: String, version: Int)] = [("", 17)], files: [String: [UInt8]] = [:], _ graph: (inout ProtobufBytes) -> Void
    ) {
        var model = ProtobufBytes()
        model.integer(1, 8)
        model.message(7) {
            $0.text(2, "tiny")
            graph(&$0)
        }
        for opset in opsets {
            model.message(8) {
                $0.text(1, opset.domain)
                $0.integer(2, opset.version)
            }
        }
        self.init(bytes: model.bytes, files: files)
    }

    private init(bytes: some Sequence<UInt8>, files: [String: [UInt8]] = [:]) {
        self.bytes = Array(bytes)
        self.files = files
    }

    /// The model with another file beside its own.
    func with(_ name: String, _ content: [UInt8]) -> TinyModel {
        TinyModel(bytes: bytes, files: files.merging([name: content]) { $1 })
    }

    /// Writes the version beside the others under a name that is no version, then publishes it at once.
    func publish(_ version: Int, in base: URL) throws {
        let draft = base.appending(path: ".\(version)")
        try FileManager.default.createDirectory(at: draft, withIntermediateDirectories: true)
        try Data(bytes).write(to: draft.appending(path: "model.onnx"))
        for (name, bytes) in files {
            let file = draft.appending(path: name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        try FileManager.default.moveItem(at: draft, to: base.appending(path: String(version)))
    }
}

/// Models from `x` to `y`, both float32[rows].
extension TinyModel {
    /// `y = x + k`: each answer tells which model made it.
    static func adding(_ k: Int) -> TinyModel {
        vectors { graph in
            graph.node("Add", ["x", "k"], ["y"], name: "shift")
            graph.floats("k", [1], [Float(k)])
        }
    }

    /// `sum = x + 1` and `quotient = 1 / x`.
    static let sumAndQuotient = TinyModel { graph in
        graph.node("Add", ["x", "one"], ["sum"], name: "add")
        graph.node("Div", ["one", "x"], ["quotient"], name: "divide")
        graph.floats("one", [1], [1])
        graph.input("x", .float, ["rows"])
        graph.output("sum", .float, ["rows"])
        graph.output("quotient", .float, ["rows"])
    }

    /// Node "mystery" asks for version 3 of an operator that nobody knows.
    static let unknownOperator = vectors(opsets: [("", 17), ("com.example", 3)]) { graph in
        graph.node("Frobnicate", ["x"], ["y"], name: "mystery", domain: "com.example")
    }

    /// Nodes "first" and "second" wait for each other.
    static let cyclic = vectors { graph in
        graph.node("Add", ["x", "b"], ["a"], name: "first")
        graph.node("Relu", ["a"], ["b"], name: "second")
        graph.node("Relu", ["b"], ["y"], name: "last")
    }

    /// A model whose file ends too early.
    static let truncated = TinyModel(bytes: adding(1).bytes.dropLast(20))

    private static func vectors(
        opsets: [(domain: String, version: Int)] = [("", 17)], _ body: (inout ProtobufBytes) -> Void
    ) -> TinyModel {
        TinyModel(opsets: opsets) { graph in
            body(&graph)
            graph.input("x", .float, ["rows"])
            graph.output("y", .float, ["rows"])
        }
    }
}
