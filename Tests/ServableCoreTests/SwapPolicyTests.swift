import ServableCore
import Testing

@Suite("Swaps", .timeLimit(.minutes(1)))
struct SwapPolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let candidates: [(Int64, Bool, AvailabilityPreservingPolicy.Standing)]
        let action: SwapPolicy.Action?
        var testDescription: String { name }
    }

    @Test(
        "that preserve resources unload before they load",
        arguments: [
            Case(name: "nothing there", candidates: [], action: nil),
            Case(name: "loads where there is nothing", candidates: [(1, true, .new), (2, true, .new)], action: .load(2)),
            Case(name: "unloads the old one first", candidates: [(1, false, .ready), (2, true, .new)], action: .unload(1)),
            Case(name: "waits until the old one is gone", candidates: [(1, false, .occupied), (2, true, .new)], action: nil),
            Case(
                name: "keeps the old one while the new one cannot be loaded", candidates: [(1, false, .ready), (2, true, .occupied)],
                action: nil),
            Case(
                name: "of two old ones the lower goes first", candidates: [(2, false, .ready), (1, false, .ready), (3, true, .new)],
                action: .unload(1)),
            Case(name: "unloads when nothing is wanted", candidates: [(1, false, .ready)], action: .unload(1)),
            Case(name: "leaves what is wanted", candidates: [(1, true, .ready), (2, true, .new)], action: .load(2)),
        ])
    func resource(_ tested: Case) {
        let candidates = tested.candidates.map { SwapPolicy.Candidate(version: $0.0, isWanted: $0.1, standing: $0.2) }
        #expect(SwapPolicy.resource.nextAction(candidates) == tested.action)
    }

    @Test("that preserve resources never have two versions in memory; those that preserve availability always have one")
    func memory() async throws {
        for policy in SwapPolicy.allCases {
            let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, swapPolicy: policy))
            try scene.directory.addVersion("m/1")
            try await scene.serve(scene.specification("m"))
            try scene.directory.addVersion("m/2")
            await scene.look()
            #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
            #expect(scene.loader.census.most == (policy == .resource ? 1 : 2))
        }
    }

    @Test("leave the old version for requests that name it as long as is asked for")
    func unloadDelay() async throws {
        let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, unloadDelay: .seconds(100)))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        try scene.directory.addVersion("m/2")
        await scene.look()
        #expect(scene.states("m") == ["2 AVAILABLE", "1 AVAILABLE"])
        #expect(try scene.table.handle("m", .latest).id.version == 2)
        await scene.clock.sleeping(1)
        var events = EventReader(scene.manager)
        scene.clock.advance(by: .seconds(99))
        await scene.look()
        #expect(scene.states("m") == ["2 AVAILABLE", "1 AVAILABLE"])
        scene.clock.advance(by: .seconds(1))
        await events.readUntil("m", 1, is: .end)
        #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
    }

    @Test("let a version stay for good that is wanted again before its time is over")
    func wantedAgain() async throws {
        let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, unloadDelay: .seconds(100)))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        try scene.directory.addVersion("m/2")
        await scene.look()
        await scene.clock.sleeping(1)
        scene.directory.remove("m/2")
        await scene.look()
        #expect(scene.states("m") == ["2 AVAILABLE", "1 AVAILABLE"])
        #expect(scene.loader.tries("m", 1) == 1)
    }

    @Test("take a model down at once that is wanted no more")
    func withdrawn() async throws {
        let scene = try Scene(options: LifecycleOptions(quietPeriod: .zero, unloadDelay: .seconds(100)))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        try await scene.serve()
        #expect(scene.loader.census.living == 0)
    }
}
