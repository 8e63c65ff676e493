import Foundation
import FuzzTargets
import Testing

/// Replays what fuzzing has found worth keeping; `Fixtures/Fuzz` tells how it grows.
@Suite("The fuzzing corpus")
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/Fuzz")

    private func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appending(path: name))))
        }
    }

    @Test("holds nothing that is taken wrongly", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let inputs = try inputs(target)
        #expect(inputs.count >= 10)
        for (name, bytes) in inputs {
            #expect(target.violation(bytes) == nil, "\(target.rawValue)/\(name)")
        }
    }

    @Test("can be cut off anywhere", arguments: FuzzTarget.allCases)
    func prefixes(_ target: FuzzTarget) throws {
        for (name, bytes) in try inputs(target) where bytes.count <= 200 {
            for count in bytes.indices {
                #expect(target.violation(Array(bytes[..<count])) == nil, "\(target.rawValue)/\(name), the first \(count) bytes")
            }
        }
    }
}
