import Foundation

enum Fixtures {
    /// `Tests/Fixtures/REST`.
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/REST")

    /// The contract's vectors, or those that `APUS_REST_VECTORS` names.
    static let vectorFile =
        ProcessInfo.processInfo.environment["APUS_REST_VECTORS"].map { URL(fileURLWithPath: $0) }
        ?? folder.appendingPathComponent("rest_vectors.json")
}
