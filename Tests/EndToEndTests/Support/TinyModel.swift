import Foundation

/// An ONNX model from `x` to `y`, both float32[rows], made to order.
struct TinyModel {
    let bytes: [UInt8]

    /// `y = x + k`: each answer tells which model made it.
    static func adding(_ k: Int) -> TinyModel {
        TinyModel { graph in
            graph.node("Add", ["x", "k"], ["y"], name: "shift")
            graph.vector("k", [Float(k)])
        }
    }

    /// Node "mystery" asks for version 3 of an operator that nobody knows.
    static let unknownOperator = TinyModel(opsets: [("", 17), ("com.example", 3)]) { graph in
        graph.node("Frobnicate", ["x"], ["y"], name: "mystery", domain: "com.example")
    }

    /// Nodes "first" and "second" wait for each other.
    static let cyclic = TinyModel { graph in
        graph.node("Add", ["x", "b"], ["a"], name: "first")
        graph.node("Relu", ["a"], ["b"], name: "second")
        graph.node("Relu", ["b"], ["y"], name: "last")
    }

    /// A model whose file ends too early.
    static let truncated = TinyModel(bytes: adding(1).bytes.dropLast(20))

    /// Writes the version beside the others under a name that is no version, then publishes it at once.
    func publish(_ version: Int, in base: URL) throws {
        let draft = base.appending(path: ".\(version)")
        try FileManager.default.createDirectory(at: draft, withIntermediateDirectories: true)
        try Data(bytes).write(to: draft.appending(path: "model.onnx"))
        try FileManager.default.moveItem(at: draft, to: base.appending(path: String(version)))
    }

    private init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    private init(opsets: [(domain: String, version: Int)] = [("", 17)], _ body: (inout ProtobufBytes) -> Void) {
        var model = ProtobufBytes()
        model.integer(1, 8)
        model.message(7) { graph in
            body(&graph)
            graph.text(2, "tiny")
            graph.rows(11, "x")
            graph.rows(12, "y")
        }
        for opset in opsets {
            model.message(8) {
                $0.text(1, opset.domain)
                $0.integer(2, opset.version)
            }
        }
        bytes = model.bytes
    }
}

/// Fields of `GraphProto` in onnx.proto3.
extension ProtobufBytes {
    fileprivate mutating func node(_ name: String, _ inputs: [String], _ outputs: [String], name node: String, domain: String = "") {
        message(1) {
            for input in inputs { $0.text(1, input) }
            for output in outputs { $0.text(2, output) }
            $0.text(3, node)
            $0.text(4, name)
            $0.text(7, domain)
        }
    }

    /// An initialiser of type FLOAT with raw data.
    fileprivate mutating func vector(_ name: String, _ values: [Float]) {
        message(5) {
            $0.integer(1, values.count)
            $0.integer(2, 1)
            $0.text(8, name)
            $0.delimited(9, values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } })
        }
    }

    /// An input or output: FLOAT with the one dimension "rows".
    fileprivate mutating func rows(_ field: Int, _ name: String) {
        message(field) {
            $0.text(1, name)
            $0.message(2) { type in
                type.message(1) { tensor in
                    tensor.integer(1, 1)
                    tensor.message(2) { shape in shape.message(1) { $0.text(2, "rows") } }
                }
            }
        }
    }
}
