import Dispatch
import ServableCore

/// Looks at directories once it is let: a look that takes its time. For one test.
struct SlowSource: VersionSource {
    static let gate = DispatchSemaphore(value: 0)
    static let begun = AsyncStream.makeStream(of: Void.self)

    func discover(_ specification: ServingSpecification, known: [ServableID: Bool]) -> Discovery {
        Self.begun.continuation.yield()
        Self.gate.wait()
        Self.gate.signal()
        return DirectorySource().discover(specification, known: known)
    }

    func fingerprint(of path: String) -> VersionFingerprint? { DirectorySource().fingerprint(of: path) }
}
