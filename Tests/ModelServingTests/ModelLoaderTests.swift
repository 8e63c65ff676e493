import Foundation
import GraphIR
import Inference
import Logging
import ModelServing
import ServableCore
import Tensors
import Testing

@Suite struct ModelLoaderTests {
    private static let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "models").path

    private static func load(_ path: String) async throws -> LoadedModel {
        let lanes = LanePool(laneCount: 1)
        defer { lanes.stop() }
        let loader = ModelLoader(lanes: lanes, logger: Logger(label: "test"))
        let memory = ResourceBudget().reservation(named: "test")
        return try #require(await loader.load(ServableID(name: "m", version: 1), path: path, memory: memory) as? LoadedModel)
    }

    @Test("loads what ships in models/ and describes it", arguments: ["half_plus_two", "digits", "digits_cnn"])
    func loads(name: String) async throws {
        let model = try await Self.load("\(Self.models)/\(name)/1")
        #expect(model.format == "onnx")
        #expect(model.signatures.map(\.name) == ["serving_default"])
        let description = try #require(try model.describe())
        #expect(description.digest.count == 64)
        #expect(description.byteCount > 0 && model.memoryByteCount >= Int(description.byteCount))
        #expect(description.signaturesJSON.hasPrefix("[{\"name\":\"serving_default\""))
    }

    @Test("estimates memory from the files")
    func estimates() throws {
        let loader = ModelLoader(lanes: LanePool(laneCount: 1), logger: Logger(label: "test"))
        let bytes = try loader.estimatedMemory(of: ServableID(name: "m", version: 1), path: "\(Self.models)/digits/1")
        #expect(bytes > 69728)
    }

    @Test("a version that cannot be loaded says what and why", arguments: ["missing", "empty", "truncated", "noise"])
    func refuses(what: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        if what != "missing" { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
        let good = try Data(contentsOf: URL(filePath: "\(Self.models)/digits/1/model.onnx"))
        switch what {
        case "truncated": try good.prefix(good.count / 2).write(to: folder.appending(path: "model.onnx"))
        case "noise": try Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }).write(to: folder.appending(path: "model.onnx"))
        default: break
        }
        do {
            _ = try await Self.load(folder.path)
            Issue.record("\(what) was loaded")
        } catch let error as ServableError {
            #expect(error.message.contains(folder.path), "\(error)")
            #expect([.unavailable, .failedPrecondition, .dataLoss].contains(error.code), "\(error)")
        }
    }
}
