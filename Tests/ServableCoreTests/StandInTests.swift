import ServableCore
import Testing

@Suite("ServableManager: a broken newest version", .timeLimit(.minutes(1)))
struct StandInTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var policy = VersionPolicy.latest(1)
        var existing: [Int64] = [1, 2, 3]
        var broken: [Int64: ServableError] = [:]
        var lastServed: Int64?
        let served: [Int64]
        var tries: [Int64: Int] = [:]
        var testDescription: String { name }
    }

    private static let corrupt = LoadingTests.corrupt, passing = LoadingTests.passing

    @Test(
        "the newest version that loads serves, first the one that served before",
        arguments: [
            Case(name: "the newest is sound", served: [3], tries: [1: 0, 2: 0]),
            Case(name: "the newest is broken", broken: [3: corrupt], served: [2], tries: [1: 0, 2: 1, 3: 1]),
            Case(name: "two are broken", broken: [3: corrupt, 2: corrupt], served: [1], tries: [1: 1, 2: 1, 3: 1]),
            Case(name: "all are broken", broken: [3: corrupt, 2: corrupt, 1: passing], served: [], tries: [1: 1, 2: 1, 3: 1]),
            Case(name: "an older one served before", broken: [3: corrupt], lastServed: 1, served: [1], tries: [1: 1, 2: 0]),
            Case(name: "what served before is gone", broken: [3: corrupt], lastServed: 7, served: [2]),
            Case(name: "what served before is broken too", broken: [3: corrupt, 1: corrupt], lastServed: 1, served: [2]),
            Case(name: "a fault that may pass", broken: [3: passing], served: [2]),
            Case(name: "two of three are wanted", policy: .latest(2), broken: [3: corrupt], served: [2], tries: [1: 0]),
            Case(name: "both wanted ones are broken", policy: .latest(2), broken: [3: corrupt, 2: corrupt], served: [1]),
            Case(name: "a list of versions says that no other serves", policy: .specific([3]), broken: [3: corrupt], served: []),
        ])
    func fallsBack(_ tested: Case) async throws {
        let life = PreviousLife(lastServed: tested.lastServed.map { ["m": $0] } ?? [:])
        let scene = try Scene(previousLife: life)
        for version in tested.existing { try scene.directory.addVersion("m/\(version)") }
        for (version, error) in tested.broken { scene.loader.set(.fail(error), for: "m", version) }
        try await scene.serve(scene.specification("m", policy: tested.policy))
        #expect(scene.table.versions(of: "m") == tested.served)
        for (version, count) in tested.tries { #expect(scene.loader.tries("m", version) == count, "version \(version)") }
        #expect(scene.board.unreadiness().isEmpty == !tested.served.isEmpty)
        let isDegraded = !tested.broken.isEmpty && !tested.served.isEmpty
        #expect(scene.board.degradation().isEmpty == !isDegraded)
        if isDegraded { #expect(scene.board.degradation()[0].hasPrefix("model \"m\": version 3 is ")) }
    }

    @Test("the start is over when a version serves in place of the broken one")
    func initialLoad() async throws {
        let scene = try Scene()
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        scene.loader.set(.fail(Self.corrupt), for: "m", 2)
        try await scene.manager.apply([scene.specification("m")])
        #expect(await scene.manager.initialLoad(timeout: .seconds(3600)) == [])
        #expect(scene.table.versions(of: "m") == [1])
    }

    @Test("the broken version is tried again as configured and takes over; the one in its place goes")
    func recovers() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        scene.loader.set(.failFirst(1, Self.passing), for: "m", 2)
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        #expect(scene.states("m") == ["2 LOADING", "1 AVAILABLE"])
        await scene.clock.sleeping(1)
        scene.clock.advance(by: .seconds(60))
        await events.readUntil("m", 1, is: .end)
        #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
        #expect(scene.board.degradation() == [])
    }

    @Test("mended files, a newer version and a version taken away end what stands in", arguments: ["mended", "newer", "removed"])
    func ends(how: String) async throws {
        let scene = try Scene()
        scene.loader.set(.failFirst(1, Self.corrupt), for: "m", 2)
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        #expect(scene.table.versions(of: "m") == [1])
        switch how {
        case "mended": try scene.directory.write("m/2/model.bin", "mended model")
        case "newer": try scene.directory.addVersion("m/3")
        default: scene.directory.remove("m/2")
        }
        await scene.look()
        #expect(scene.table.versions(of: "m") == [how == "mended" ? 2 : how == "newer" ? 3 : 1])
        #expect(scene.board.degradation() == [])
        #expect(scene.loader.census.living == 1)
    }

    @Test("a version that serves is kept when a newer one is broken, without trying others")
    func atRunTime() async throws {
        let scene = try Scene()
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m"))
        scene.loader.set(.fail(Self.corrupt), for: "m", 3)
        try scene.directory.addVersion("m/3")
        await scene.look()
        #expect(scene.table.versions(of: "m") == [2])
        #expect(scene.loader.tries("m", 1) == 0)
        #expect(
            scene.board.degradation()
                == ["model \"m\": version 3 is END: DATA_LOSS: file is cut short; version 2 serves"])
    }

    @Test("thousands of broken versions are each tried once, and the oldest serves")
    func manyBroken() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("m/1")
        for version in 2...300 as ClosedRange<Int64> {
            try scene.directory.addDirectory("m/\(version)")
            scene.loader.set(.fail(Self.corrupt), for: "m", version)
        }
        try await scene.serve(scene.specification("m"))
        #expect(scene.table.versions(of: "m") == [1])
        #expect((1...300).allSatisfy { scene.loader.tries("m", $0) == 1 })
    }
}
