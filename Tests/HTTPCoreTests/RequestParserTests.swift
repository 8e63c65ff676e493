import HTTPCore
import Testing

/// The parser by what the handler sees, and by what the client is told.
@Suite("RequestParser")
struct RequestParserTests {
    private func status(_ request: some Sequence<UInt8>, limits: ConnectionLimits = ConnectionLimits()) -> Int? {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.send(request)
        return ResponseReader(embedded.transport.outgoing).final.first?.status
    }

    private func status(_ request: String, limits: ConnectionLimits = ConnectionLimits()) -> Int? {
        status(Array(request.utf8), limits: limits)
    }

    @Test("gives the handler method, path, query, headers and body as they came")
    func wholeRequest() {
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send("POST /a%20b?x=1?y HTTP/1.1\r\nHost: h\r\nX-A:\t v w \r\nEmpty:\r\nContent-Length: 3\r\n\r\nabc")
        #expect(
            handler.seen == [
                .init(
                    method: .post, path: "/a%20b", query: "x=1?y",
                    headers: ["Host=h", "X-A=v w", "Empty=", "Content-Length=3"], body: Array("abc".utf8))
            ])
    }

    @Test("takes scheme and authority off an absolute target")
    func absoluteTarget() {
        for (target, path, query) in [
            ("http://h:80/a?b", "/a", "b"), ("HTTPS://h", "/", nil), ("http://[::1]?q", "/", "q"), ("http://h/", "/", nil),
        ] as [(String, String, String?)] {
            let handler = TestHandler()
            EmbeddedConnection(handler).send("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n")
            #expect(handler.seen.first?.path == path && handler.seen.first?.query == query, "\(target)")
        }
    }

    @Test("finds headers without their case, the first of several")
    func headerLookUp() {
        struct Looking: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                let found = request.headerText("x-token") ?? "none"
                let missing = request.header("x-toke") == nil && request.header("content-length") == nil
                responder.send(.ok) { $0.append("\(found) \(missing)") }
            }
        }
        let embedded = EmbeddedConnection(Looking())
        embedded.send("GET / HTTP/1.1\r\nHost: h\r\nX-TOKEN: one\r\nx-token: two\r\n\r\n")
        #expect(embedded.takeOutput().hasSuffix("\r\n\r\none true"))
    }

    @Test("takes exactly the bytes that the grammar allows in a target, a name and a value")
    func byteSets() {
        let letters = (65...90).map { UInt8($0) } + (97...122).map { UInt8($0) }
        let digits = (48...57).map { UInt8($0) }
        let target = Set(letters + digits + Array("-._~!$&'()*+,;=:@/?".utf8))
        let token = Set(letters + digits + Array("!#$%&'*+-.^_`|~".utf8))
        let value = Set(UInt8(0x20)...0x7E).union(0x80...0xFF).union([0x09])
        for byte in UInt8.min...UInt8.max {
            let inTarget = Array("GET /a".utf8) + [byte] + Array("b HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            #expect((status(inTarget) == 404) == target.contains(byte), "target 0x\(String(byte, radix: 16))")
            // A colon ends the name rather than standing in it.
            let inName = Array("GET /get HTTP/1.1\r\nHost: h\r\na".utf8) + [byte] + Array("b: c\r\n\r\n".utf8)
            #expect((status(inName) == 200) == (token.contains(byte) || byte == 0x3A), "name 0x\(String(byte, radix: 16))")
            let inValue = Array("GET /get HTTP/1.1\r\nHost: h\r\na: b".utf8) + [byte] + Array("c\r\n\r\n".utf8)
            #expect((status(inValue) == 200) == value.contains(byte), "value 0x\(String(byte, radix: 16))")
        }
    }

    @Test(
        "judges hosts by RFC 3986",
        arguments: [
            ("h", true), ("h:1", true), ("h:65535", true), ("h:65536", false), ("h:123456", false), ("h:", true),
            ("a.b-c_d~", true),
            ("a%2eb", true), ("a%2", false), ("127.0.0.1:80", true), ("[::]", true), ("[::1]:8", true),
            ("[1:2:3:4:5:6:7:8]", true),
            ("[1:2:3:4:5:6:7::]", true), ("[1::8]", true), ("[::ffff:1.2.3.4]", true), ("[1:2:3:4:5:6:1.2.3.4]", true),
            ("[1:2:3:4:5:6:7]", false), ("[1:2:3:4:5:6:7:8:9]", false), ("[1::2::3]", false), ("[12345::]", false),
            ("[:1]", false),
            ("[1:]", false), ("[::1.2.3]", false), ("[::1.2.3.256]", false), ("[::1.2.3.4.5]", false), ("[::1", false),
            ("[]", false),
            ("[::1]x", false), ("[:::]", false), (":80", false), ("u@h", false), ("h/", false), ("h?", false), ("", false),
        ])
    func hosts(host: String, isValid: Bool) {
        #expect(status("GET /get HTTP/1.1\r\nHost: \(host)\r\n\r\n") == (isValid ? 200 : 400))
    }

    @Test("waits on every proper prefix of a request and answers the whole once")
    func prefixes() {
        let request = Array(
            "POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n"
                .utf8)
        for count in 0..<request.count {
            let embedded = EmbeddedConnection(TestHandler())
            embedded.send(request[..<count])
            #expect(embedded.transport.outgoing.isEmpty && !embedded.hasEnded, "prefix of \(count)")
            embedded.send(request[count...])
            let final = ResponseReader(embedded.transport.outgoing).final
            #expect(final.map(\.text) == ["echo abcde"], "rest after \(count)")
        }
    }

    @Test("survives any single changed byte: what no longer is a request is refused, and ends the connection")
    func flippedBytes() {
        let request = Array("POST /post HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
        for index in request.indices {
            for byte in [0, 0x0A, 0x0D, 0x20, 0x3A, 0x7F, 0x80, 0xFF, request[index] ^ 1, request[index] ^ 0x20] as [UInt8] {
                var changed = request
                changed[index] = byte
                let embedded = EmbeddedConnection(TestHandler())
                embedded.send(changed)
                let reader = ResponseReader(embedded.transport.outgoing)
                // A damaged framing field leaves the body to be read as a second request.
                let refused = reader.final.drop { $0.status < 400 || $0.status == 404 }
                #expect(reader.fault == nil && reader.final.count <= 2 && refused.count <= 1, "byte \(index) as \(byte)")
                #expect(refused.isEmpty || embedded.hasEnded, "byte \(index) as \(byte)")
            }
        }
    }

    @Test("refuses a request line, head or field count beyond its limit, with or without its end in sight")
    func limits() {
        var limits = ConnectionLimits()
        limits.maxRequestLineBytes = 64
        limits.maxHeadBytes = 256
        limits.maxFieldCount = 4
        let fitting = "GET /\(String(repeating: "a", count: 64 - 16)) HTTP/1.1\r\n"
        #expect(fitting.utf8.count == 64)
        #expect(status(fitting + "Host: h\r\n\r\n", limits: limits) == 404)
        #expect(status("GET /a" + fitting.dropFirst(5), limits: limits) == 414)
        #expect(status("GET /" + String(repeating: "a", count: 60), limits: limits) == 414)
        #expect(status("GET /" + String(repeating: "a", count: 59), limits: limits) == nil)
        let head = "GET /get HTTP/1.1\r\nHost: h\r\nX: "
        let padding = String(repeating: "v", count: 256 - head.utf8.count - 4)
        #expect(status(head + padding + "\r\n\r\n", limits: limits) == 200)
        #expect(status(head + padding + "v\r\n\r\n", limits: limits) == 431)
        #expect(status(head + padding + "vvvvv", limits: limits) == 431)
        let fields = { String(repeating: "A: b\r\n", count: $0) }
        #expect(status("GET /get HTTP/1.1\r\nHost: h\r\n\(fields(3))\r\n", limits: limits) == 200)
        #expect(status("GET /get HTTP/1.1\r\nHost: h\r\n\(fields(4))\r\n", limits: limits) == 431)
    }
}
