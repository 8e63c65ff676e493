import Foundation

/// What was waited for did not come.
struct WaitedInVain: Error, CustomStringConvertible {
    let what: String
    let state: String
    var description: String { "waited in vain for \(what)\n\(state)" }
}

/// Asks again and again until the answer is yes.
///
/// The bound only ends a test that would hang; it is no claim of speed, as the machine may be slow and busy.
/// - Parameter state: what to tell when the answer never was yes.
func eventually(
    _ what: String, state: () -> String = { "" }, isTrue: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !isTrue() {
        guard ContinuousClock.now < end else { throw WaitedInVain(what: what, state: state()) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
