import HTTPCore
import Testing

@Suite("Compressed request bodies")
struct CodedRequestTests {
    private let plain = CompressedForms.plain

    private func request(_ encodings: [String], _ body: [UInt8], path: String = "/post") -> [UInt8] {
        let fields = encodings.map { "Content-Encoding: \($0)\r\n" }.joined()
        return Array("POST \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private func chunked(_ encoding: String, _ body: [UInt8]) -> [UInt8] {
        let head = "POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Encoding: \(encoding)\r\n\r\n"
        let chunks = stride(from: 0, to: body.count, by: 100).flatMap { start in
            let part = body[start..<min(start + 100, body.count)]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10]
        }
        return Array(head.utf8) + chunks + Array("0\r\n\r\n".utf8)
    }

    /// What the handler saw as the body; nil when it was not called.
    private func seen(_ request: [UInt8]) -> [UInt8]? {
        let handler = TestHandler()
        EmbeddedConnection(handler).send(request)
        return handler.seen.first?.body
    }

    @Test("reach the handler as the client meant them", arguments: CompressedForms.names)
    func decoded(_ name: String) {
        let body = CompressedForms.read(name), coding = CompressedForms.coding(name) == .gzip ? "gzip" : "deflate"
        #expect(seen(request([coding], body)) == plain)
        #expect(seen(chunked(coding, body)) == plain)
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        for byte in request([coding], body) { embedded.send([byte]) }
        #expect(handler.seen.map(\.body) == [plain])
    }

    @Test("may be named in any case, by old names, in lists and several fields")
    func names() {
        let gzip = CompressedForms.read("gzip-9"), twice = CompressedForms.gzip(gzip)
        let mixed = CompressedForms.gzip(CompressedForms.read("deflate-zlib"))
        for encodings in [["gzip"], ["GZIP"], ["x-gzip"], ["X-Gzip"], ["identity, gzip"], [" , gzip ,"], ["identity", "gzip"]] {
            #expect(seen(request(encodings, gzip)) == plain, "\(encodings)")
        }
        for encodings in [["gzip, gzip"], ["gzip", "x-gzip"], ["gzip, identity,gzip"]] {
            #expect(seen(request(encodings, twice)) == plain, "\(encodings)")
        }
        for encodings in [["deflate, gzip"], ["deflate", "gzip"], ["Deflate , identity", "GZip"]] {
            #expect(seen(request(encodings, mixed)) == plain, "\(encodings)")
        }
        for encodings in [[], ["identity"], [""], ["identity, Identity"]] {
            #expect(seen(request(encodings, plain)) == plain, "\(encodings)")
        }
    }

    @Test("without a byte need no decoding, whatever they are said to be")
    func empty() {
        #expect(seen(request(["gzip"], [])) == [])
        #expect(seen(request(["br"], [])) == [])
        #expect(seen(Array("GET /get HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\n\r\n".utf8)) == [])
    }

    private struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var encodings: [String]
        var body: [UInt8]
        var status: Int
        var words: String

        var testDescription: String { name }
    }

    private static let refused: [Refused] = {
        let gzip = CompressedForms.read("gzip-9"), deflate = CompressedForms.read("deflate-zlib")
        var corrupt = gzip
        corrupt[gzip.count - 5] ^= 1
        return [
            Refused(name: "brotli", encodings: ["br"], body: [1, 2], status: 415, words: "is \\\"br\\\"; this server reads gzip, deflate"),
            Refused(name: "zstd", encodings: ["zstd"], body: [1, 2], status: 415, words: "zstd"),
            Refused(name: "unknown below gzip", encodings: ["rot13, gzip"], body: gzip, status: 415, words: "rot13, gzip"),
            Refused(name: "unknown above gzip", encodings: ["gzip", "rot13"], body: gzip, status: 415, words: "gzip"),
            Refused(name: "three codings", encodings: ["gzip, gzip, gzip"], body: gzip, status: 415, words: "at most 2"),
            Refused(name: "no token", encodings: ["\"gzip\""], body: gzip, status: 415, words: "this server reads"),
            Refused(
                name: "text as gzip", encodings: ["gzip"], body: Array("{}".utf8), status: 400,
                words: "corrupt at byte 2: incorrect header check"),
            Refused(name: "half of gzip", encodings: ["gzip"], body: Array(gzip.prefix(400)), status: 400, words: "stops at byte 400"),
            Refused(name: "wrong checksum", encodings: ["gzip"], body: corrupt, status: 400, words: "incorrect data check"),
            Refused(name: "trailing bytes", encodings: ["gzip"], body: gzip + [7], status: 400, words: "bytes follow the end"),
            Refused(name: "deflate as gzip", encodings: ["gzip"], body: deflate, status: 400, words: "incorrect header check"),
            Refused(name: "gzip as deflate", encodings: ["deflate"], body: gzip, status: 400, words: "the deflate data"),
            Refused(name: "once instead of twice", encodings: ["gzip, gzip"], body: gzip, status: 400, words: "incorrect header check"),
            Refused(
                name: "a bomb", encodings: ["gzip"], body: Array(repeatElement(CompressedForms.zeros(1 << 24), count: 64).joined()),
                status: 413, words: "inflates to more than 67108864 bytes"),
            Refused(
                name: "a bomb in gzip", encodings: ["deflate, gzip"], body: CompressedForms.zeros(1 << 27), status: 413,
                words: "more than 67108864 bytes"),
        ]
    }()

    @Test("that cannot be decoded are answered with the reason, and the connection stays", arguments: refused)
    private func refusals(_ each: Refused) throws {
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(request(each.encodings, each.body))
        #expect(handler.seen.isEmpty)
        let answer = try #require(ResponseReader(embedded.transport.outgoing).final.first)
        #expect(answer.status == each.status)
        #expect(answer.text.hasPrefix("{\"error\": \"") && answer.text.contains(each.words), "\(answer.text)")
        #expect(answer.header("accept-encoding") == (each.status == 415 ? "gzip, deflate" : nil))
        #expect(answer.header("connection") == nil && !embedded.hasEnded)
        embedded.transport.outgoing = []
        embedded.send(request(["gzip"], CompressedForms.read("gzip-1")))
        #expect(ResponseReader(embedded.transport.outgoing).final.first?.status == 200)
        #expect(handler.seen.map(\.body) == [plain])
    }

    @Test("may inflate to as many bytes as a body may have, and no more")
    func limit() {
        var limits = ConnectionLimits()
        for (limit, status) in [(plain.count, 200), (plain.count - 1, 413)] {
            limits.maxBodyBytes = limit
            let embedded = EmbeddedConnection(TestHandler(), limits: limits)
            embedded.send(request(["gzip"], CompressedForms.read("gzip-9")))
            #expect(ResponseReader(embedded.transport.outgoing).final.map(\.status) == [status])
        }
    }

    @Test("may be pipelined, and are answered later from another thread as others are")
    func pipelined() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(request(["gzip"], CompressedForms.read("gzip-9")) + request([], plain) + request(["br"], [1]))
        for index in 1...2 {
            let responder = try #require(handler.takeFirst())
            embedded.onLoop { responder.send(.ok) { $0.append("answer \(index)") } }
            embedded.deliverResponses()
        }
        #expect(ResponseReader(embedded.transport.outgoing).final.map(\.status) == [200, 200, 415])
    }
}
