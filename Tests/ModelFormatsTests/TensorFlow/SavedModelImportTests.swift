import Foundation
import GraphIR
import Tensors
import Testing

@testable import ModelFormats

@Suite("SavedModelImporter")
struct SavedModelImportTests {
    /// A copy of a model of TensorFlow Serving's tests, to be damaged.
    private static func copy(_ name: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/SavedModels/\(name)")
        let source = fixtures.path
        for file in try FileManager.default.subpathsOfDirectory(atPath: source) {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(source)/\(file)", isDirectory: &isFolder)
            if isFolder.boolValue {
                try folder.makeFolder(file)
            } else {
                try folder.write(Array(try Data(contentsOf: URL(filePath: "\(source)/\(file)"))), to: file)
            }
        }
        return folder
    }

    @Test("reads signatures, variables and assets of a model of TensorFlow 2")
    func reads() throws {
        let folder = try Self.copy("half_plus_two")
        let model = try SavedModelImporter().load(path: folder.path)
        #expect(model.format == "savedmodel")
        #expect(
            model.signatures.map(\.name) == [
                "classify_x2_to_y3", "classify_x_to_y", "regress_x2_to_y3", "regress_x_to_y", "regress_x_to_y2", "serving_default",
            ])
        let signature = try #require(model.signature("serving_default"))
        #expect(signature.hasAdvisoryShapes)
        #expect(signature.inputs.map(\.name) == ["x"])
        let graph = try model.graph(for: signature)
        let variables = Dictionary(uniqueKeysWithValues: graph.initializers.map { ($0.name, $0.value) })
        guard case .dense(let half)? = variables["variable a"], case .dense(let two)? = variables["variable b"] else {
            Issue.record("the variables are no constants of the graph: \(variables.keys.sorted())")
            return
        }
        #expect(half.values(Float.self) == [0.5])
        #expect(two.values(Float.self) == [2])
        #expect(graph.nodes.allSatisfy { !$0.operatorName.hasPrefix("__inference") && $0.operatorName != "ReadVariableOp" })
        #expect(Set(model.files.all.map(\.name)).isSuperset(of: ["saved_model.pb", "variables/variables.index"]))
    }

    @Test("keeps variables that a signature writes, and restores them once")
    func keepsState() throws {
        let folder = try Self.copy("counter")
        let model = try SavedModelImporter().load(path: folder.path)
        let increment = try #require(model.signature("incr_counter"))
        let graph = try model.graph(for: increment)
        #expect(graph.nodes.contains { $0.operatorName == "VarHandleOp" })
        #expect(model.initialisation.flatMap(\.nodes).contains { $0.operatorName == "AssignVariableOp" })
    }

    /// What is done to a copy of the model, and words of the refusal.
    struct Damage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let expected: [String]
        let change: @Sendable (TemporaryFolder) throws -> Void

        init(_ name: String, _ expected: [String], _ change: @escaping @Sendable (TemporaryFolder) throws -> Void) {
            (testDescription, self.expected, self.change) = (name, expected, change)
        }
    }

    private static func edit(_ file: String, _ folder: TemporaryFolder, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = Array(try Data(contentsOf: URL(filePath: "\(folder.path)/\(file)")))
        change(&bytes)
        try folder.write(bytes, to: file)
    }

    static let damages: [Damage] = [
        Damage("a graph that is cut off", ["saved_model.pb", "damaged, cut off or not a SavedModel"]) { folder in
            try edit("saved_model.pb", folder) { $0.removeLast($0.count / 2) }
        },
        Damage("an empty graph", ["holds no graph"]) { try $0.write([], to: "saved_model.pb") },
        Damage("an index with a changed byte", ["variables.index", "wrong checksum in its block"]) { folder in
            try edit("variables/variables.index", folder) { $0[10] ^= 1 }
        },
        Damage("an index that is cut off", ["variables.index", "does not end as a sorted table does"]) { folder in
            try edit("variables/variables.index", folder) { $0.removeLast(1) }
        },
        Damage("variables with a changed byte", ["variable \"", "wrong checksum", "copy or export it again"]) { folder in
            try edit("variables/variables.data-00000-of-00001", folder) { bytes in
                for index in bytes.indices { bytes[index] ^= 1 }
            }
        },
        Damage("variables that are cut off", ["variable \"", "copy the file again"]) { folder in
            try edit("variables/variables.data-00000-of-00001", folder) { $0.removeAll() }
        },
        Damage("variables that are missing", ["variables.data-00000-of-00001", "cannot be opened"]) { folder in
            try FileManager.default.removeItem(atPath: "\(folder.path)/variables/variables.data-00000-of-00001")
        },
        Damage("variables behind a link that leads out", ["a link that leads out of the model's folder"]) { folder in
            let path = "\(folder.path)/variables/variables.data-00000-of-00001"
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/hostname")
        },
        Damage("an asset behind a link that leads out", ["asset \"foo.txt\"", "a link that leads out"]) { folder in
            let path = "\(folder.path)/assets/foo.txt"
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/hostname")
        },
    ]

    @Test("refuses damaged and misleading files and says which", arguments: damages)
    func refuses(_ damage: Damage) throws {
        let folder = try Self.copy("half_plus_two")
        try damage.change(folder)
        let error = try #require(throws: ImportError.self) {
            let model = try SavedModelImporter().load(path: folder.path)
            for signature in model.signatures { _ = try model.graph(for: signature) }
        }
        for word in damage.expected { #expect(error.description.contains(word), "\(error)") }
    }

    @Test("names the tags that a model has when none are those asked for")
    func tags() throws {
        let folder = try Self.copy("half_plus_two")
        let error = try #require(throws: ImportError.self) { try SavedModelImporter(tags: ["serve", "tpu"]).load(path: folder.path) }
        #expect(error.description.contains("exactly the tags { serve, tpu }, it has { serve }"))
    }
}

@Suite("SliceKey")
struct SliceKeyTests {
    /// Found in a checkpoint that TensorFlow wrote, and by the rules of its ordered code.
    @Test(
        "encodes as TensorFlow does",
        arguments: [
            ("w", [(0, 2), (0, 2)], [0, 0x77, 0, 1, 1, 2, 0x80, 0x82, 0x80, 0x82]),
            ("", [], [0, 0, 1, 0]),
            ("w", [(0, nil)], [0, 0x77, 0, 1, 1, 1, 0x80, 0x7F]),
            ("w", [(63, 64)], [0, 0x77, 0, 1, 1, 1, 0xBF, 0xC0, 0x40]),
            ("w", [(8191, 8192)], [0, 0x77, 0, 1, 1, 1, 0xDF, 0xFF, 0xE0, 0x20, 0x00]),
        ] as [(String, [(Int, Int?)], [UInt8])])
    func encodes(name: String, extents: [(Int, Int?)], key: [UInt8]) {
        let slice = TensorSlice(extents: extents.map { TensorSlice.Extent(start: $0.0, length: $0.1) })
        #expect(SliceKey.encode(Array(name.utf8), slice) == key)
    }
}
