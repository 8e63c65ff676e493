import Foundation

/// The model `weighted_sum`: `y = a + 2 b`, all float32[n], as an ONNX file.
enum WeightedSum {
    /// Publishes version 1 in the folder of all models, whole at once.
    static func publish(in models: URL) throws {
        let draft = models.appending(path: ".weighted_sum")
        try FileManager.default.createDirectory(at: draft.appending(path: "1"), withIntermediateDirectories: true)
        try Data(model).write(to: draft.appending(path: "1/model.onnx"))
        try FileManager.default.moveItem(at: draft, to: models.appending(path: "weighted_sum"))
    }

    /// ModelProto: ir_version 8, graph, opset_import 17 of the default domain.
    private static var model: [UInt8] { integer(1, 8) + field(7, graph) + field(8, integer(2, 17)) }

    private static var graph: [UInt8] {
        node("Add", ["b", "b"], "twice") + node("Add", ["a", "twice"], "y") + field(2, "sum") + vector(11, "a") + vector(11, "b")
            + vector(12, "y")
    }

    private static func node(_ name: String, _ inputs: [String], _ output: String) -> [UInt8] {
        field(1, inputs.flatMap { field(1, $0) } + field(2, output) + field(4, name))
    }

    /// ValueInfoProto: FLOAT with the one dimension "n".
    private static func vector(_ number: UInt8, _ name: String) -> [UInt8] {
        field(number, field(1, name) + field(2, field(1, integer(1, 1) + field(2, field(1, field(2, "n"))))))
    }

    // MARK: The protobuf wire format of short messages

    private static func integer(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }

    private static func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(content.count < 1 << 14, "two bytes hold no length of \(content.count)")
        let low = UInt8(content.count & 0x7F), high = UInt8(content.count >> 7)
        return [number << 3 | 2] + (high == 0 ? [low] : [low | 0x80, high]) + content
    }
}
