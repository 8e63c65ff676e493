import Foundation
import HTTPCore
import Testing

/// Listeners that are files.
@Suite("Unix sockets", .timeLimit(.minutes(1)))
struct UnixSocketTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("s")
    }

    private func answers(at path: String) async throws -> Bool {
        let client = try LoopbackClient(BoundAddress(.unix(path: path)))
        await client.send(get)
        return await client.responses(1).map(\.status) == [200]
    }

    @Test("carry requests, of which the handler knows that they are local")
    func local() async throws {
        struct Telling: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                let text = "\(request.isLocal) \(request.peer == .none)"
                responder.send(.ok) { $0.append(text) }
            }
        }
        let server = try startServer([.unix(path: path), .tcp(host: "127.0.0.1", port: 0)], handler: Telling())
        #expect(server.boundAddresses.first?.description == "unix:\(path)")
        var told: [String] = []
        for address in server.boundAddresses {
            let client = try LoopbackClient(address)
            await client.send(get)
            told += await client.responses(1).map(\.text)
        }
        #expect(told == ["true true", "false false"])
        _ = await server.drain(timeout: .zero)
    }

    @Test("serve many clients with large bodies on all loops")
    func load() async throws {
        let server = try startServer([.unix(path: path)], handler: HoppingHandler())
        let address = try #require(server.boundAddresses.first)
        let clients = try (0..<10).map { _ in try LoopbackClient(address) }
        let body = String(repeating: "x", count: 300_000)
        for client in clients {
            async let sent: Void = client.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            await sent
            let isWhole = await client.responses(1).first?.text == "echo " + body
            #expect(isWhole)
        }
        _ = await server.drain(timeout: .zero)
    }

    @Test("have the mode asked for", arguments: [0o600, 0o660, 0o666, 0o777] as [UInt32])
    func mode(mode: UInt32) async throws {
        let server = try startServer([.unix(path: path, mode: mode)])
        let status = try #require(fileStatus(path))
        #expect(status.st_mode & 0o7777 == mode && status.st_mode & S_IFMT == S_IFSOCK)
        _ = await server.drain(timeout: .zero)
    }

    @Test("have the group asked for, by name and by number")
    func group() async throws {
        // Only root may choose any group, so others take one of their own.
        let wanted: gid_t = getuid() == 0 ? 1 : getgid()
        let entry = try #require(getgrgid(wanted))
        for group in [String(cString: entry.pointee.gr_name), String(wanted)] {
            let server = try startServer([.unix(path: path, group: group)])
            #expect(fileStatus(path)?.st_gid == wanted)
            _ = await server.drain(timeout: .zero)
        }
    }

    @Test("replace the file that a dead process has left")
    func stale() async throws {
        do { _ = try TestSocket(BoundAddress(.unix(path: path))) }
        #expect(fileStatus(path) != nil)
        let server = try startServer([.unix(path: path)])
        #expect(try await answers(at: path))
        _ = await server.drain(timeout: .zero)
    }

    @Test("leave a socket alone on which somebody listens", arguments: [false, true])
    func live(isBusy: Bool) async throws {
        let other = try TestSocket(BoundAddress(.unix(path: path)), backlog: 0)
        var clients: [TestSocket] = []
        // A full queue answers otherwise than a free one.
        while isBusy, clients.count < 100 {
            var target = SocketAddress(BoundAddress(.unix(path: path)))
            let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
            let client = TestSocket(adopting: socket(AF_UNIX, Int32(type), 0))
            guard target.withRaw({ connect(client.descriptor, $0, $1) }) == 0 else { break }
            clients.append(client)
        }
        let before = try #require(fileStatus(path))
        let error = #expect(throws: SocketError.self) { try startServer([.unix(path: path)]) }
        #expect(error?.errno == EADDRINUSE)
        #expect(
            error?.description
                == "cannot listen on unix:\(path): another process listens there; stop it or choose another path")
        #expect(fileStatus(path)?.st_ino == before.st_ino)
        withExtendedLifetime((other, clients)) {}
    }

    @Test("leave anything else alone that is at their path", arguments: ["file", "folder", "link"])
    func occupied(kind: String) throws {
        switch kind {
        case "file": try "kept".write(toFile: path, atomically: false, encoding: .utf8)
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.file("elsewhere"))
        }
        let error = #expect(throws: SocketError.self) { try startServer([.unix(path: path)]) }
        #expect(error?.errno == EEXIST && error?.description.contains("something that is not a socket; move it away") == true)
        #expect(fileStatus(path) != nil && fileStatus(folder.file("elsewhere")) == nil)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        var path = "s"
        var mode: UInt32 = 0o660
        var group: String?
        let errno: Int32
        let message: String

        var testDescription: String { name }
    }

    @Test(
        "are refused with what to do instead",
        arguments: [
            Refusal(name: "no path", path: "", errno: EINVAL, message: "the path is empty; give one such as /run/apus/apus.sock"),
            Refusal(name: "abstract", path: "@apus", errno: EINVAL, message: "unix:@apus: an abstract name lets every process"),
            Refusal(name: "zero byte", path: "\0apus", errno: EINVAL, message: "unix:@apus: an abstract name lets every process"),
            Refusal(
                name: "long", path: "/" + String(repeating: "x", count: 107), errno: ENAMETOOLONG,
                message: "the path has 108 bytes, a socket's may have 107"),
            Refusal(name: "mode", mode: 0o4755, errno: EINVAL, message: "the mode 04755 has bits beyond 0777"),
            Refusal(name: "group", group: "no-such-group", errno: ENOENT, message: "there is no group \"no-such-group\"; create it"),
            Refusal(name: "folder", path: "missing/s", errno: ENOENT, message: "/missing; create it (in a systemd unit"),
            Refusal(name: "no folder", path: "/etc/hostname/s", errno: ENOTDIR, message: "/etc/hostname is not a folder"),
        ])
    func refused(_ refusal: Refusal) {
        let isRelative = refusal.path == "s" || refusal.path == "missing/s"
        let path = isRelative ? folder.file(refusal.path) : refusal.path
        let error = #expect(throws: SocketError.self) {
            try startServer([.unix(path: path, mode: refusal.mode, group: refusal.group)])
        }
        #expect(error?.errno == refusal.errno)
        #expect(error?.description.contains(refusal.message) == true, "\(error?.description ?? "")")
        #expect(fileStatus(folder.file("s")) == nil)
    }

    @Test("may have a path of as many bytes as the system allows")
    func longestPath() async throws {
        let path = folder.file(String(repeating: "x", count: 107 - folder.path.utf8.count - 1))
        let server = try startServer([.unix(path: path)])
        #expect(try await answers(at: path))
        _ = await server.drain(timeout: .zero)
        #expect(fileStatus(path) == nil)
    }

    @Test("take their file with them, but not one that somebody else has put there")
    func removal() async throws {
        let first = try startServer([.unix(path: path)])
        unlink(path)
        let successor = try startServer([.unix(path: path)])
        _ = await first.drain(timeout: .zero)
        #expect(try await answers(at: path))
        _ = await successor.drain(timeout: .zero)
        #expect(fileStatus(path) == nil)
    }

    @Test("are given up when another listener of the same server cannot be opened")
    func failedStart() throws {
        #expect(throws: SocketError.self) { try startServer([.unix(path: path), .tcp(host: "300.300.300.300", port: 0)]) }
        #expect(fileStatus(path) == nil)
    }

    @Test("serve what the kernel had accepted when the drain began, and free their path at once")
    func drain() async throws {
        var limits = ConnectionLimits()
        limits.drainGrace = .seconds(60)
        let server = try startServer([.unix(path: path)], limits: limits)
        let clients = try (0..<200).map { _ in try LoopbackClient(BoundAddress(.unix(path: path))) }
        server.stopAccepting()
        while fileStatus(path) != nil { await Task.yield() }
        let successor = try startServer([.unix(path: path)])
        async let result = server.drain(timeout: .seconds(60))
        for client in clients {
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
            client.endInput()
        }
        #expect(await result.cutRequests == 0)
        #expect(try await answers(at: path))
        _ = await successor.drain(timeout: .zero)
    }

    @Test("go to exactly one of several servers that start at once on a stale file")
    func race() async throws {
        for _ in 0..<20 {
            do { _ = try TestSocket(BoundAddress(.unix(path: path))) }
            let path = path
            let started = await withTaskGroup(of: HTTPServer?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        do throws(SocketError) {
                            return try startServer([.unix(path: path)], loopCount: 1)
                        } catch {
                            #expect(error.errno == EADDRINUSE)
                            return nil
                        }
                    }
                }
                return await group.reduce(into: [HTTPServer]()) { servers, server in if let server { servers.append(server) } }
            }
            #expect(started.count == 1)
            #expect(try await answers(at: path))
            for server in started { _ = await server.drain(timeout: .zero) }
            #expect(fileStatus(path) == nil)
        }
    }
}
