import Dispatch
import ServableCore
import Testing

@Suite("Absence: why a request finds no version", .timeLimit(.minutes(1)))
struct AbsenceTests {
    private static let since = Timestamp(microsecondsSinceEpoch: 0)
    private static let corrupt = ServableError(.dataLoss, "file is cut short")

    private static func status(_ version: Int64, _ state: ServableState, error: ServableError? = nil, last: ServableError? = nil)
        -> ServableStatus
    {
        ServableStatus(id: ServableID(name: "m", version: version), state: state, error: error, lastError: last, since: since, path: "")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var wanted: WantedModel? = WantedModel(versions: [3])
        var statuses: [ServableStatus] = []
        var version: Int64?
        let absence: Absence
        var testDescription: String { name }
    }

    static var cases: [Case] {
        [
            Case(name: "nobody configured it", wanted: nil, absence: .unknown(near: [])),
            Case(name: "found, and about to begin", absence: .expected("no load has begun")),
            Case(name: "to be loaded", statuses: [status(3, .start)], absence: .expected("version 3 is START")),
            Case(name: "being loaded", statuses: [status(3, .loading)], absence: .expected("version 3 is LOADING")),
            Case(name: "being loaded, by number", statuses: [status(3, .loading)], version: 3, absence: .expected("version 3 is LOADING")),
            Case(
                name: "between two tries", statuses: [status(3, .loading, last: corrupt)],
                absence: .failed("version 3 is LOADING: DATA_LOSS: file is cut short")),
            Case(
                name: "failed", statuses: [status(3, .end, error: corrupt)],
                absence: .failed("version 3 is END: DATA_LOSS: file is cut short")),
            Case(name: "no path", wanted: WantedModel(problem: "no such path"), absence: .failed("no such path")),
            Case(name: "another version", statuses: [status(3, .available)], version: 7, absence: .unknown(near: [])),
            Case(name: "a retired version", statuses: [status(3, .available), status(2, .end)], version: 2, absence: .unknown(near: [])),
            Case(
                name: "cold", wanted: WantedModel(versions: [3], isOnDemand: true), statuses: [status(3, .start)],
                absence: .expected("version 3 is START")),
            Case(
                name: "unloaded to make room", wanted: WantedModel(versions: [3], isOnDemand: true), statuses: [status(3, .unloading)],
                absence: .expected("version 3 is UNLOADING")),
            Case(
                name: "did not fit before", wanted: WantedModel(versions: [3], isOnDemand: true),
                statuses: [status(3, .end, error: ServableError(.resourceExhausted, "full"))],
                absence: .expected("version 3 is END: RESOURCE_EXHAUSTED: full")),
        ]
    }

    @Test("is told apart", arguments: cases)
    func kinds(_ tested: Case) {
        let board = StatusBoard()
        for status in tested.statuses { board.set(status) }
        board.setWanted(tested.wanted.map { ["m": $0] } ?? [:])
        #expect(board.absence(of: "m", version: tested.version) == tested.absence)
    }

    @Test("models that were configured are expected while the directories are looked at")
    func firstLook() async throws {
        let scene = try Scene(source: SlowSource())
        try scene.directory.addVersion("m/1")
        let serving = Task { try await scene.manager.apply([scene.specification("m")]) }
        for await _ in SlowSource.begun.stream { break }
        #expect(scene.board.absence(of: "m", version: nil) == .expected("models are being looked for"))
        #expect(scene.board.absence(of: "n", version: nil) == .unknown(near: []))
        SlowSource.gate.signal()
        try await serving.value
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(scene.table.names == ["m"])
    }

    @Test(
        "of a wrong name says which were probably meant",
        arguments: [
            ("half_plus_tow", ["half_plus_two"]), ("digit", ["digits"]), ("resnet51", ["resnet50", "resnet152"]), ("x", []),
            ("half", []), ("", []), (String(repeating: "d", count: 10_000), []),
        ])
    func near(name: String, names: [String]) {
        #expect(NearNames.near(to: name, among: ["half_plus_two", "digits", "resnet50", "resnet152", "mnist"]) == names)
    }
}

@Suite("Arrivals", .timeLimit(.minutes(1)))
struct ArrivalsTests {
    /// What a request that waits for version 1 of "m" got.
    private func wait(_ scene: Scene, timeout: Duration = .seconds(600)) -> AsyncStream<Int64?> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int64?.self)
        let table = scene.table
        scene.manager.arrivals.wait(for: "m", timeout: timeout) { (isLast: Bool) -> (@Sendable () -> Void)? in
            do throws(ServableError) {
                let found = try table.handle("m", .latest).id.version
                return { _ = continuation.yield(found) }
            } catch {
                guard isLast else { return nil }
                return { _ = continuation.yield(nil) }
            }
        }
        return stream
    }

    private func first(_ stream: AsyncStream<Int64?>) async -> Int64?? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }

    @Test("a request that waits goes on when its version is there, or at once when it is there already")
    func arrives() async throws {
        let scene = try Scene()
        let waiting = wait(scene)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        #expect(await first(waiting) == 1)
        #expect(await first(wait(scene)) == 1)
    }

    @Test("a request gives up when its time is over")
    func givesUp() async throws {
        let scene = try Scene()
        #expect(await first(wait(scene, timeout: .zero)) == .some(nil))
        #expect(await first(wait(scene, timeout: .milliseconds(1))) == .some(nil))
    }
}
