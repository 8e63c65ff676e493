import HTTPCore
import Testing

@Suite("Answers that are compressed when that is asked for")
struct AskedCompressionTests {
    /// Answers a short text, built within the call.
    private struct Handler: RequestHandler {
        func handle(_ request: borrowing Request, _ responder: Responder) {
            responder.sendJSON(compression: .whenAsked) { $0.append(AskedCompressionTests.text) }
        }
    }

    private static let text = "{\"outputs\":[1,2,3]}"

    private func answer(_ accept: String, limits: ConnectionLimits = ConnectionLimits()) throws -> ResponseReader.Response {
        let embedded = EmbeddedConnection(Handler(), limits: limits)
        embedded.send("GET / HTTP/1.1\r\nHost: h\r\n\(accept.isEmpty ? "" : "Accept-Encoding: \(accept)\r\n")\r\n")
        let reader = ResponseReader(embedded.transport.outgoing, methods: ["GET"])
        return try #require(reader.final.first)
    }

    @Test(
        "are, whatever their size, for a client that names one coding or gives weights, and not for a plain list",
        arguments: [
            ("gzip", "gzip"), ("deflate", "deflate"), ("gzip, identity;q=0.5", "gzip"), ("gzip;q=0.1, deflate;q=0.2", "deflate"),
            ("gzip;q=1, br", "gzip"), ("gzip, deflate", nil), ("gzip, deflate, br, zstd", nil), ("*", nil), ("br", nil), ("", nil),
            ("gzip;q=0", nil), ("gzip;q=0.5, identity", nil),
        ] as [(String, String?)])
    func asked(_ accept: String, _ coding: String?) throws {
        let answer = try answer(accept)
        #expect(answer.header("content-encoding") == coding)
        #expect(answer.header("vary") == "Accept-Encoding")
        let known = coding.map { $0 == "gzip" ? ContentCoding.gzip : .deflate }
        let bytes = try known.map { try CompressedForms.inflate([answer.body[...]], $0) } ?? answer.body
        #expect(bytes == Array(Self.text.utf8))
    }

    @Test("are not where compression is off")
    func off() throws {
        var limits = ConnectionLimits()
        limits.compressionThresholdBytes = 0
        #expect(try answer("gzip", limits: limits).header("content-encoding") == nil)
    }
}
