import Foundation
import HTTPCore
import Logging
import Testing

/// Sockets that another process has opened.
@Suite("Inherited sockets", .timeLimit(.minutes(1)))
struct InheritedSocketTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private let loopback = BoundAddress(host: "127.0.0.1", port: 0)

    private func environment(count: Int, names: String? = nil, for pid: Int32 = getpid()) -> [String: String] {
        var environment = ["LISTEN_PID": "\(pid)", "LISTEN_FDS": "\(count)"]
        environment["LISTEN_FDNAMES"] = names
        return environment
    }

    /// Tells sockets apart; nil for a descriptor that is not open.
    private func inode(_ descriptor: Int32) -> ino_t? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? facts.st_ino : nil
    }

    @Test("are found, made fit and served by their names")
    func serves() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s")
        let sockets = [try TestSocket(loopback), try TestSocket(BoundAddress(.unix(path: path)))]
        let first = try TestSocket.handOver(sockets)
        let found = try InheritedSockets.find(in: environment(count: 2, names: "http:admin"), firstDescriptor: first)
        #expect(found.map(\.name) == ["http", "admin"] && found.map(\.descriptor) == [first, first + 1])
        for socket in found {
            #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(socket.descriptor, F_GETFL) & O_NONBLOCK != 0)
        }
        let numbers = found.map { inode($0.descriptor) }
        let server = try startServer(found.map { ListenerConfiguration($0.address) })
        #expect(
            server.boundAddresses.map(\.description) == [
                "127.0.0.1:\(sockets[0].port) (handed over as \"http\")", "unix:\(path) (handed over as \"admin\")",
            ])
        for address in server.boundAddresses {
            let client = try LoopbackClient(address)
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
        }
        _ = await server.drain(timeout: .zero)
        // Another test may have a descriptor of the same number by now.
        for (socket, number) in zip(found, numbers) { #expect(number != nil && inode(socket.descriptor) != number) }
        #expect(fileStatus(path) != nil, "the file belongs to who made it")
    }

    @Test("outlive the server: what comes afterwards is the successor's")
    func successor() async throws {
        let folder = try TemporaryFolder()
        let sockets = [try TestSocket(loopback, backlog: 64), try TestSocket(BoundAddress(.unix(path: folder.file("s"))), backlog: 64)]
        var waiting: [LoopbackClient] = []
        for round in 0..<3 {
            let first = try TestSocket.handOver(sockets)
            let found = try InheritedSockets.find(in: environment(count: 2), firstDescriptor: first)
            #expect(found.map(\.name) == ["unknown", "unknown"])
            let server = try startServer(found.map { ListenerConfiguration($0.address) })
            for client in waiting { #expect(await client.responses(1).map(\.status) == [200], "round \(round)") }
            let addresses = server.boundAddresses
            _ = await server.drain(timeout: .zero)
            waiting = []
            for address in addresses {
                for _ in 0..<5 {
                    let client = try LoopbackClient(address)
                    await client.send(get)
                    waiting.append(client)
                }
            }
        }
    }

    @Test("hold their clients back until they are let in, and leave them to the next process when the server stops before")
    func held() async throws {
        let socket = try TestSocket(loopback, backlog: 64)
        func start() throws -> HTTPServer {
            let inherited = InheritedSocket(descriptor: try TestSocket.handOver([socket]), name: "http")
            let server = HTTPServer(
                configuration: HTTPServerConfiguration(listeners: [ListenerConfiguration(inherited.address)], holdsInherited: true),
                handler: TestHandler(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try server.start()
            return server
        }
        let first = try start()
        let client = try LoopbackClient(try #require(first.boundAddresses.first))
        await client.send(get)
        _ = await first.drain(timeout: .seconds(60))
        #expect(first.statistics.acceptedConnections == 0)
        let second = try start()
        #expect(second.statistics.acceptedConnections == 0)
        second.acceptHeld()
        #expect(await client.responses(1).map(\.status) == [200])
        _ = await second.drain(timeout: .zero)
    }

    @Test("serve who waited in their queue when the drain began")
    func drain() async throws {
        var limits = ConnectionLimits()
        limits.drainGrace = .seconds(60)
        let socket = try TestSocket(loopback, backlog: 200)
        let first = try TestSocket.handOver([socket])
        let server = try startServer([ListenerConfiguration(.inherited(descriptor: first, name: "http"))], limits: limits)
        let address = try #require(server.boundAddresses.first)
        let clients = try (0..<100).map { _ in try LoopbackClient(address) }
        async let result = server.drain(timeout: .seconds(60))
        for client in clients {
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
            client.endInput()
        }
        #expect(await result.cutRequests == 0)
    }

    @Test("are no longer watched by a server that drains, however long it does")
    func unwatched() async throws {
        let handler = HoldingHandler()
        let socket = try TestSocket(loopback)
        let inherited = InheritedSocket(descriptor: try TestSocket.handOver([socket]), name: "http")
        let server = try startServer([ListenerConfiguration(inherited.address)], handler: handler)
        let client = try LoopbackClient(try #require(server.boundAddresses.first))
        await client.send(get)
        while handler.count < 1 { await Task.yield() }
        #expect(try isWatched(socket))
        server.stopAccepting()
        async let result = server.drain(timeout: .seconds(60))
        while try isWatched(socket) { await Task.yield() }
        #expect(handler.count == 1, "the drain goes on")
        handler.takeFirst()?.send(.ok)
        #expect(await client.responses(1).map(\.status) == [200])
        client.endInput()
        #expect(await result.cutRequests == 0)
    }

    /// Whether an epoll set of this process has the socket, by whatever descriptor (proc(5), fdinfo).
    private func isWatched(_ socket: TestSocket) throws -> Bool {
        var status = stat()
        try #require(fstat(socket.descriptor, &status) == 0)
        let mark = " ino:\(String(status.st_ino, radix: 16)) "
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo").contains { name in
            // Descriptors of other tests come and go meanwhile.
            let text = FileManager.default.contents(atPath: "/proc/self/fdinfo/\(name)") ?? Data()
            return String(decoding: text, as: UTF8.self).contains(mark)
        }
    }

    @Test("of another process, or none at all, are none")
    func notOurs() throws {
        #expect(try InheritedSockets.find(in: [:]).isEmpty)
        #expect(try InheritedSockets.find(in: ["LISTEN_FDS": "1"]).isEmpty)
        #expect(try InheritedSockets.find(in: ["LISTEN_PID": "\(getpid())"]).isEmpty)
        #expect(try InheritedSockets.find(in: environment(count: 1, for: getpid() + 1)).isEmpty)
        #expect(try InheritedSockets.find(in: environment(count: 0, names: "")).isEmpty)
        #expect(try InheritedSockets.find(in: environment(count: 0)).isEmpty)
    }

    @Test(
        "are refused when the environment makes no sense",
        arguments: [
            (["LISTEN_PID": "x", "LISTEN_FDS": "1"], "LISTEN_PID is \"x\", expected the number of a process"),
            (["LISTEN_PID": "0", "LISTEN_FDS": "1"], "LISTEN_PID is \"0\""),
            (["LISTEN_PID": "-5", "LISTEN_FDS": "1"], "LISTEN_PID is \"-5\""),
            (["LISTEN_PID": "99999999999999999999", "LISTEN_FDS": "1"], "LISTEN_PID is \"99999999999999999999\""),
            (["LISTEN_PID": "7", "LISTEN_FDS": ""], "LISTEN_FDS is \"\", expected a number from 0 to 1024"),
            (["LISTEN_PID": "7", "LISTEN_FDS": "-1"], "LISTEN_FDS is \"-1\""),
            (["LISTEN_PID": "7", "LISTEN_FDS": "2147483647"], "LISTEN_FDS is \"2147483647\""),
            (["LISTEN_PID": "7", "LISTEN_FDS": "1 "], "LISTEN_FDS is \"1 \""),
            (
                ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http"],
                "LISTEN_FDNAMES is \"http\", expected as many names as LISTEN_FDS says, 2"
            ),
            (["LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"], "LISTEN_FDNAMES is \"a:b\""),
            (["LISTEN_PID": "7", "LISTEN_FDS": "0", "LISTEN_FDNAMES": "a"], "LISTEN_FDNAMES is \"a\""),
        ])
    func environments(environment: [String: String], message: String) {
        let error = #expect(throws: SocketError.self) { try InheritedSockets.find(in: environment, processID: 7) }
        #expect(error?.errno == EINVAL && error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("are refused when they are no listening stream sockets with permissions")
    func wrongKinds() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        var pair: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let cases: [(TestSocket, Int32, String)] = [
            (TestSocket(adopting: 1_000_000), EBADF, "it is not open; compare LISTEN_FDS"),
            (TestSocket(adopting: ends[0]), ENOTSOCK, "it is not a socket"),
            (try TestSocket(loopback, type: SOCK_DGRAM, backlog: nil), ESOCKTNOSUPPORT, "it is no stream socket"),
            (try TestSocket(loopback, backlog: nil), EINVAL, "it does not listen"),
            (TestSocket(adopting: pair[0]), EINVAL, "it does not listen"),
            (try TestSocket(BoundAddress(.unix(path: "\0apus-test-\(getpid())"))), EADDRNOTAVAIL, "an abstract name lets every"),
        ]
        for (socket, code, message) in cases {
            let inherited = InheritedSocket(descriptor: socket.descriptor, name: "http")
            let error = #expect(throws: SocketError.self) { try inherited.prepare() }
            #expect(error?.errno == code, "\(error?.description ?? "")")
            #expect(error?.description.hasPrefix("cannot take over descriptor \(socket.descriptor) (\"http\"): \(message)") == true)
        }
        close(ends[1])
        close(pair[1])
    }
}
