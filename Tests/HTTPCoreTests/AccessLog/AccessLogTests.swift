import Glibc
import HTTPCore
import Testing

/// The log behind the loops, on real files, pipes and devices.
@Suite("AccessLog", .timeLimit(.minutes(1)))
struct AccessLogTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private let folder: TemporaryFolder
    private let recorder = MessageRecorder()

    init() throws { folder = try TemporaryFolder() }

    private func start(
        _ configuration: AccessLogConfiguration, _ handler: any RequestHandler = TestHandler()
    ) throws -> (server: HTTPServer, address: BoundAddress) {
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                listeners: [.tcp(host: "127.0.0.1", port: 0)], loopCount: 2, accessLog: configuration),
            handler: handler, logger: recorder.logger)
        try server.start()
        return (server, try #require(server.boundAddresses.first))
    }

    private func messages(_ start: String) -> [MessageRecorder.Message] {
        recorder.messages.filter { $0.text.hasPrefix(start) }
    }

    /// Waits for what another thread does.
    private func until(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    @Test("has a line for every request of every connection when the server has drained")
    func complete() async throws {
        let (server, address) = try start(
            AccessLogConfiguration(destination: .file(path: folder.file("log")), format: .text), HoppingHandler())
        let clients = try (0..<8).map { _ in try LoopbackClient(address) }
        for (index, client) in clients.enumerated() {
            for request in 0..<200 {
                await client.send("GET /get?c=\(index)&r=\(request) HTTP/1.1\r\nHost: h\r\n\r\n")
            }
        }
        for client in clients { #expect(await client.responses(200).count == 200) }
        _ = await server.drain(timeout: .zero)
        let lines = folder.lines(of: "log")
        #expect(lines.count == 1600)
        var connections: [Substring: Set<Substring>] = [:]
        for line in lines {
            let parts = line.split(separator: " ")
            let client = try #require(parts[6].split(separator: "&").first)
            #expect(parts[0] == "127.0.0.1" && parts.contains("listener=\"\(address)\""))
            connections[client, default: []].insert(
                (parts.first { $0.hasPrefix("port=") } ?? "") + (parts.first { $0.hasPrefix("conn=") } ?? ""))
        }
        #expect(connections.count == 8 && connections.values.allSatisfy { $0.count == 1 })
        #expect(Set(connections.values.joined()).count == 8)
        #expect(server.statistics.droppedLogRecords == 0)
        withExtendedLifetime(clients) {}
    }

    @Test("appends to a file that is there, makes one that nobody else may read, and says why when it cannot")
    func opening() async throws {
        for _ in 0..<2 {
            let (server, address) = try start(AccessLogConfiguration(destination: .file(path: folder.file("log"))))
            let client = try LoopbackClient(address)
            await client.send(get)
            #expect(await client.responses(1).count == 1)
            _ = await server.drain(timeout: .zero)
        }
        #expect(folder.lines(of: "log").count == 2)
        var facts = stat()
        #expect(stat(folder.file("log"), &facts) == 0 && facts.st_mode & 0o007 == 0)
        let missing = folder.file("none/log")
        let error = #expect(throws: SocketError.self) {
            try start(AccessLogConfiguration(destination: .file(path: missing)))
        }
        #expect(error?.description.hasPrefix("cannot open the access log \(missing): its folder does not exist; create it") == true)
    }

    @Test("goes on in a new file after a rotation, and in the old one when there can be no new one")
    func rotation() async throws {
        let path = folder.file("log")
        let (server, address) = try start(AccessLogConfiguration(destination: .file(path: path)))
        let client = try LoopbackClient(address)
        func request(_ count: Int) async {
            await client.send(get)
            #expect(await client.responses(count).count == count)
        }
        await request(1)
        await until { folder.lines(of: "log").count == 1 }
        rename(path, folder.file("log.1"))
        await request(2)
        await until { folder.lines(of: "log.1").count == 2 }
        try server.prepareAccessLog()?.commit()
        await until { !folder.file("log").withCString { access($0, F_OK) != 0 } }
        await request(3)
        await until { folder.lines(of: "log").count == 1 }
        // A directory stands where the file should be.
        rename(path, folder.file("log.2"))
        mkdir(path, 0o700)
        let error = #expect(throws: SocketError.self) { try server.prepareAccessLog() }
        await request(4)
        _ = await server.drain(timeout: .zero)
        rmdir(path)
        #expect(folder.lines(of: "log.1").count == 2 && folder.lines(of: "log.2").count == 2)
        #expect(error?.errno == EISDIR)
    }

    @Test("tells once that a disk is full, serves on, and writes whole lines when there is room again")
    func fullDisk() async throws {
        let path = folder.file("log")
        symlink("/dev/full", path)
        let (server, address) = try start(AccessLogConfiguration(destination: .file(path: path)))
        let client = try LoopbackClient(address)
        for count in 1...3 {
            await client.send(get)
            #expect(await client.responses(count).count == count)
            // Each failure of the spell is a try of its own.
            try server.prepareAccessLog()?.commit()
        }
        await until { !messages("cannot write the access log").isEmpty }
        unlink(path)
        try server.prepareAccessLog()?.commit()
        await until { !messages("writing the access log again").isEmpty }
        _ = await server.drain(timeout: .zero)
        #expect(messages("cannot write the access log").count == 1 && messages("writing the access log again").count == 1)
        #expect(messages("cannot write").first?.metadata["errno"] == "\(ENOSPC)")
        let lines = folder.lines(of: "log")
        #expect(lines.count == 3 && lines.allSatisfy { $0.contains("\"GET /get HTTP/1.1\" 200 ") })
        #expect(server.statistics.droppedLogRecords == 0)
    }

    @Test("drops and counts what a reader that stands still has no room for, keeps the server going, and tells")
    func slowReader() async throws {
        let path = folder.file("pipe")
        mkfifo(path, 0o600)
        // Held open for both directions, it has a reader that does not read; its buffer takes 64 KiB.
        let pipe = open(path, O_RDWR | O_NONBLOCK)
        defer { close(pipe) }
        let (server, address) = try start(
            AccessLogConfiguration(destination: .file(path: path), maxBufferedBytes: 100_000))
        let client = try LoopbackClient(address)
        let target = "/" + String(repeating: "x", count: 900)
        let batch = String(repeating: "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", count: 50)
        var count = 0
        while server.statistics.droppedLogRecords == 0 {
            count += 50
            await client.send(batch)
            let answered = await client.responses(count).count
            try #require(answered == count)
        }
        var read: [UInt8] = []
        await until {
            read += readAll(pipe)
            return !messages("access log records were dropped").isEmpty
        }
        _ = await server.drain(timeout: .zero)
        read += readAll(pipe)
        let text = String(decoding: read, as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("127.0.0.1 ") && $0.contains(" 404 ") } && text.hasSuffix("\n"))
        let dropped = server.statistics.droppedLogRecords
        #expect(lines.count + dropped == count)
        #expect(messages("access log records are dropped").count == 1)
        #expect(messages("access log records were dropped").map { $0.metadata["count"] } == ["\(dropped)"])
    }

    @Test("does not hold up the end of a drain for a reader that never reads")
    func stuckReader() async throws {
        let path = folder.file("pipe")
        mkfifo(path, 0o600)
        let pipe = open(path, O_RDWR | O_NONBLOCK)
        defer { close(pipe) }
        var space = [UInt8](repeating: 10, count: 65_536)
        while write(pipe, &space, space.count) > 0 {}
        let (server, address) = try start(AccessLogConfiguration(destination: .file(path: path)))
        let client = try LoopbackClient(address)
        await client.send(get)
        #expect(await client.responses(1).count == 1)
        _ = await server.drain(timeout: .zero)
        #expect(messages("the access log's last records are lost").count == 1)
    }
}
