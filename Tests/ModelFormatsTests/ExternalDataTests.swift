import GraphIR
import ModelFormats
import ProtobufWire
import Tensors
import Testing

@Suite("External tensor data")
struct ExternalDataTests {
    /// Eight floats, 0 to 7.
    static let weights: [UInt8] = (0..<8).flatMap { value in
        withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
    }

    private func model(_ entries: [(String, String)], extents: [Int64] = [2]) -> [UInt8] {
        WireWriter.model { graph in
            graph.input("x")
            graph.initializer("w", DataType.float, extents) { $0.external(entries) }
            graph.node("Add", ["x", "w"], ["y"])
            graph.output("y")
        }.bytes
    }

    @Test("reads a range of a file beside the model, in place")
    func reads() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("data")
        try folder.write(Self.weights, to: "data/weights.bin")
        let path = try folder.write(
            model([("location", "data/weights.bin"), ("offset", "8"), ("length", "8"), ("checksum", "ignored")]), to: "model.onnx"
        )
        let imported = try ONNXImporter().load(path: path)
        let tensor = try #require(imported.graph.dense(0))
        #expect(tensor.values(Float.self) == [2, 3])
        #expect(tensor.storage.file != nil)
        #expect(
            imported.byteCount == model([
                ("location", "data/weights.bin"), ("offset", "8"), ("length", "8"), ("checksum", "ignored"),
            ]).count + 32)
    }

    @Test("a range off its boundary is copied")
    func misaligned() throws {
        let folder = try TemporaryFolder()
        try folder.write([0] + Self.weights, to: "w.bin")
        let path = try folder.write(model([("location", "w.bin"), ("offset", "5")]), to: "model.onnx")
        let tensor = try #require(try ONNXImporter().load(path: path).graph.dense(0))
        #expect(tensor.values(Float.self) == [1, 2])
        #expect(tensor.storage.file == nil)
    }

    @Test("ranges may overlap, those that are copied and those that stay in the file")
    func overlapping() throws {
        let folder = try TemporaryFolder()
        // Large enough for pages to be given back.
        let count = 100_000
        let bytes = (0..<(4 * count + 8)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try folder.write(bytes, to: "w.bin")
        let offsets = [1, 0, 1, 4, 2]
        let path = try folder.write(
            WireWriter.model { graph in
                graph.input("x")
                for (index, offset) in offsets.enumerated() {
                    graph.initializer("w\(index)", DataType.float, [Int64(count)]) {
                        $0.external([("location", "w.bin"), ("offset", "\(offset)")])
                    }
                }
                graph.node("Custom", ["x"] + offsets.indices.map { "w\($0)" }, ["y"])
                graph.output("y")
            }.bytes, to: "model.onnx")
        let graph = try ONNXImporter().load(path: path).graph
        for (index, offset) in offsets.enumerated() {
            let tensor = try #require(graph.dense(index))
            #expect(tensor.withBytes { $0.elementsEqual(bytes[offset..<offset + 4 * count]) }, "at \(offset)")
            #expect((tensor.storage.file == nil) == !offset.isMultiple(of: 4))
        }
    }

    @Test("weight files together have a limit")
    func byteLimit() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.weights, to: "w.bin")
        let path = try folder.write(model([("location", "w.bin")]), to: "model.onnx")
        var limits = ImportLimits()
        limits.externalFileByteCount = 32
        _ = try ONNXImporter().load(path: path, limits: limits)
        limits.externalFileByteCount = 31
        let error = try #require(throws: ImportError.self) { try ONNXImporter().load(path: path, limits: limits) }
        #expect(error.description.contains("\"w.bin\", with which the model's files have 32 bytes; the limit is 31"), "\(error)")
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let entries: [(String, String)]
        let words: String

        init(_ name: String, _ entries: [(String, String)], _ words: String) {
            (testDescription, self.entries, self.words) = (name, entries, words)
        }
    }

    static let refused: [Refused] = [
        .init("absolute path", [("location", "/etc/hostname")], "only files inside the model's folder"),
        .init("parent folder", [("location", "../secret.bin")], "only files inside the model's folder"),
        .init("parent folder further in", [("location", "data/../../secret.bin")], "only files inside the model's folder"),
        .init("empty path", [("location", "")], "only files inside the model's folder"),
        .init("the folder itself", [("location", "./")], "only files inside the model's folder"),
        .init("no path", [("offset", "0")], "without a location"),
        .init("missing file", [("location", "nowhere.bin")], "cannot be opened"),
        .init("link out of the folder", [("location", "escape.bin")], "leads out of the model's folder"),
        .init("linked folder out of the folder", [("location", "elsewhere/secret.bin")], "leads out of the model's folder"),
        .init("a folder", [("location", "data")], "not a regular file"),
        .init("offset beyond the file", [("location", "w.bin"), ("offset", "64")], "which has 32"),
        .init("end beyond the file", [("location", "w.bin"), ("offset", "28")], "which has 32"),
        .init("offset that overflows", [("location", "w.bin"), ("offset", "9223372036854775807")], "which has 32"),
        .init("offset that is no number", [("location", "w.bin"), ("offset", "-4")], "external offset \"-4\""),
        .init(
            "length that is not the tensor's", [("location", "w.bin"), ("length", "4")], "has 4 bytes of data, float32[2] needs 8"
        ),
    ]

    @Test("refuses paths out of the model's folder and ranges outside of the file", arguments: refused)
    func refuses(_ entry: Refused) throws {
        let outside = try TemporaryFolder()
        try outside.write(Self.weights, to: "secret.bin")
        let folder = try TemporaryFolder()
        try folder.makeFolder("data")
        try folder.write(Self.weights, to: "w.bin")
        try folder.link("escape.bin", to: outside.path + "/secret.bin")
        try folder.link("elsewhere", to: outside.path)
        let path = try folder.write(model(entry.entries), to: "model.onnx")
        let error = try #require(throws: ImportError.self) { try ONNXImporter().load(path: path) }
        #expect(error.description.contains("initializer \"w\""), "\(error)")
        #expect(error.description.contains(entry.words), "\(error)")
    }

    @Test("the digest covers the weight files")
    func digest() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.weights, to: "w.bin")
        let path = try folder.write(model([("location", "w.bin")]), to: "model.onnx")
        let first = try ONNXImporter().load(path: path).digest()
        try folder.write(Self.weights.reversed(), to: "w.bin")
        let second = try ONNXImporter().load(path: path).digest()
        #expect(first != second)
        #expect(first.count == 64)
    }
}
