import Foundation
import Testing

/// Whole models against the answers of another runtime.
@Suite("Model conformance")
struct ModelConformanceTests {
    private static let shipped = Result { try entries(in: Fixtures.root.appendingPathComponent("Models")) }

    /// The folder that the environment variable APUS_TEST_CORPUS names: more models, in the same form.
    private static let extra = ProcessInfo.processInfo.environment["APUS_TEST_CORPUS"]

    /// ONNX entries, folders without `meta.json` left out.
    private static func entries(in folder: URL) throws -> [(folder: URL, meta: CorpusMeta)] {
        try Fixtures.folders(in: folder)
            .filter { FileManager.default.fileExists(atPath: $0.appendingPathComponent("meta.json").path) }
            .map { ($0, try CorpusMeta(folder: $0)) }
            .filter { $0.meta.format == "onnx" }
    }

    @Test("every model that ships passes but those known not to", arguments: EngineConfiguration.all)
    func shippedModels(_ configuration: EngineConfiguration) throws {
        let entries = try Self.shipped.get()
        #expect(entries.count == 12)
        for (folder, meta) in entries { try check(folder, meta, configuration) }
    }

    @Test(
        "every model of APUS_TEST_CORPUS passes but those known not to", .enabled(if: extra != nil),
        arguments: EngineConfiguration.all.suffix(2))
    func extraModels(_ configuration: EngineConfiguration) throws {
        let entries = try Self.entries(in: URL(fileURLWithPath: try #require(Self.extra)))
        #expect(!entries.isEmpty, "the folder holds no entry of an ONNX model")
        for (folder, meta) in entries { try check(folder, meta, configuration) }
    }

    private func check(_ folder: URL, _ meta: CorpusMeta, _ configuration: EngineConfiguration) throws {
        let entry = Result { try ConformanceCase(entry: folder, meta: meta) }
        let failure =
            switch entry {
            case .success(let entry): configuration.failure(of: entry)
            case .failure(let error): "\(error)"
            }
        switch (failure, KnownUnsupported.models[meta.name]) {
        case (nil, nil), (.some, .some): break
        case (.some(let text), nil): Issue.record("\(meta.name): \(text)")
        case (nil, .some): Issue.record("\(meta.name) passes now: take it out of KnownUnsupported.models")
        }
    }
}
