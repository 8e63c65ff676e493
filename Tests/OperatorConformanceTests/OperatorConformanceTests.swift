import Foundation
import Testing

/// ONNX's own node tests, every one on every kernel level, with and without passes.
@Suite("Operator conformance")
struct OperatorConformanceTests {
    private static let cases = Result { try Fixtures.folders(in: Fixtures.root.appendingPathComponent("Operators")) }
        .map { folders in folders.map { folder in (folder.lastPathComponent, Result { try ConformanceCase(nodeTest: folder) }) } }

    @Test("the cases are all there")
    func complete() throws {
        let cases = try Self.cases.get()
        #expect(cases.count == 846)
        for name in KnownUnsupported.operators.keys { #expect(cases.contains { $0.0 == name }, "\(name) is no case") }
    }

    @Test("every case passes but those known not to", arguments: EngineConfiguration.all)
    func passes(_ configuration: EngineConfiguration) throws {
        for (name, entry) in try Self.cases.get() {
            let failure =
                switch entry {
                case .success(let entry): configuration.failure(of: entry)
                case .failure(let error): "\(error)"
                }
            switch (failure, KnownUnsupported.operators[name]) {
            case (nil, nil), (.some, .some): break
            case (.some(let text), nil): Issue.record("\(name): \(text)")
            case (nil, .some): Issue.record("\(name) passes now: take it out of KnownUnsupported.operators")
            }
        }
    }
}
