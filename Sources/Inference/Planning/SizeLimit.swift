import GraphIR
import Tensors

/// Refuses results that cannot be held, before a kernel computes anything from their size.
enum SizeLimit {
    /// - Parameter spec: of a value, nil where its shape is not known yet.
    static func check(_ nodes: [Node], limit: Int, _ spec: (ValueID) -> TensorSpec?) throws(EngineError) {
        for node in nodes {
            for output in node.outputs {
                guard let spec = spec(output), spec.byteCount > limit else { continue }
                throw .tooLarge(
                    what: "node \"\(node.name)\" (\(node.op.name)): output of type \(spec)", byteCount: spec.byteCount, limit: limit)
            }
        }
    }
}
