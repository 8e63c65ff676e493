import ServableCore
import Testing

@Suite("ServableManager: versions loaded on demand", .timeLimit(.minutes(1)))
struct OnDemandTests {
    /// Three models of 100 bytes fit, and the headroom of a twentieth.
    private static let budget = 330

    private func scene(byteLimit: Int? = budget, loader: FakeLoader = FakeLoader()) throws -> Scene {
        try Scene(loader: loader, budget: ResourceBudget(byteLimit: byteLimit))
    }

    private func demand(_ scene: Scene, _ name: String, version: Int64? = nil) async {
        await scene.manager.demand(name, version: version)
        await scene.manager.settle(timeout: .seconds(3600))
    }

    @Test("nothing is loaded before a request asks for it, and the process is ready")
    func cold() async throws {
        let scene = try scene()
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.onDemand("m"))
        #expect(scene.states("m") == ["2 START"])
        #expect(scene.board.unreadiness() == [])
        #expect(scene.board.absence(of: "m", version: nil) == .expected("version 2 is START"))
        await scene.look()
        await demand(scene, "m")
        #expect(scene.states("m") == ["2 AVAILABLE"])
        #expect(scene.loader.tries("m", 1) == 0)
        await demand(scene, "m")
        #expect(scene.loader.tries("m", 2) == 1)
    }

    @Test("the version that was not used for longest makes room")
    func leastRecentlyUsed() async throws {
        let scene = try scene()
        let names = ["a", "b", "c", "d"]
        for name in names { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(names.map { scene.onDemand($0) })
        for name in ["a", "b", "c"] { await demand(scene, name) }
        for name in ["b", "a", "c"] { _ = try scene.table.handle(name, .latest) }
        await demand(scene, "d")
        #expect(scene.table.names == ["a", "c", "d"])
        #expect(scene.states("b") == ["1 START"], "it comes again when it is asked for")
        await demand(scene, "b")
        #expect(scene.table.names == ["b", "c", "d"])
        #expect(scene.budget.reservedByteCount == 300)
        #expect(scene.board.unreadiness() == [] && scene.board.degradation() == [])
    }

    @Test("what would not fit even then is refused before it starts, and nothing goes for it")
    func refused() async throws {
        let scene = try Scene(loader: FakeLoader(estimate: 100), budget: ResourceBudget(byteLimit: 250))
        for name in ["eager", "pinned", "a"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve([scene.specification("eager"), scene.onDemand("pinned", isPinned: true), scene.onDemand("a")])
        await demand(scene, "pinned")
        await demand(scene, "a")
        #expect(scene.table.names == ["eager", "pinned"])
        #expect(scene.loader.tries("a", 1) == 0)
        let error = scene.board.status(of: ServableID(name: "a", version: 1))?.error
        #expect(error?.code == .resourceExhausted)
        #expect(scene.board.degradation().count == 1)
        try await scene.serve([scene.onDemand("pinned", isPinned: true), scene.onDemand("a")])
        #expect(scene.loader.tries("a", 1) == 0, "nobody asks")
        await demand(scene, "a")
        #expect(scene.table.names == ["a", "pinned"])
    }

    @Test("a load that needs more than its estimate makes room when it knows what it needs")
    func measured() async throws {
        let scene = try Scene(loader: FakeLoader(estimate: 10), budget: ResourceBudget(byteLimit: 1_000))
        for name in ["a", "b", "c"] {
            scene.loader.set(.charge(450), for: name, 1)
            try scene.directory.addVersion(name + "/1")
        }
        try await scene.serve(["a", "b", "c"].map { scene.onDemand($0) })
        for name in ["a", "b", "c"] { await demand(scene, name) }
        #expect(scene.table.names == ["b", "c"])
        #expect(scene.loader.tries("c", 1) == 2)
        await demand(scene, "a")
        #expect(scene.table.names == ["a", "c"])
        #expect(scene.loader.tries("a", 1) == 2, "what it needs is known by now")
    }

    @Test("memory that is refused to somebody who serves is given back by the version that was not used for longest")
    func servingNeedsMemory() async throws {
        let scene = try scene()
        for name in ["a", "b", "c"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(["a", "b", "c"].map { scene.onDemand($0) })
        var events = EventReader(scene.manager)
        for name in ["a", "b", "c"] { await demand(scene, name) }
        let arenas = scene.budget.reservation(named: "the lanes")
        #expect(arenas.charge(50) == 30)
        await events.readUntil("a", 1, is: .end)
        #expect(arenas.charge(50) == nil)
    }

    @Test("a version that follows one in use is loaded without being asked for; one that follows a cold one is not")
    func successor() async throws {
        let scene = try scene(byteLimit: nil)
        for name in ["warm", "cold"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve([scene.onDemand("warm"), scene.onDemand("cold")])
        await demand(scene, "warm")
        for name in ["warm", "cold"] { try scene.directory.addVersion(name + "/2") }
        await scene.look()
        #expect(scene.states("warm") == ["2 AVAILABLE", "1 END"])
        #expect(scene.states("cold") == ["2 START", "1 END"])
    }

    @Test("of several wanted versions the one that is asked for is loaded, and a broken one takes no request down")
    func versions() async throws {
        let scene = try scene(byteLimit: nil)
        for version in 1...3 { try scene.directory.addVersion("m/\(version)") }
        scene.loader.set(.fail(LoadingTests.corrupt), for: "m", 3)
        try await scene.serve([scene.onDemand("m", policy: .latest(2))])
        await demand(scene, "m", version: 2)
        #expect(scene.table.versions(of: "m") == [2])
        await demand(scene, "m")
        #expect(scene.states("m") == ["3 END", "2 AVAILABLE"])
        try await scene.serve([scene.onDemand("m")])
        #expect(scene.table.versions(of: "m") == [2])
    }

    @Test("a model changes between being loaded at once and on demand with the configuration")
    func changesMode() async throws {
        let scene = try scene(byteLimit: nil)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        try await scene.serve([scene.onDemand("m")])
        #expect(scene.states("m") == ["1 AVAILABLE"])
        try scene.directory.addVersion("n/1")
        try await scene.serve([scene.onDemand("m"), scene.onDemand("n")])
        try await scene.serve(scene.specification("m"), scene.specification("n"))
        #expect(scene.table.names == ["m", "n"] && scene.loader.tries("m", 1) == 1)
    }

    @Test("five hundred models under a budget of ten are each found when they are asked for, and all memory comes back")
    func many() async throws {
        let scene = try scene(byteLimit: 1_100)
        let names = (0..<500).map { "m\($0)" }
        for name in names { try scene.directory.addVersion("root/\(name)/1") }
        let root = scene.directory.path + "/root"
        await scene.manager.serve(try ServingSpecification(models: [], modelRoot: root, rootLoadMode: .onDemand).validated())
        #expect(scene.loader.census.living == 0)
        for name in names {
            await demand(scene, name)
            #expect(scene.table.names.contains(name))
            #expect(scene.budget.reservedByteCount <= 1_100)
        }
        #expect(scene.table.names.count == 10)
        #expect(await scene.manager.shutDown(timeout: .seconds(3600)) == [])
        #expect(scene.budget.reservedByteCount == 0)
    }
}

extension Scene {
    func onDemand(_ name: String, policy: VersionPolicy = .latest(1), isPinned: Bool = false) -> ModelSpecification {
        ModelSpecification(
            name: name, basePath: directory.path + "/" + name, versionPolicy: policy, loadMode: .onDemand, isPinned: isPinned)
    }
}
