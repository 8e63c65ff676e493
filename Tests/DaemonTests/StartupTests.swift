import Daemon
import Foundation
import Logging
import ServableCore
import Synchronization
import Testing

/// What is reported to systemd of a start whose loads take their time.
@Suite("Startup", .timeLimit(.minutes(1)))
struct StartupTests {
    private let folder = URL.temporaryDirectory.appending(path: "apus-startup-\(UUID().uuidString)")
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let loader = GatedLoader()
    private let manager: ServableManager

    init() { manager = ServableManager(loader: loader, logger: logger) }

    private func serve(_ names: [String]) async throws {
        for name in names {
            try FileManager.default.createDirectory(at: folder.appending(path: "\(name)/1"), withIntermediateDirectories: true)
        }
        let models = names.map { ModelSpecification(name: $0, basePath: folder.appending(path: $0).path) }
        await manager.serve(try ServingSpecification(models: models).validated())
    }

    private func startup(
        _ socket: borrowing NotifySocket, _ notice: ReadinessNotice, timeout: Duration = .seconds(60),
        admit: @escaping @Sendable () -> Void = {}
    ) -> Startup {
        let notify = SystemdNotify(environment: ["NOTIFY_SOCKET": socket.path], logger: logger)
        return Startup(
            manager: manager, notify: notify, status: StatusLine(notify), notice: notice, timeout: timeout, interval: .milliseconds(20),
            admit: admit, logger: logger)
    }

    @Test("a start that takes longer than it may counts as over, lets clients in, and its progress goes on")
    func bounded() async throws {
        let socket = try NotifySocket()
        try await serve(["slow"])
        let isOpen = Mutex(false)
        let startup = startup(socket, .loaded, timeout: .milliseconds(100)) { isOpen.withLock { $0 = true } }
        let run = Task { await startup.run() }
        #expect(try await socket.messages(upTo: "READY=1").contains("STATUS=loading 1 of 1: slow"))
        #expect(isOpen.withLock { $0 }, "before the service manager hears of it")
        await loader.finish("slow", nil)
        _ = try await socket.messages(upTo: "STATUS=serving 1 model: slow")
        run.cancel()
        await run.value
        try FileManager.default.removeItem(at: folder)
    }

    @Test("reports progress and extends the start until each model serves or has failed, then that the daemon is ready")
    func waitsForLoads() async throws {
        let socket = try NotifySocket()
        try await serve(["bad", "good"])
        let startup = startup(socket, .loaded)
        let run = Task { await startup.run() }
        #expect(
            try await socket.messages(upTo: "STATUS=loading 1 of 2: bad, good") == [
                "EXTEND_TIMEOUT_USEC=30000000", "STATUS=loading 1 of 2: bad, good",
            ])
        // Again and again, as long as it takes.
        #expect(try await socket.messages(upTo: "EXTEND_TIMEOUT_USEC=30000000").count == 1)
        await loader.finish("bad", ServableError(.dataLoss, "file is cut short"))
        #expect(try await !socket.messages(upTo: "STATUS=loading 2 of 2: good").contains("READY=1"))
        await loader.finish("good", nil)
        #expect(try await socket.messages(upTo: "READY=1").allSatisfy { !$0.hasPrefix("STATUS=serving") })
        #expect(try await socket.messages(upTo: "STATUS=serving 1 model: good").count == 1, "nothing is extended any more")
        run.cancel()
        await run.value
        try FileManager.default.removeItem(at: folder)
    }

    @Test("with `listening` reports at once that the daemon is ready, and progress afterwards")
    func listening() async throws {
        let socket = try NotifySocket()
        try await serve(["good"])
        let startup = startup(socket, .listening)
        let run = Task { await startup.run() }
        #expect(try await socket.messages(upTo: "STATUS=loading 1 of 1: good") == ["READY=1", "STATUS=loading 1 of 1: good"])
        await loader.finish("good", nil)
        #expect(try await socket.messages(upTo: "STATUS=serving 1 model: good").allSatisfy { $0.hasPrefix("STATUS=") })
        run.cancel()
        await run.value
        try FileManager.default.removeItem(at: folder)
    }

    @Test("a start that is cut off is never reported as over")
    func cancelled() async throws {
        let socket = try NotifySocket()
        try await serve(["slow"])
        let startup = startup(socket, .loaded)
        let run = Task { await startup.run() }
        _ = try await socket.messages(upTo: "STATUS=loading 1 of 1: slow")
        run.cancel()
        await run.value
        SystemdNotify(environment: ["NOTIFY_SOCKET": socket.path], logger: logger).stopping()
        #expect(try await socket.messages(upTo: "STOPPING=1").allSatisfy { $0 != "READY=1" && !$0.hasPrefix("STATUS=serving") })
        await loader.finish("slow", nil)
        _ = await manager.shutDown(timeout: .seconds(20))
        try FileManager.default.removeItem(at: folder)
    }

    /// Each load waits until the test says how it ends.
    private actor GatedLoader: ServableLoader {
        private var ends: [String: ServableError?] = [:]
        private var waiting: [String: CheckedContinuation<Void, Never>] = [:]

        func finish(_ name: String, _ error: ServableError?) {
            ends[name] = .some(error)
            waiting.removeValue(forKey: name)?.resume()
        }

        nonisolated func estimatedMemory(of id: ServableID, path: String) throws -> Int { 0 }

        func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable {
            if ends[id.name] == nil { await withCheckedContinuation { waiting[id.name] = $0 } }
            if let end = ends[id.name], let error = end { throw error }
            return Model()
        }
    }

    private final class Model: Servable {
        let memoryByteCount = 0
    }
}
