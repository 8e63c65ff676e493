import Dispatch
import Glibc
import ServableCore
import Synchronization
import Testing

@Suite("ServableManager: load, swap, unload", .timeLimit(.minutes(1)))
struct ServableManagerTests {
    @Test("loads the newest version and publishes every state in order")
    func loads() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        #expect(try scene.table.handle("m", .latest).id.version == 2)
        #expect(scene.states("m") == ["2 AVAILABLE"])
        await events.readUntil("m", 2, is: .available)
        #expect(events.states == ["m 2 START", "m 2 LOADING", "m 2 AVAILABLE"])
        #expect(scene.loader.tries("m", 1) == 0)
        #expect(await scene.manager.initialLoad(timeout: .seconds(1)) == [])
    }

    @Test("a new version is available before the old one goes, and the old one's memory is freed when its last handle goes")
    func swap() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        var held: ServableHandle? = try scene.table.handle("m", .latest)
        weak let old = held?.servable
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/2")
        await scene.manager.poll()
        await events.readUntil("m", 1, is: .unloading)
        #expect(events.states == ["m 2 START", "m 2 LOADING", "m 2 AVAILABLE", "m 1 UNLOADING"])
        #expect(held?.id.version == 1)
        #expect(old != nil && scene.loader.census.living == 2)
        held = nil
        await events.readUntil("m", 1, is: .end)
        #expect(old == nil && scene.loader.census.living == 1)
        #expect(throws: ServableError.self) { try scene.table.handle("m", .version(1)) }
        #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
        #expect(scene.board.status(of: ServableID(name: "m", version: 1))?.error == nil)
    }

    @Test("whoever reads available from the board finds the version in the table")
    func orderOfPublication() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        let (table, board) = (scene.table, scene.board)
        let id = ServableID(name: "m", version: 2)
        let watcher = Task.detached {
            while board.status(of: id)?.state != .available { await Task.yield() }
            return table.versions(of: "m").contains(2)
        }
        try scene.directory.addVersion("m/2")
        await scene.look()
        #expect(await watcher.value)
    }

    @Test("a directory that goes unloads its version and the next best takes over")
    func fallsBack() async throws {
        let scene = try Scene()
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        scene.directory.remove("m/2")
        await scene.look()
        #expect(try scene.table.handle("m", .latest).id.version == 1)
        #expect(scene.states("m") == ["2 END", "1 AVAILABLE"])
        scene.directory.remove("m/1")
        await scene.look()
        #expect(scene.table.names.isEmpty)
        #expect(scene.loader.census.living == 0)
        #expect(scene.board.unreadiness().first?.contains("has no version directory") == true)
    }

    @Test("a base path that goes away takes nothing down and concerns its own model only")
    func vanishedBasePath() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("a/1")
        try scene.directory.addVersion("b/1")
        try await scene.serve(scene.specification("a"), scene.specification("b"), scene.specification("c"))
        #expect(scene.board.unreadiness().map { $0.contains("/c\" does not exist") } == [true])
        try scene.directory.move("a", to: "away")
        try scene.directory.addVersion("b/2")
        await scene.look()
        #expect(try scene.table.handle("a", .latest).id.version == 1)
        #expect(try scene.table.handle("b", .latest).id.version == 2)
        #expect(scene.board.problem(of: "a")?.contains("/a\" does not exist") == true)
        #expect(scene.log.lines(containing: "/a\" does not exist").count == 1)
        await scene.look()
        #expect(
            scene.log.lines(containing: "/a\" does not exist").count == 1, "a warning stands in the log once, not once a second")
    }

    @Test("models of the root come and go with their directories; a root that goes away takes nothing down")
    func modelRoot() async throws {
        let scene = try Scene()
        let root = scene.directory.path + "/root"
        try scene.directory.addVersion("root/a/1")
        try await scene.serve(root: root)
        #expect(scene.table.names == ["a"])
        try scene.directory.addVersion("root/b/1")
        await scene.look()
        #expect(scene.table.names == ["a", "b"])
        scene.directory.remove("root/a")
        await scene.look()
        #expect(scene.table.names == ["b"])
        #expect(scene.board.modelNames == ["a", "b"], "what was served stays listed")
        try scene.directory.move("root", to: "away")
        await scene.look()
        #expect(scene.table.names == ["b"])
        #expect(scene.board.degradation().first?.hasPrefix("model root") == true)
        #expect(scene.board.unreadiness().isEmpty, "what serves goes on serving")
    }

    @Test("a specification without a model unloads it, and one that is invalid is refused whole")
    func respecify() async throws {
        let scene = try Scene()
        for name in ["a", "b"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        await #expect(throws: ServableError.self) {
            try await scene.manager.apply([scene.specification("b"), scene.specification("b")])
        }
        #expect(scene.table.names == ["a", "b"])
        try await scene.serve(scene.specification("b"))
        #expect(scene.table.names == ["b"])
        #expect(scene.states("a") == ["1 END"])
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        #expect(scene.states("a") == ["1 AVAILABLE"], "a version that ended may live again")
        #expect(scene.loader.tries("b", 1) == 1)
    }

    @Test("a policy change loads and unloads what differs")
    func policyChange() async throws {
        let scene = try Scene()
        for version in 1...4 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m", policy: .latest(2)))
        #expect(scene.table.versions(of: "m") == [3, 4])
        try await scene.serve(scene.specification("m", policy: .specific([1, 4])))
        #expect(scene.table.versions(of: "m") == [1, 4])
        try await scene.serve(scene.specification("m", policy: .all))
        #expect(scene.table.versions(of: "m") == [1, 2, 3, 4])
        try await scene.serve(scene.specification("m", policy: .specific([])))
        #expect(scene.table.versions(of: "m") == [])
        #expect((1...4).map { scene.loader.tries("m", $0) } == [1, 1, 2, 1], "what stays wanted is not loaded again")
    }

    @Test("a base path that changes under the same numbers is warned of and takes nothing down")
    func movedBasePath() async throws {
        let scene = try Scene()
        for name in ["old", "new"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(ModelSpecification(name: "m", basePath: scene.directory.path + "/old"))
        let moved = ModelSpecification(name: "m", basePath: scene.directory.path + "/new")
        try await scene.serve(moved)
        #expect(scene.board.status(of: ServableID(name: "m", version: 1))?.path == scene.directory.path + "/old/1")
        #expect(scene.log.lines(containing: "goes on serving what was loaded from \"\(scene.directory.path)/old/1\"").count == 1)
        try scene.directory.addVersion("new/2")
        await scene.look()
        #expect(scene.board.status(of: ServableID(name: "m", version: 2))?.path == scene.directory.path + "/new/2")
    }

    @Test("labels move when their version becomes available, and not before")
    func labels() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m", policy: .all, labels: ["stable": 1, "canary": 2]))
        #expect(try scene.table.handle("m", .label("stable")).id.version == 1)
        #expect(scene.board.labels(of: "m") == ["stable": 1])
        #expect(throws: ServableError(.notFound, "Servable not found for request: Specific(m, 2)")) {
            try scene.table.handle("m", .label("canary"))
        }
        let gate = Gate()
        scene.loader.set(.waitAtGate(gate), for: "m", 2)
        try scene.directory.addVersion("m/2")
        try await scene.manager.apply([scene.specification("m", policy: .all, labels: ["stable": 2, "canary": 2])])
        #expect(
            try scene.table.handle("m", .label("stable")).id.version == 1,
            "a label in use stays where it is until its new version serves")
        gate.open()
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(try scene.table.handle("m", .label("stable")).id.version == 2)
        #expect(scene.board.labels(of: "m") == ["stable": 2, "canary": 2])
        try await scene.serve(scene.specification("m", policy: .all, labels: [:]))
        #expect(throws: ServableError(.invalidArgument, "Unrecognized servable version label: stable")) {
            try scene.table.handle("m", .label("stable"))
        }
        await events.readUntil { $0 == .labels(model: "m", assigned: [:], specified: [:]) }
        let announced = events.seen.compactMap { if case .labels(_, let assigned, _) = $0 { assigned } else { nil } }
        #expect(announced == [[:], ["stable": 1], ["stable": 1], ["stable": 2, "canary": 2], [:]])
    }

    @Test("the facts of a version are announced after it became available")
    func description() async throws {
        let facts = ServableDescription(format: "onnx", digest: "ab", byteCount: 5, signaturesJSON: "{}")
        let scene = try Scene(loader: FakeLoader(facts: { facts }))
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        await events.readUntil { $0 == .described(ServableID(name: "m", version: 1), facts) }
        #expect(events.states.last == "m 1 AVAILABLE")
    }

    @Test("facts that are still being found do not hold an unloaded version in memory")
    func cancelledDescription() async throws {
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let scene = try Scene(
            loader: FakeLoader(facts: {
                signal.yield()
                while !Task.isCancelled { sched_yield() }
                throw CancellationError()
            }))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        for await _ in begun { break }
        try await scene.serve()
        #expect(scene.states("m") == ["1 END"])
        #expect(scene.loader.census.living == 0)
        #expect(scene.log.lines(containing: "cannot be recorded") == [])
    }

    @Test("the heap is trimmed after unloaded versions have been freed")
    func trims() async throws {
        let trims = Trims()
        let scene = try trims.scene()
        for version in 1...3 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m", policy: .all))
        #expect(trims.living == [])
        try await scene.serve()
        var calls = trims.calls.makeAsyncIterator()
        repeat { try #require(await calls.next() != nil, "the time is over") } while trims.living.last != 0
        #expect(trims.living.count <= 3)
    }

    @Test("the heap is trimmed once after a failed load")
    func trimsAfterFailure() async throws {
        let trims = Trims()
        let scene = try trims.scene()
        try scene.directory.addVersion("m/1")
        scene.loader.set(.fail(LoadingTests.corrupt), for: "m", 1)
        try await scene.serve(scene.specification("m"))
        var calls = trims.calls.makeAsyncIterator()
        await calls.next()
        #expect(trims.living == [0])
    }

    /// Notes how many servables live whenever the heap is trimmed.
    private final class Trims: Sendable {
        let calls: AsyncStream<Void>
        private let call: AsyncStream<Void>.Continuation
        private let seen = Mutex<[Int]>([])

        init() { (calls, call) = AsyncStream.makeStream() }

        var living: [Int] { seen.withLock { $0 } }

        func scene() throws -> Scene {
            let loader = FakeLoader()
            return try Scene(
                loader: loader,
                trimHeap: { [self] in
                    seen.withLock { $0.append(loader.census.living) }
                    call.yield()
                })
        }
    }

    @Test("what exists and what is wanted is announced once and when it changes")
    func presence() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        await scene.look()
        scene.directory.remove("m/1")
        await scene.look()
        _ = await scene.manager.shutDown(timeout: .seconds(1))
        await events.readToEnd()
        let base = scene.directory.path + "/m"
        let announced = events.seen.filter {
            switch $0 {
            case .modelsWanted, .versionsPresent: true
            default: false
            }
        }
        #expect(
            announced == [
                .modelsWanted(["m": base]),
                .versionsPresent(model: "m", versions: [1: base + "/1", 2: base + "/2"], wanted: [2]),
                .versionsPresent(model: "m", versions: [2: base + "/2"], wanted: [2]),
            ])
    }

    @Test("polls at its interval until cancelled")
    func polls() async throws {
        let scene = try Scene(options: LifecycleOptions(pollInterval: .seconds(3), quietPeriod: .zero))
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.manager.apply([scene.specification("m")])
        await events.readUntil("m", 1, is: .available)
        let running = Task { await scene.manager.run() }
        for version in 2...3 as ClosedRange<Int64> {
            try scene.directory.addVersion("m/\(version)")
            await scene.clock.sleeping(1)
            scene.clock.advance(by: .seconds(3))
            await events.readUntil("m", version, is: .available)
        }
        running.cancel()
        await running.value
    }

    @Test("with interval zero it looks only when called, and still runs until cancelled")
    func pollsOnce() async throws {
        let scene = try Scene(options: LifecycleOptions(pollInterval: .zero))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        let running = Task { await scene.manager.run() }
        running.cancel()
        await running.value
        #expect(scene.table.versions(of: "m") == [1])
    }

    @Test("shutting down frees everything and ends the events; what is held is named")
    func shutDown() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        for name in ["a", "b"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        let held = try scene.table.handle("b", .latest)
        async let left = scene.manager.shutDown(timeout: .seconds(5))
        await events.readUntil("a", 1, is: .end)
        await scene.clock.sleeping(1)
        scene.clock.advance(by: .seconds(5))
        #expect(await left == [ServableID(name: "b", version: 1)])
        await events.readToEnd()
        #expect(scene.table.names.isEmpty)
        #expect(scene.loader.census.living == 1)
        withExtendedLifetime(held) {}
        try await scene.manager.apply([scene.specification("a")])
        #expect(scene.states("a") == ["1 END"] && scene.loader.tries("a", 1) == 1, "nothing is loaded any more")
    }

    @Test("a hundred swaps with handles held at random leave one version in memory")
    func manySwaps() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        var held: [ServableHandle] = []
        var events = EventReader(scene.manager)
        for version in 2...100 as ClosedRange<Int64> {
            if version % 3 == 0 { held.append(try scene.table.handle("m", .latest)) }
            if held.count > 4 { held.removeFirst() }
            try scene.directory.addVersion("m/\(version)")
            await scene.manager.poll()
            await events.readUntil("m", version - 1, is: .unloading)
            #expect(try scene.table.handle("m", .latest).id.version == version)
            if version > 2 { scene.directory.remove("m/\(version - 2)") }
        }
        held = []
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(scene.loader.census.living == 1)
        // Five that are held, the one that serves, one that is described, and those on their way in and out: how many those are
        // hangs on how busy the machine is, but they do not pile up.
        #expect(scene.loader.census.most <= 50)
        #expect(scene.board.statuses(of: "m").count == 1 + StatusBoard.endedVersionLimit)
    }
}
