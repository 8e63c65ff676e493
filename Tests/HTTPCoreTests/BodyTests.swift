import HTTPCore
import Testing

@Suite("Request bodies")
struct BodyTests {
    private func answer(_ request: String, limits: ConnectionLimits = ConnectionLimits()) -> ResponseReader.Response? {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.send(request)
        return ResponseReader(embedded.transport.outgoing).final.first
    }

    private func chunked(_ framed: String) -> String {
        "POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + framed
    }

    @Test("of any length and in chunks of any size arrive whole", arguments: [0, 1, 2, 15, 16, 17, 255, 4095, 16_384, 200_000])
    func sizes(byteCount: Int) {
        let body = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        for chunkByteCount in [1, 3, 1000, 65_536] where byteCount / chunkByteCount < 5000 {
            var request = Array(chunked("").utf8)
            for start in stride(from: 0, to: byteCount, by: chunkByteCount) {
                let part = body[start..<min(start + chunkByteCount, byteCount)]
                request += Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10]
            }
            request += Array("0\r\n\r\n".utf8)
            // Segments of a prime length cut the framing everywhere.
            let handler = TestHandler()
            let embedded = EmbeddedConnection(handler)
            for start in stride(from: 0, to: request.count, by: 1447) {
                embedded.send(request[start..<min(start + 1447, request.count)])
            }
            let isWhole = handler.seen.map(\.body) == [body]
            #expect(isWhole, "chunks of \(chunkByteCount)")
        }
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(Array("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(byteCount)\r\n\r\n".utf8) + body)
        let isWhole = handler.seen.map(\.body) == [body]
        #expect(isWhole)
    }

    @Test("over the limit are refused as soon as that is known, and without a go-ahead")
    func tooLarge() {
        var limits = ConnectionLimits()
        limits.maxBodyBytes = 10
        let post = "POST /post HTTP/1.1\r\nHost: h\r\n"
        #expect(answer(post + "Content-Length: 10\r\n\r\n0123456789", limits: limits)?.status == 200)
        #expect(answer(post + "Content-Length: 11\r\n\r\n", limits: limits)?.status == 413)
        #expect(answer(post + "Content-Length: 99999999999999999999999\r\n\r\n", limits: limits)?.status == 413)
        #expect(answer(post + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n", limits: limits)?.status == 413)
        #expect(answer(chunked("a\r\n0123456789\r\n0\r\n\r\n"), limits: limits)?.status == 200)
        #expect(answer(chunked("b\r\n"), limits: limits)?.status == 413)
        #expect(answer(chunked("6\r\n012345\r\n5\r\n"), limits: limits)?.status == 413)
        #expect(answer(chunked("ffffffffffffffff\r\n"), limits: limits)?.status == 413)
    }

    @Test("with more chunk extensions or trailers than allowed are refused")
    func overhead() {
        var limits = ConnectionLimits()
        limits.maxChunkExtensionBytes = 20
        limits.maxTrailerBytes = 20
        let extended = "1;abcdefgh\r\nx\r\n"  // 9 bytes of extension
        #expect(answer(chunked(extended + extended + "0\r\n\r\n"), limits: limits)?.status == 200)
        #expect(answer(chunked(extended + extended + extended + "0\r\n\r\n"), limits: limits)?.status == 413)
        #expect(answer(chunked("1;" + String(repeating: "e", count: 60)), limits: limits)?.status == 413)
        #expect(answer(chunked("0\r\nA: 3456789012\r\n\r\n"), limits: limits)?.status == 200)
        #expect(answer(chunked("0\r\nA: " + String(repeating: "b", count: 60)), limits: limits)?.status == 431)
    }

    @Test("get a go-ahead when the client waits for one, and none when it does not")
    func goAhead() {
        let head = "POST /post HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send(head)
        #expect(embedded.takeOutput() == "HTTP/1.1 100 Continue\r\n\r\n")
        embedded.send("abc")
        #expect(ResponseReader(embedded.transport.outgoing).final.map(\.text) == ["echo abc"])
        let eager = EmbeddedConnection(TestHandler())
        eager.send(head + "a")
        #expect(eager.transport.outgoing.isEmpty)
        let old = EmbeddedConnection(TestHandler())
        old.send(head.replacing("HTTP/1.1", with: "HTTP/1.0"))
        #expect(old.transport.outgoing.isEmpty)
    }

    @Test("claimed to be huge take no memory before their bytes come")
    func claims() {
        // 64 MiB is within the limit; the connection waits without having answered.
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\nabc")
        #expect(!embedded.hasEnded && embedded.transport.outgoing.isEmpty)
        embedded.endInput()
        #expect(ResponseReader(embedded.transport.outgoing).final.map(\.status) == [400])
        #expect(embedded.transport.isClosed)
    }
}
