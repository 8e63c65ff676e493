import Foundation

/// What of the repository the tests use as it is.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let configuration = root.appending(path: "config/apus.yaml")
    static let models = root.appending(path: "models")
    static let fixtures = root.appending(path: "Tests/Fixtures/Models")

    static func readme() throws -> String {
        try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    }
}
