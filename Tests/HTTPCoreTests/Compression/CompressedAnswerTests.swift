import HTTPCore
import Testing

@Suite("Compressed answers")
struct CompressedAnswerTests {
    /// Answers bytes that compress well at `/text/N`, others at `/noise/N`, and what is coded already at `/coded/N`.
    private struct BodyHandler: RequestHandler {
        func handle(_ request: borrowing Request, _ responder: Responder) {
            let parts = String(decoding: request.path, as: UTF8.self).split(separator: "/")
            let count = Int(parts[1]) ?? 0
            let bytes = CompressedAnswerTests.bytes(String(parts[0]), count)
            let headers = parts[0] == "coded" ? [HTTPHeader("content-Encoding", "br")] : [HTTPHeader("X-Kept", "yes")]
            responder.send(parts[0] == "none" ? .noContent : .ok, contentType: "text/plain", headers: headers) { out in
                bytes.withUnsafeBytes { out.append($0) }
            }
        }
    }

    private static func bytes(_ kind: String, _ count: Int) -> [UInt8] {
        var state: UInt64 = 1
        return (0..<count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return kind == "noise" ? UInt8(truncatingIfNeeded: state >> 56) : UInt8(index / 5 % 10) + 48
        }
    }

    private func answer(
        _ path: String, accepting fields: [String], method: String = "GET", limits: ConnectionLimits = ConnectionLimits()
    ) throws -> ResponseReader.Response {
        let embedded = EmbeddedConnection(BodyHandler(), limits: limits)
        let lines = fields.map { "Accept-Encoding: \($0)\r\n" }.joined()
        embedded.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(lines)\r\n")
        let reader = ResponseReader(embedded.transport.outgoing, methods: [method])
        #expect(reader.fault == nil)
        return try #require(reader.final.first)
    }

    @Test(
        "are compressed for those who ask, in the coding of the highest weight",
        arguments: [
            (["gzip"], "gzip"), (["GZIP"], "gzip"), (["x-gzip"], "gzip"), (["deflate, gzip, br"], "gzip"), (["*"], "gzip"),
            (["gzip;q=1.0"], "gzip"), (["gzip;q=0.001"], "gzip"), (["gzip ; q=0.5"], "gzip"), (["gzip;Q=1"], "gzip"),
            (["br;q=1, *;q=0.1"], "gzip"),
            (["gzip;q=0.5, identity;q=0.5"], "gzip"), (["identity;q=0, gzip;q=0.1"], "gzip"), (["br", "gzip"], "gzip"),
            (["*;q=0, gzip"], "gzip"), ([", ,gzip,"], "gzip"), (["gzip;q=0.123"], "gzip"), (["gzip;q=1.000"], "gzip"),
            (["gzip;q=1."], "gzip"),
            ([], nil), ([""], nil), (["identity"], nil), (["deflate"], "deflate"), (["br, zstd"], nil), (["gzip;q=0"], nil),
            (["gzip;q=0.0"], nil), (["gzip;q=0.000"], nil), (["*;q=0"], nil), (["*, gzip;q=0"], "deflate"),
            (["gzip;q=0.2, deflate;q=0.3"], "deflate"),
            (["deflate;q=0.5, gzip;q=0.5"], "gzip"), (["deflate;q=0"], nil),
            (["identity;q=1, gzip;q=0.5"], nil), (["identity, *;q=0.9"], nil), (["gzipped"], nil), (["gzi"], nil),
            // What does not follow the grammar counts for nothing.
            (["gzip;q=2"], nil), (["gzip;q=1.001"], nil), (["gzip;q=0.1234"], nil), (["gzip;q="], nil), (["gzip;"], nil),
            (["gzip;level=9"], nil), (["gzip;q=.5"], nil), (["gzip;q=0x1"], nil), (["gzip;q=-1"], nil),
        ])
    func negotiation(_ fields: [String], _ coding: String?) throws {
        let answer = try answer("/text/20000", accepting: fields)
        #expect(answer.status == 200)
        #expect(answer.header("content-encoding") == coding)
        #expect(answer.header("vary") == "Accept-Encoding")
        #expect(answer.header("x-kept") == "yes" && answer.header("content-type") == "text/plain")
        let known = coding.map { $0 == "gzip" ? ContentCoding.gzip : .deflate }
        let bytes = try known.map { try CompressedForms.inflate([answer.body[...]], $0) } ?? answer.body
        #expect(bytes == Self.bytes("text", 20_000))
        #expect((coding != nil) == (answer.body.count < 2000))
    }

