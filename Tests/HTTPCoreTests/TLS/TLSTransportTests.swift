import COpenSSL
import HTTPCore
import Testing

/// How requests and answers travel in records, and how the stream ends.
@Suite("TLSTransport", .timeLimit(.minutes(1)))
struct TLSTransportTests {
    private static let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    /// A link whose handshake is done.
    private func link(
        _ version: Int32 = TLS1_3_VERSION, limits: ConnectionLimits = ConnectionLimits(), handler: any RequestHandler = TestHandler()
    ) throws -> TLSLink {
        let link = try TLSLink(
            .fixture(), TLSClient.Options(versions: version...version), handler: handler, limits: limits)
        try #require(link.shakeHands() == .done)
        link.serve()
        return link
    }

    @Test("takes a request in records of one byte", arguments: versions)
    func tinyRecords(_ version: Int32) throws {
        let link = try link(version)
        for _ in 0..<3 { for byte in Self.get.utf8 { link.send([byte]) } }
        #expect(link.responses(3).map(\.text) == ["hello\n", "hello\n", "hello\n"])
    }

    @Test("takes tiny records that come in one piece", arguments: versions)
    func tinyRecordsTogether(_ version: Int32) throws {
        let link = try link(version)
        for _ in 0..<3 { for byte in Self.get.utf8 { #expect(link.client.write([byte][...]).sent == 1) } }
        link.serve()
        #expect(link.responses(3).map(\.status) == [200, 200, 200])
    }

    @Test("takes records that come byte by byte")
    func recordsInPieces() throws {
        let link = try link()
        #expect(link.client.write(Self.get).sent == Self.get.utf8.count)
        let record = link.interceptRaw()
        #expect(record.count > Self.get.utf8.count)
        for byte in record { link.sendRaw([byte]) }
        #expect(link.responses(1).map(\.text) == ["hello\n"])
    }

    @Test("one readiness suffices for a burst of pipelined requests in many records")
    func oneReadiness() throws {
        let link = try link()
        for _ in 0..<200 { #expect(link.client.write(Self.get).sent == Self.get.utf8.count) }
        link.context.enter()
        link.connection.ready(.readable)
        while link.connection.wantsTurn { link.connection.takeTurn() }
        link.context.leave()
        #expect(link.statistics.requests == 200)
    }

    @Test("carries bodies of several megabytes both ways", arguments: versions)
    func largeBodies(_ version: Int32) throws {
        let link = try link(version)
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 % 253) }
        link.send(Array("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        let isWhole = link.responses(1).first?.body == Array("echo ".utf8) + body
        #expect(isWhole)
    }

    @Test("says that it ends before it ends, after the answer", arguments: versions)
    func closeNotice(_ version: Int32) throws {
        let link = try link(version)
        link.send("GET /get HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(link.receiveToEnd() == .ended)
        #expect(link.client.hasCloseNotice)
        #expect(ResponseReader(link.client.received).final.map(\.status) == [200])
        #expect(link.connection.isLingering)
        link.advance(by: .seconds(3))
        #expect(link.connection.isClosed)
    }

    @Test("answers a client that has said it ends, and says so in turn", arguments: versions)
    func halfClose(_ version: Int32) throws {
        let link = try link(version)
        #expect(link.client.write(Self.get + Self.get).1 == .done)
        link.client.endOutput()
        #expect(link.receiveToEnd() == .ended)
        #expect(ResponseReader(link.client.received).final.map(\.status) == [200, 200])
        #expect(link.client.hasCloseNotice && link.connection.isClosed)
    }

    @Test("takes an end without notice for an end: in mid-request it answers 400")
    func truncation() throws {
        let link = try link()
        link.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        link.cutOutput()
        #expect(link.receiveToEnd() == .ended)
        #expect(ResponseReader(link.client.received).final.map(\.status) == [400])
    }

    @Test("ends in silence when the client goes in the middle of the handshake")
    func goneInHandshake() throws {
        let link = try TLSLink(.fixture())
        #expect(link.client.shakeHands() == .waits)
        let hello = link.interceptRaw()
        link.sendRaw(Array(hello.prefix(40)))
        link.cutOutput()
        #expect(link.connection.isClosed)
        #expect(link.statistics.failedHandshakes == 0, "there was nobody to refuse")
    }

    @Test("closes when the handshake takes longer than a head may", arguments: [0, 3, 40])
    func slowHandshake(byteCount: Int) throws {
        var limits = ConnectionLimits()
        limits.headTimeout = .seconds(5)
        let link = try TLSLink(.fixture(), limits: limits)
        #expect(link.client.shakeHands() == .waits)
        link.sendRaw(Array(link.interceptRaw().prefix(byteCount)))
        link.advance(by: .seconds(4))
        #expect(link.connection.isIdle)
        link.advance(by: .seconds(1))
        #expect(link.connection.isLingering && link.receiveRaw().isEmpty)
        link.advance(by: .seconds(3))
        #expect(link.connection.isClosed)
    }

    @Test("tells a client that speaks HTTP in the clear what to do, and ends the connection")
    func clearText() throws {
        let link = try TLSLink(.fixture())
        link.sendRaw(Array((Self.get + String(repeating: "x", count: 50_000)).utf8))
        let response = try #require(ResponseReader(link.receiveRaw()).final.first)
        #expect(response.status == 400 && response.header("connection") == "close")
        #expect(response.text == "{\"error\": \"this port expects TLS; ask with https:// in the URL.\"}\n")
        #expect(link.statistics.failedHandshakes == 1 && link.statistics.requests == 0)
        #expect(link.connection.isLingering)
    }

    @Test("ends the connection of a client that sends no TLS at all")
    func noise() throws {
        let link = try TLSLink(.fixture())
        link.sendRaw((0..<600).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        #expect(link.connection.isLingering)
        #expect(link.statistics.failedHandshakes == 1)
    }

    @Test("survives a hello with any byte changed")
    func changedHello() throws {
        let tls = try TLSContext.fixture()
        let source = try TLSLink(tls)
        #expect(source.client.shakeHands() == .waits)
        let hello = source.interceptRaw()
        for index in hello.indices {
            var changed = hello
            changed[index] ^= 0x55
            let link = try TLSLink(tls)
            link.sendRaw(changed)
            link.cutOutput()
            link.advance(by: .seconds(20))
            link.advance(by: .seconds(20))
            #expect(link.connection.isClosed && link.statistics.requests == 0, "byte \(index)")
        }
    }

    @Test("notices a record that was changed on the way")
    func changedRecord() throws {
        let link = try link()
        #expect(link.client.write(Self.get).1 == .done)
        var record = link.interceptRaw()
        record[record.count - 1] ^= 1
        link.sendRaw(record)
        #expect(link.connection.isClosed && link.statistics.requests == 0)
    }

    @Test("takes new keys now and then, and ends a connection that does little else")
    func keyUpdates() throws {
        let link = try link()
        for _ in 0..<30 {
            #expect(link.client.updateKeys() == .done)
            link.send(Self.get)
        }
        #expect(link.responses(30).count == 30)
        for _ in 0..<30 { _ = link.client.updateKeys() }
        link.serve()
        #expect(link.connection.isClosed)
    }

    @Test("refuses a new handshake within the old")
    func renegotiation() throws {
        let link = try link(TLS1_2_VERSION)
        #expect(link.complete { link.client.renegotiate() } == .failed("no renegotiation"))
    }

    @Test("a slow reader gets everything though its records are cut anywhere")
    func slowReader() throws {
        let link = try link()
        link.send("GET /large/3000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(!link.connection.isClosed)
        let isWhole = link.responses(1).first?.body == (0..<3_000_000).map { UInt8($0 % 251) }
        #expect(isWhole)
    }

    @Test("sends its notice later when the socket has no room for it")
    func lateNotice() throws {
        let link = try link()
        link.send("GET /large/3000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(link.receiveToEnd() == .ended)
        #expect(link.client.hasCloseNotice)
        #expect(ResponseReader(link.client.received).final.first?.body.count == 3_000_000)
    }
}
