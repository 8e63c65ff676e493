import Dispatch
import ServableCore
import Synchronization
import Testing

@Suite("ServableManager: failing, slow and refused loads", .timeLimit(.minutes(1)))
struct LoadingTests {
    static let passing = ServableError(.unavailable, "disk is slow")
    static let corrupt = ServableError(.dataLoss, "file is cut short")

    @Test("a failure that may pass is tried again at the interval, so many times")
    func retries() async throws {
        let scene = try Scene(options: LifecycleOptions(loadRetryLimit: 2, loadRetryInterval: .seconds(60), quietPeriod: .zero))
        var events = EventReader(scene.manager)
        scene.loader.set(.fail(Self.passing), for: "m", 1)
        try scene.directory.addVersion("m/1")
        try await scene.manager.apply([scene.specification("m")])
        for attempt in 1...2 {
            await scene.clock.sleeping(1)
            #expect(scene.loader.tries("m", 1) == attempt)
            let status = try #require(scene.board.status(of: ServableID(name: "m", version: 1)))
            #expect(status.state == .loading && status.error == nil && status.lastError == Self.passing)
            scene.clock.advance(by: .seconds(60))
        }
        await events.readUntil("m", 1, is: .end)
        #expect(scene.loader.tries("m", 1) == 3)
        #expect(scene.board.status(of: ServableID(name: "m", version: 1))?.error == Self.passing)
        #expect(
            scene.board.unreadiness() == ["model \"m\" has no available version: version 1 is END: UNAVAILABLE: disk is slow"])
    }

    @Test("a retry that succeeds makes the version available")
    func retrySucceeds() async throws {
        let scene = try Scene()
        var events = EventReader(scene.manager)
        scene.loader.set(.failFirst(1, Self.passing), for: "m", 1)
        try scene.directory.addVersion("m/1")
        try await scene.manager.apply([scene.specification("m")])
        await scene.clock.sleeping(1)
        scene.clock.advance(by: .seconds(60))
        await events.readUntil("m", 1, is: .available)
        #expect(scene.board.status(of: ServableID(name: "m", version: 1))?.lastError == nil)
    }

    @Test(
        "files at fault are not tried again until they change",
        arguments: [StatusCode.invalidArgument, .unimplemented, .dataLoss, .failedPrecondition])
    func filesAtFault(code: StatusCode) async throws {
        let scene = try Scene()
        let error = ServableError(code, "node \"conv1\" is odd")
        scene.loader.set(.failFirst(1, error), for: "m", 2)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        try scene.directory.addVersion("m/2")
        for _ in 0..<3 { await scene.look() }
        #expect(scene.loader.tries("m", 2) == 1)
        #expect(scene.states("m") == ["2 END", "1 AVAILABLE"], "the old version goes on serving")
        #expect(scene.board.status(of: ServableID(name: "m", version: 2))?.error == error)
        #expect(scene.board.unreadiness().isEmpty)
        try scene.directory.write("m/2/model.bin", "mended model")
        await scene.look()
        #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
    }

    @Test("a version that waits for a retry is tried at once when its files change")
    func changeWhileBackingOff() async throws {
        let scene = try Scene()
        scene.loader.set(.failFirst(1, Self.passing), for: "m", 1)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        #expect(scene.states("m") == ["1 LOADING"])
        try scene.directory.write("m/1/model.bin", "mended model")
        await scene.look()
        #expect(scene.states("m") == ["1 AVAILABLE"])
    }

    @Test("while one version serves, another that is still being copied waits until its files are quiet")
    func stillBeingCopied() async throws {
        let now = Mutex(Timestamp.now())
        let scene = try Scene(now: { now.withLock { $0 } }, options: LifecycleOptions(quietPeriod: .seconds(10)))
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        #expect(scene.states("m") == ["1 AVAILABLE"], "nothing serves yet, so waiting would gain nothing")
        try scene.directory.addVersion("m/2")
        now.withLock { $0 = Timestamp.now() }
        await scene.look()
        #expect(scene.loader.tries("m", 2) == 0)
        now.withLock { $0 = Timestamp(microsecondsSinceEpoch: $0.microsecondsSinceEpoch + 10_000_000) }
        await scene.look()
        #expect(scene.states("m") == ["2 AVAILABLE", "1 END"])
    }

    @Test("files that change while they are loaded are loaded again")
    func changeWhileLoading() async throws {
        let scene = try Scene()
        let directory = scene.directory
        let count = Mutex(0)
        scene.loader.set(
            .act {
                let isFirst = count.withLock { count in
                    count += 1
                    return count == 1
                }
                if isFirst { #expect(throws: Never.self) { try directory.write("m/1/more.bin", "late part") } }
            }, for: "m", 1)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        let error = scene.board.status(of: ServableID(name: "m", version: 1))?.lastError
        #expect(error?.message.contains("changed while it was loaded; publish a version by renaming") == true)
        await scene.look()
        #expect(scene.states("m") == ["1 AVAILABLE"])
        #expect(scene.loader.tries("m", 1) == 2)
    }

    @Test("a removed version is not tried again and its failure is forgotten for a new life")
    func removedWhileFailing() async throws {
        let scene = try Scene()
        scene.loader.set(.fail(Self.passing), for: "m", 1)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        scene.directory.remove("m/1")
        await scene.look()
        #expect(scene.states("m") == ["1 END"])
        scene.loader.set(.succeed, for: "m", 1)
        try scene.directory.addVersion("m/1")
        await scene.look()
        #expect(scene.states("m") == ["1 AVAILABLE"])
    }

    @Test("a load that nobody wants any more is cancelled and never shows", arguments: [true, false])
    func unwantedLoad(isCancellable: Bool) async throws {
        let scene = try Scene()
        let gate = Gate()
        var events = EventReader(scene.manager)
        try scene.directory.addVersion("m/1")
        try await scene.serve(scene.specification("m"))
        scene.loader.set(isCancellable ? .waitAtGateCancellably(gate) : .waitAtGate(gate), for: "m", 2)
        try scene.directory.addVersion("m/2")
        await scene.manager.poll()
        await events.readUntil("m", 2, is: .loading)
        scene.directory.remove("m/2")
        await scene.manager.poll()
        gate.open()
        await events.readUntil("m", 2, is: .end)
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(scene.table.versions(of: "m") == [1])
        #expect(!events.states.contains("m 2 AVAILABLE"))
        #expect(scene.loader.census.living == 1)
    }

    @Test("a version overtaken while it loads serves until the newer one is ready, if nothing else does")
    func overtakenFirstLoad() async throws {
        let scene = try Scene()
        let (first, second) = (Gate(), Gate())
        var events = EventReader(scene.manager)
        scene.loader.set(.waitAtGateCancellably(first), for: "m", 1)
        scene.loader.set(.waitAtGate(second), for: "m", 2)
        try scene.directory.addVersion("m/1")
        try await scene.manager.apply([scene.specification("m")])
        try scene.directory.addVersion("m/2")
        await scene.manager.poll()
        await events.readUntil("m", 2, is: .loading)
        first.open()
        await events.readUntil("m", 1, is: .available)
        #expect(try scene.table.handle("m", .latest).id.version == 1)
        second.open()
        await events.readUntil("m", 1, is: .end)
        #expect(try scene.table.handle("m", .latest).id.version == 2)
    }

    @Test("no more loads run at once than allowed, and models that serve nothing go first")
    func concurrency() async throws {
        let scene = try Scene(options: LifecycleOptions(concurrentLoadLimit: 2, quietPeriod: .zero))
        for name in ["a", "b", "c"] {
            for version in 1...3 { try scene.directory.addVersion("\(name)/\(version)") }
        }
        try await scene.serve(
            scene.specification("a", policy: .all), scene.specification("b", policy: .all), scene.specification("c", policy: .all)
        )
        #expect(scene.loader.mostRunning <= 2)
        #expect(scene.loader.order.count == 9)
        #expect(scene.loader.census.living == 9)
        #expect(
            Set(scene.loader.order.prefix(4).map(\.name)) == ["a", "b", "c"], "every model has had a turn before any is complete")
    }

    @Test("loads that block their threads hold up neither other loads nor the manager")
    func blockingLoads() async throws {
        let scene = try Scene(options: LifecycleOptions(concurrentLoadLimit: 9, quietPeriod: .zero))
        let semaphore = DispatchSemaphore(value: 0)
        for index in 0..<8 {
            try scene.directory.addVersion("stuck\(index)/1")
            scene.loader.set(.blockThread(semaphore), for: "stuck\(index)", 1)
        }
        try scene.directory.addVersion("free/1")
        var events = EventReader(scene.manager)
        try await scene.manager.apply((0..<8).map { scene.specification("stuck\($0)") } + [scene.specification("free")])
        await events.readUntil("free", 1, is: .available)
        for _ in 0..<8 { semaphore.signal() }
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(scene.table.names.count == 9)
    }

    @Test("what does not fit the budget is refused with both numbers, and tried again when memory is given back")
    func budget() async throws {
        let scene = try Scene(budget: ResourceBudget(byteLimit: 250))
        for name in ["a", "b", "c"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        try await scene.serve(scene.specification("a"), scene.specification("b"), scene.specification("c"))
        let refusal = scene.board.status(of: ServableID(name: "c", version: 1))?.lastError
        #expect(refusal?.code == .resourceExhausted)
        #expect(refusal?.message.contains("needs 100 bytes of memory, 50 of the budget of 250 are available") == true)
        try await scene.serve(scene.specification("b"), scene.specification("c"))
        #expect(scene.table.names == ["b", "c"])
        #expect(scene.budget.reservedByteCount == 200)
    }

    @Test("a load that takes more than its estimate is refused when the budget has no more, and tried again when it has")
    func chargedLoad() async throws {
        let scene = try Scene(budget: ResourceBudget(byteLimit: 250))
        scene.loader.set(.charge(151), for: "b", 1)
        for name in ["a", "b"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(scene.specification("a"))
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        let refusal = scene.board.status(of: ServableID(name: "b", version: 1))?.lastError
        #expect(refusal?.code == .resourceExhausted)
        #expect(
            refusal?.message.hasPrefix(
                "model \"b\" version 1 needs 151 bytes of memory, 150 of the budget of 250 are available; raise") == true)
        #expect(scene.budget.reservedByteCount == 100)
        try await scene.serve(scene.specification("b"))
        #expect(scene.table.names == ["b"])
        #expect(scene.budget.reservedByteCount == 151)
    }

    @Test("a servable that charges nothing is charged what it holds, and refused when that does not fit", arguments: [10, 1_000])
    func unchargedLoad(estimate: Int) async throws {
        let scene = try Scene(loader: FakeLoader(estimate: estimate), budget: ResourceBudget(byteLimit: 1_099))
        for name in ["a", "b"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(scene.specification("a"))
        #expect(scene.budget.reservedByteCount == 100, "the estimate no longer counts")
        let taken = scene.budget.reservation(named: "others")
        #expect(taken.charge(900) == nil)
        try await scene.serve(scene.specification("a"), scene.specification("b"))
        let refusal = scene.board.status(of: ServableID(name: "b", version: 1))?.lastError
        #expect(refusal?.message.contains(" needs \(max(100, estimate)) bytes of memory, 99 of the budget of 1099 ") == true)
        #expect(scene.budget.reservedByteCount == 1_000)
    }

    @Test("waiting for the first load ends when every model serves or has had its try, or the time is over")
    func initialLoad() async throws {
        let scene = try Scene()
        let gate = Gate()
        scene.loader.set(.fail(Self.corrupt), for: "bad", 1)
        scene.loader.set(.waitAtGate(gate), for: "slow", 1)
        for name in ["good", "bad", "slow"] { try scene.directory.addVersion(name + "/1") }
        var events = EventReader(scene.manager)
        try await scene.manager.apply(["good", "bad", "slow", "none"].map { scene.specification($0) })
        await events.readUntil("slow", 1, is: .loading)
        async let early = scene.manager.initialLoad(timeout: .seconds(30))
        await scene.clock.sleeping(1)
        scene.clock.advance(by: .seconds(30))
        #expect(await early.contains("model \"slow\" has no available version: version 1 is LOADING"))
        gate.open()
        let reasons = await scene.manager.initialLoad(timeout: .seconds(30))
        #expect(reasons.count == 2)
        #expect(reasons.first == "model \"bad\" has no available version: version 1 is END: DATA_LOSS: file is cut short")
        #expect(reasons.last?.hasPrefix("model \"none\" has no available version: base path") == true)
    }
}