    @Test("begin at the threshold, to the byte")
    func threshold() throws {
        var limits = ConnectionLimits()
        limits.compressionThresholdBytes = 100
        for (count, isLarge) in [(0, false), (1, false), (99, false), (100, true), (101, true)] {
            let asked = try answer("/text/\(count)", accepting: ["gzip"], limits: limits)
            #expect(asked.header("content-encoding") == (isLarge ? "gzip" : nil))
            #expect(asked.header("vary") == (isLarge ? "Accept-Encoding" : nil))
            let unasked = try answer("/text/\(count)", accepting: [], limits: limits)
            #expect(unasked.header("content-encoding") == nil)
            #expect(unasked.header("vary") == (isLarge ? "Accept-Encoding" : nil))
            #expect(unasked.body == Self.bytes("text", count))
        }
        #expect(try answer("/text/16383", accepting: ["gzip"]).header("vary") == nil)
        #expect(try answer("/text/16384", accepting: ["gzip"]).header("content-encoding") == "gzip")
    }

    @Test("do not exist with a threshold of 0")
    func off() throws {
        var limits = ConnectionLimits()
        limits.compressionThresholdBytes = 0
        for count in [0, 20_000] {
            let answer = try answer("/text/\(count)", accepting: ["gzip"], limits: limits)
            #expect(answer.header("content-encoding") == nil && answer.header("vary") == nil)
            #expect(answer.body == Self.bytes("text", count))
        }
    }

    @Test("are sent as they are when compressing makes them no shorter, or they are coded already")
    func useless() throws {
        let noise = try answer("/noise/20000", accepting: ["gzip"])
        #expect(noise.header("content-encoding") == nil && noise.header("vary") == "Accept-Encoding")
        #expect(noise.body == Self.bytes("noise", 20_000))
        let coded = try answer("/coded/20000", accepting: ["gzip"])
        #expect(coded.header("content-encoding") == "br" && coded.header("vary") == nil)
        #expect(coded.body == Self.bytes("coded", 20_000))
        var limits = ConnectionLimits()
        limits.compressionThresholdBytes = 1
        #expect(try answer("/text/3", accepting: ["gzip"], limits: limits).body == Self.bytes("text", 3))
    }

    @Test("have the same head for HEAD as for GET")
    func head() throws {
        for (path, fields) in [
            ("/text/20000", ["gzip"]), ("/text/20000", []), ("/noise/20000", ["gzip"]), ("/text/10", ["gzip"]), ("/text/0", []),
        ] {
            let get = try answer(path, accepting: fields)
            var head = try answer(path, accepting: fields, method: "HEAD")
            #expect(head.body.isEmpty)
            head.body = get.body
            #expect(head == get)
        }
    }

    @Test("without content have none of it")
    func noContent() throws {
        let answer = try answer("/none/20000", accepting: ["gzip"])
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(answer.header("content-encoding") == nil && answer.header("vary") == nil)
    }

    @Test("follow each other on one connection as each request asks")
    func sequence() throws {
        let embedded = EmbeddedConnection(BodyHandler())
        var expected: [[UInt8]] = []
        for (index, path) in ["/text/20000", "/noise/70000", "/text/5", "/text/90000"].enumerated() {
            for field in ["Accept-Encoding: gzip\r\n", ""] {
                embedded.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(field)\r\n")
                expected.append(Self.bytes(index == 1 ? "noise" : "text", Int(path.split(separator: "/")[1]) ?? 0))
            }
        }
        let reader = ResponseReader(embedded.transport.outgoing)
        #expect(reader.fault == nil)
        let bodies = try reader.final.map { response in
            response.header("content-encoding") == nil ? response.body : try CompressedForms.inflate([response.body[...]], .gzip)
        }
        #expect(bodies == expected)
        #expect(reader.final.map { $0.header("content-encoding") == "gzip" } == [true, false, false, false, false, false, true, false])
    }
}
