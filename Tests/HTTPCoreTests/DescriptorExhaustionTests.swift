import Glibc
import HTTPCore
import Testing

/// A server whose process runs out of descriptors. Each test has a process of its own, whose limit it may change; nothing
/// in there is asynchronous meanwhile, as Dispatch may end a process without descriptors that has work queued.
@Suite("Descriptor exhaustion", .timeLimit(.minutes(1)))
struct DescriptorExhaustionTests {
    @Test("turns clients away with a whole answer, without a pause, and serves again when descriptors are free")
    func reserve() async {
        await #expect(processExitsWith: .success) {
            let server = try startServer()
            let address = try #require(server.boundAddresses.first)
            let client = try LoopbackClient(address)
            let refused = (0..<20).map { _ in LoopbackClient(unconnectedTo: address) }
            let later = LoopbackClient(unconnectedTo: address)
            #expect(client.askNow() == 200)
            try Process.setDescriptorLimit(256)
            let held = Process.useUpDescriptors()
            for client in refused {
                try client.connect()
                let answer = try #require(client.responsesNow(1).first)
                #expect(answer.status == 503 && answer.header("retry-after") == "1" && answer.header("connection") == "close")
            }
            #expect(client.askNow(answerCount: 2) == 200, "a connection that is open is served all the while")
            close(try #require(held.last))
            try later.connect()
            #expect(later.askNow() == 200)
            #expect(server.statistics.refusedConnections == 20 && server.statistics.acceptPauses == 0)
            held.dropLast().forEach { close($0) }
        }
    }

    @Test("pauses when not even the reserve helps, and goes on by itself")
    func pause() async {
        await #expect(processExitsWith: .success) {
            let server = try startServer([.tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: 0)])
            let clients = server.boundAddresses.map { LoopbackClient(unconnectedTo: $0) }
            let before = DescriptorLimit.current
            // No number is low enough for a new descriptor then, whatever is closed.
            try Process.setDescriptorLimit(3)
            for client in clients {
                try client.connect()
                client.sendNow(Process.get)
            }
            while server.statistics.acceptPauses < 4 { usleep(5000) }
            #expect(server.statistics.acceptPauses < 100, "a listener that pauses is not asked again and again")
            #expect(server.statistics.acceptedConnections == 0)
            try Process.setDescriptorLimit(before.soft)
            for client in clients { #expect(client.responsesNow(1).map(\.status) == [200]) }
            #expect(server.statistics.refusedConnections == 0)
        }
    }

    @Test("is put off by raising the limit as far as the process may")
    func raise() async {
        await #expect(processExitsWith: .success) {
            let before = DescriptorLimit.current
            try Process.setDescriptorLimit(min(200, before.hard))
            #expect(DescriptorLimit.current.soft == min(200, before.hard))
            let raised = try DescriptorLimit.raise()
            #expect(raised == DescriptorLimit(soft: before.hard, hard: before.hard))
            #expect(try DescriptorLimit.current == raised && DescriptorLimit.raise() == raised)
        }
    }

    @Test("does not come by connections, of which a server has no more than leave some descriptors")
    func allowance() async {
        await #expect(processExitsWith: .success) {
            // The test's process may have been started with some that are not its own: those that other tests had open.
            Process.closeInherited()
            let inheritedCount = (3..<10_000).count { fcntl(Int32($0), F_GETFD) >= 0 }
            // A server expects no more than 64 other files, its own among them. Tests that start processes at this moment may leave more.
            guard inheritedCount <= 44 else { return }
            let limit = UInt64(2 * (inheritedCount + 32))
            let allowed = DescriptorLimit(soft: limit, hard: limit).maxConnections
            // The clients' own descriptors have numbers beyond the limit.
            var low = [dup(0)]
            while let last = low.last, last < limit { low.append(dup(0)) }
            let log = LogRecorder()
            let listener = try TestSocket(BoundAddress(host: "127.0.0.1", port: 0))
            let address = BoundAddress(host: "127.0.0.1", port: listener.port)
            let clients = (0...allowed).map { _ in LoopbackClient(unconnectedTo: address) }
            let inherited = InheritedSocket(descriptor: dup(listener.descriptor), name: "http")
            low.forEach { close($0) }
            try Process.setDescriptorLimit(limit)
            let server = HTTPServer(
                configuration: HTTPServerConfiguration(listeners: [ListenerConfiguration(inherited.address)]),
                handler: TestHandler(), logger: log.logger)
            try server.start()
            let statuses = try clients.enumerated().map { index, client in
                try client.connect()
                // Who is refused is told before it asks; what it sends to a closed connection could destroy the answer.
                return index < allowed ? client.askNow() : client.responsesNow(1).first?.status
            }
            #expect(statuses == Array(repeating: 200, count: allowed) + [503])
            #expect(server.statistics.acceptPauses == 0)
            #expect(log.lines.contains { $0.hasPrefix("the process may have \(limit) open files, too few for 16384 connections") })
        }
    }

    @Test(
        "is foreseen in a warning when connections and other files may want more than there is",
        arguments: [
            (1024, 960, 960), (1024, 961, 960), (129, 65, 65), (128, 64, 64), (64, 33, 32), (1, 1, 0), (0, 0, 0),
            (65536, 16384, 65472), (.max, .max, .max), (1024, .max, 960),
        ] as [(UInt64, Int, Int)])
    func warning(soft: UInt64, wanted: Int, allowed: Int) {
        let limit = DescriptorLimit(soft: soft, hard: soft)
        #expect(limit.maxConnections == allowed)
        let warning = limit.warning(maxConnections: wanted)
        #expect((warning != nil) == (wanted > allowed))
        if let warning {
            #expect(warning.hasPrefix("the process may have \(soft) open files, too few for \(wanted) connections"))
            #expect(warning.contains("\(allowed) connections are allowed"))
        }
    }
}

/// What the tests do to their own process.
private enum Process {
    static let get = Array("GET /get HTTP/1.1\r\nHost: h\r\n\r\n".utf8)

    static func setDescriptorLimit(_ soft: UInt64) throws {
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        limit.rlim_cur = rlim_t(soft)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    }

    /// Closes sockets and files, which are nobody's here; the rest may be this process's own.
    static func closeInherited() {
        for descriptor in 3..<Int32(10_000) {
            var status = stat()
            guard fstat(descriptor, &status) == 0, [S_IFSOCK, S_IFREG].contains(status.st_mode & S_IFMT) else { continue }
            close(descriptor)
        }
    }

    static func useUpDescriptors() -> [Int32] {
        var held: [Int32] = []
        while true {
            let copy = dup(0)
            guard copy >= 0 else { return held }
            held.append(copy)
        }
    }
}

extension LoopbackClient {
    /// Asks once more; answers the status of the last of so many answers in all.
    fileprivate func askNow(answerCount: Int = 1) -> Int? {
        sendNow(Process.get)
        let answers = responsesNow(answerCount)
        return answers.count == answerCount ? answers.last?.status : nil
    }
}
