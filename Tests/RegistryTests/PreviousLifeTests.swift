import Registry
import ServableCore
import Testing

@Suite("ModelRegistry: what served last")
struct PreviousLifeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let events: [ServableEvent]
        let served: Int64?
        var testDescription: String { name }
    }

    private static func served(_ version: Int64, from start: Int64, to end: Int64? = nil) -> [ServableEvent] {
        let begin: [ServableEvent] = [
            .status("m", version, .start, start), .status("m", version, .loading, start), .status("m", version, .available, start),
        ]
        return begin + (end.map { [.status("m", version, .unloading, $0), .status("m", version, .end, $0)] } ?? [])
    }

    private static func failed(_ version: Int64, _ second: Int64) -> [ServableEvent] {
        [
            .status("m", version, .start, second), .status("m", version, .loading, second),
            .status("m", version, .end, error: ServableError(.dataLoss, "cut short"), second),
        ]
    }

    static let cases = [
        Case(name: "nothing", events: [], served: nil),
        Case(name: "a failed one", events: failed(3, 1), served: nil),
        Case(name: "the one before a failed one", events: served(2, from: 1, to: 5) + failed(3, 3), served: 2),
        Case(name: "after a swap", events: served(1, from: 1, to: 3) + served(2, from: 2, to: 9), served: 2),
        Case(name: "after a way back", events: served(2, from: 1, to: 3) + served(1, from: 2, to: 9), served: 1),
        Case(name: "after a kill", events: served(1, from: 1, to: 3) + served(2, from: 2), served: 2),
        Case(name: "of two at once the newer", events: served(1, from: 1, to: 9) + served(2, from: 2, to: 9), served: 2),
        Case(name: "of two after a kill the newer", events: served(2, from: 1) + served(1, from: 2), served: 2),
    ]

    /// A process's life with these events. Its hold on the database ends with the registry.
    private static func live(_ events: [ServableEvent], in directory: TemporaryDirectory) async throws {
        let registry = try ModelRegistry(path: directory.database, now: moment(0))
        try await registry.record(events)
        try await registry.close()
    }

    @Test("is the newest of those that served at the end", arguments: cases)
    func lastServed(_ tested: Case) async throws {
        let directory = try TemporaryDirectory()
        try await Self.live(tested.events + [.described("m", 2, digest: "ab", 10)], in: directory)
        let second = try ModelRegistry(path: directory.database, now: moment(100))
        let life = try second.previousLife()
        #expect(life.lastServed["m"] == tested.served)
        let wasLoaded = tested.events.contains(.status("m", 2, .available, 1)) || tested.events.contains(.status("m", 2, .available, 2))
        #expect(life.digests[ServableID(name: "m", version: 2)] == (wasLoaded ? "ab" : nil))
        try await second.close()
    }

    @Test("changed files and what keeps models from being found are events")
    func events() async throws {
        let directory = try TemporaryDirectory()
        let registry = try ModelRegistry(path: directory.database, now: moment(0))
        try await registry.record([
            ServableEvent(time: moment(1), kind: .filesChanged(ServableID(name: "m", version: 2), detail: "its files have changed")),
            ServableEvent(time: moment(2), kind: .problem(model: "m", "no such path")),
            ServableEvent(time: moment(3), kind: .problem(model: "m", nil)),
        ])
        #expect(
            try await registry.story(model: "m") == [
                "files_changed m/2 its files have changed", "model_unavailable m no such path failed", "model_found m",
            ])
        try await registry.close()
    }
}
