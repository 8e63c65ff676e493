import ServableCore
import Synchronization
import Testing

@Suite("ServableManager: files that change in place", .timeLimit(.minutes(1)))
struct ChangedFilesTests {
    private static let id = ServableID(name: "m", version: 1)

    private func changes(_ events: EventReader) -> Int {
        events.seen.count { if case .filesChanged(Self.id, _) = $0 { true } else { false } }
    }

    @Test("are reported once and not taken")
    func kept() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        await scene.look()
        #expect(scene.board.status(of: Self.id)?.notice == nil)
        for content in ["other model", "yet another model"] {
            try scene.directory.write("m/1/model.bin", content)
            await scene.look()
        }
        let notice = try #require(scene.board.status(of: Self.id)?.notice)
        #expect(notice.contains("have changed since it was loaded; what is loaded goes on serving; publish"))
        #expect(scene.log.lines(containing: "have changed since").count == 1)
        #expect(scene.loader.tries("m", 1) == 1 && scene.states("m") == ["1 AVAILABLE"])
        _ = await scene.manager.shutDown(timeout: .seconds(3600))
        await events.readToEnd()
        #expect(changes(events) == 1)
    }

    @Test("are loaded beside what serves when that is wished, and take its place")
    func reloaded() async throws {
        let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, changedInPlace: .reload))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        let old = try scene.table.handle("m", .latest)
        try scene.directory.write("m/1/model.bin", "other model")
        await scene.look()
        let new = try scene.table.handle("m", .latest)
        #expect(new !== old && scene.loader.tries("m", 1) == 2)
        #expect(scene.board.status(of: Self.id)?.notice == nil)
        await scene.look()
        #expect(scene.loader.tries("m", 1) == 2)
        #expect(scene.budget.reservedByteCount == 200)
        withExtendedLifetime(old) {}
    }

    @Test("that cannot be loaded leave what serves, and are tried again when they change again")
    func broken() async throws {
        let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, changedInPlace: .reload))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        scene.loader.set(.fail(LoadingTests.corrupt), for: "m", 1)
        try scene.directory.write("m/1/model.bin", "broken model")
        for _ in 0..<3 { await scene.look() }
        #expect(scene.loader.tries("m", 1) == 2 && scene.states("m") == ["1 AVAILABLE"])
        #expect(scene.log.lines(containing: "its changed files cannot be loaded").count == 1)
        #expect(scene.board.status(of: Self.id)?.notice != nil)
        scene.loader.set(.succeed, for: "m", 1)
        try scene.directory.write("m/1/model.bin", "mended model")
        await scene.look()
        #expect(scene.loader.tries("m", 1) == 3 && scene.board.status(of: Self.id)?.notice == nil)
        _ = await scene.manager.shutDown(timeout: .seconds(3600))
        #expect(scene.loader.census.living == 0 && scene.budget.reservedByteCount == 0)
    }

    @Test("since the last time that the version was loaded are reported at the next start", arguments: ["ab", "cd", nil])
    func atStart(digest: String?) async throws {
        let facts = ServableDescription(format: "onnx", digest: "ab", byteCount: 5, signaturesJSON: "{}")
        let life = PreviousLife(digests: digest.map { [Self.id: $0] } ?? [:])
        let scene = try Scene(loader: FakeLoader(facts: { facts }), previousLife: life)
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        await events.readUntil { $0 == .described(Self.id, facts) }
        _ = await scene.manager.shutDown(timeout: .seconds(3600))
        await events.readToEnd()
        #expect(changes(events) == (digest == "cd" ? 1 : 0))
        #expect(scene.log.lines(containing: "its files are not those that it was loaded from before").count == (digest == "cd" ? 1 : 0))
    }
}
