import Foundation
import GRDB
import Logging
import Registry
import ServableCore
import Synchronization
import Testing

@Suite("RegistryRecorder", .timeLimit(.minutes(1)))
struct RegistryRecorderTests {
    /// A stand-in for the registry that fails as told, and remembers.
    final class Store: Sendable {
        private let state = Mutex(
            (written: [ServableEvent](), batches: 0, fault: RegistryError?.none, poison: ServableEvent?.none))

        var written: [ServableEvent] { state.withLock { $0.written } }
        var batches: Int { state.withLock { $0.batches } }
        func fail(with fault: RegistryError?) { state.withLock { $0.fault = fault } }
        func refuse(_ event: ServableEvent) { state.withLock { $0.poison = event } }

        func write(_ events: [ServableEvent]) throws(RegistryError) {
            let failure = state.withLock { state -> RegistryError? in
                state.batches += 1
                if let fault = state.fault { return fault }
                if let poison = state.poison, events.contains(poison) { return RegistryRecorderTests.refusal }
                state.written += events
                return nil
            }
            if let failure { throw failure }
        }
    }

    /// Reports as a stream, so that tests wait for them instead of sleeping.
    struct Reports {
        let report: @Sendable (RegistryRecorder.Trouble) -> Void
        private var iterator: AsyncStream<RegistryRecorder.Trouble>.Iterator

        init() {
            let (stream, continuation) = AsyncStream.makeStream(of: RegistryRecorder.Trouble.self)
            report = { continuation.yield($0) }
            iterator = stream.makeAsyncIterator()
        }

        mutating func next() async -> RegistryRecorder.Trouble? { await iterator.next() }
    }

    static let ignore: @Sendable (RegistryRecorder.Trouble) -> Void = { _ in }
    static let full = RegistryError.engine(
        operation: "write", code: ResultCode.SQLITE_FULL.rawValue, message: "database or disk is full")
    static let refusal = RegistryError.engine(operation: "write", code: ResultCode.SQLITE_CONSTRAINT.rawValue, message: "refused")

    private func event(_ number: Int64) -> ServableEvent { .status("m", number, .available, number) }

    @Test("everything is written in order before it returns")
    func writesAll() async {
        let store = Store()
        let recorder = RegistryRecorder(report: Self.ignore) { (events) async throws(RegistryError) in try store.write(events) }
        let events = (0..<2000).map { event(Int64($0)) }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        for event in events { continuation.yield(event) }
        continuation.finish()
        await recorder.run(stream)
        #expect(store.written == events)
        #expect(recorder.currentHealth == RegistryRecorder.Health())
    }

    @Test("a write that fails is told once, tried again after the interval, and nothing is lost")
    func retries() async {
        let (store, clock) = (Store(), ManualClock())
        var reports = Reports()
        store.fail(with: Self.full)
        let recorder = RegistryRecorder(retryInterval: .seconds(5), clock: clock, report: reports.report) {
            (events) async throws(RegistryError) in try store.write(events)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        let running = Task { await recorder.run(stream) }
        continuation.yield(event(1))
        #expect(await reports.next() == .writeFailed(Self.full, pendingCount: 1))
        #expect(recorder.currentHealth.isDegraded && recorder.currentHealth.pendingCount == 1)
        #expect(recorder.currentHealth.droppedCount == 0 && recorder.currentHealth.lastError == Self.full)
        await clock.sleeping(1)
        store.fail(with: nil)
        clock.advance(by: .seconds(5))
        #expect(await reports.next() == .recovered)
        continuation.yield(event(2))
        continuation.finish()
        await running.value
        #expect(store.written == [event(1), event(2)])
        let health = recorder.currentHealth
        #expect(!health.isDegraded && health.pendingCount == 0 && health.droppedCount == 0 && health.lastError == nil)
        #expect(health.failedWriteCount == 1)
    }

    @Test("an event that the database refuses for itself is left out and told; the others are written")
    func poison() async {
        let store = Store()
        var reports = Reports()
        store.refuse(event(2))
        let recorder = RegistryRecorder(report: reports.report) { (events) async throws(RegistryError) in try store.write(events)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        for number in 1...3 as ClosedRange<Int64> { continuation.yield(event(number)) }
        continuation.finish()
        await recorder.run(stream)
        #expect(await reports.next() == .refused(event(2), Self.refusal))
        #expect(store.written == [event(1), event(3)])
        #expect(recorder.currentHealth.droppedCount == 1)
    }

    @Test("when too much waits, older states give way to newer ones of the same thing")
    func thins() async {
        let (store, clock) = (Store(), ManualClock())
        var reports = Reports()
        store.fail(with: Self.full)
        let recorder = RegistryRecorder(pendingLimit: 4, clock: clock, report: reports.report) {
            (events) async throws(RegistryError) in try store.write(events)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        let running = Task { await recorder.run(stream) }
        continuation.yield(.status("m", 1, .start, 1))
        #expect(await reports.next() == .writeFailed(Self.full, pendingCount: 1))
        for event: ServableEvent in [
            .status("m", 1, .loading, 2), .labels("m", ["x": 1], 3), .status("m", 2, .start, 4), .status("m", 1, .available, 5),
        ] { continuation.yield(event) }
        #expect(await reports.next() == .thinned(droppedCount: 2))
        store.fail(with: nil)
        continuation.finish()
        await running.value
        #expect(store.written == [.labels("m", ["x": 1], 3), .status("m", 2, .start, 4), .status("m", 1, .available, 5)])
    }

    @Test("what cannot be written at the end is told")
    func lost() async {
        let store = Store()
        var reports = Reports()
        store.fail(with: Self.full)
        let recorder = RegistryRecorder(clock: ManualClock(), report: reports.report) { (events) async throws(RegistryError) in
            try store.write(events)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        continuation.yield(event(1))
        continuation.finish()
        await recorder.run(stream)
        #expect(await reports.next() == .writeFailed(Self.full, pendingCount: 1))
        #expect(await reports.next() == .lost(count: 1))
        #expect(recorder.currentHealth.droppedCount == 1)
    }

    @Test("a registry held by another connection is degraded until it is let go")
    func busy() async throws {
        let (directory, clock) = (try TemporaryDirectory(), ManualClock())
        let registry = try ModelRegistry(path: directory.database, options: .init(busyTimeout: .milliseconds(20)))
        var reports = Reports()
        let recorder = RegistryRecorder(clock: clock, report: reports.report) { (events) async throws(RegistryError) in
            try await registry.record(events)
        }
        let other = try neighbour(directory.database)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self)
        let running = Task { await recorder.run(stream) }
        continuation.yield(event(1))
        guard case .writeFailed(.engine(_, let code, _), 1)? = await reports.next() else {
            Issue.record("no failure was told")
            return
        }
        #expect(ResultCode(rawValue: code).primaryResultCode == .SQLITE_BUSY)
        #expect(recorder.currentHealth.isDegraded)
        await clock.sleeping(1)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        clock.advance(by: .seconds(5))
        #expect(await reports.next() == .recovered)
        continuation.finish()
        await running.value
        #expect(try await registry.version("m", 1)?.state == "AVAILABLE")
    }

    @Test("a full registry keeps what it has, says so, and goes on answering")
    func full() async throws {
        let directory = try TemporaryDirectory()
        let registry = try ModelRegistry(path: directory.database, options: .init(byteLimit: 100_000))
        let long = String(repeating: "x", count: 5000)
        var written: Int64 = 0
        let error = await #expect(throws: RegistryError.self) {
            while written < 100 {
                try await registry.record([.wanted(["m\(written)": "/" + long])])
                written += 1
            }
        }
        #expect(error?.mayPass == true)
        #expect(error?.description.contains("check that its file system is writable and has room") == true)
        #expect(written > 0)
        #expect(try await registry.models().models.count == Int(written))
        #expect(try await registry.verify() == [])
    }

    @Test("a real manager's whole life is recorded")
    func withManager() async throws {
        struct Loader: ServableLoader {
            final class Model: Servable {
                var memoryByteCount: Int { 1 }
                func describe() throws -> ServableDescription? {
                    ServableDescription(format: "onnx", digest: "ab", byteCount: 3, signaturesJSON: "{}")
                }
            }
            func estimatedMemory(of id: ServableID, path: String) throws -> Int { 1 }
            func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable { Model() }
        }
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/m/1", withIntermediateDirectories: true)
        let registry = try ModelRegistry(path: directory.database)
        let manager = ServableManager(loader: Loader(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let recorder = RegistryRecorder(registry: registry) { Issue.record("trouble: \($0)") }
        let running = Task { [events = manager.events()] in await recorder.run(events) }
        let specification = ModelSpecification(name: "m", basePath: directory.path + "/m", labels: ["stable": 1])
        await manager.serve(try ServingSpecification(models: [specification]).validated())
        #expect(await manager.initialLoad(timeout: .seconds(30)) == [])
        #expect(await manager.shutDown(timeout: .seconds(30)) == [])
        await running.value
        let kinds = try await registry.events().events.map(\.kind)
        #expect(
            kinds.filter { $0 != "content_changed" } == [
                "daemon_started", "model_added", "version_found", "load_started", "version_available", "label_assigned",
                "unload_started",
                "version_unloaded",
            ])
        let model = try #require(try await registry.model("m"))
        #expect(model.isConfigured && model.labels == ["stable": 1] && model.versions.first?.desired == "serving")
    }
}
