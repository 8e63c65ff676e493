import HTTPCore
import Testing

/// Clients that want to hold connections for as little as they can, against the limits that hold when nothing is configured.
@Suite("Slow clients")
struct SlowClientTests {
    private let post = "POST /post HTTP/1.1\r\nHost: h\r\n"

    struct Drip: Sendable, CustomTestStringConvertible {
        var name: String
        /// What comes at once, and what comes again and again, a byte a second.
        var start: String
        var rest: String
        var testDescription: String { name }
    }

    @Test(
        "that send a byte a second are told 408 after ten seconds, wherever in the request",
        arguments: [
            Drip(name: "request line", start: "G", rest: "E"), Drip(name: "field", start: "GET / HTTP/1.1\r\nHost: h\r\nX: ", rest: "x"),
            Drip(name: "empty lines, then a method", start: "\r\n\r\n", rest: "G"),
            Drip(name: "body", start: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n", rest: "b"),
            Drip(name: "chunk", start: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", rest: "b"),
            Drip(name: "chunk extension", start: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;", rest: "e"),
            Drip(name: "trailer", start: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", rest: "t"),
        ])
    func drips(_ drip: Drip) {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send(drip.start)
        var seconds = 0
        while !embedded.hasEnded, seconds < 100 {
            embedded.advance(by: .seconds(1))
            seconds += 1
            if !embedded.hasEnded { embedded.send(drip.rest) }
        }
        #expect(seconds == 10)
        #expect(ResponseReader(embedded.transport.outgoing).final.map(\.status) == [408])
        #expect(embedded.statistics.timedOutConnections == 1)
    }

    @Test("that go on sending after their last answer are closed two seconds later all the same")
    func dripsAfterRefusal() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("BAD\r\n\r\n")
        for _ in 0..<19 {
            embedded.advance(by: .milliseconds(100))
            embedded.send("x")
        }
        #expect(!embedded.transport.isClosed)
        embedded.advance(by: .milliseconds(100))
        #expect(embedded.transport.isClosed)
    }

    @Test("that never read, or read a byte a second, are reset after thirty seconds", arguments: [0, 1])
    func reads(bytesPerSecond: Int) {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.transport.writeCapacity = 1000
        embedded.send("GET /large/1000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        for _ in 0..<29 {
            embedded.advance(by: .seconds(1))
            embedded.transport.writeCapacity = bytesPerSecond
            embedded.ready(.writable)
        }
        #expect(!embedded.transport.isClosed)
        embedded.advance(by: .seconds(1))
        #expect(embedded.transport.wasReset)
        #expect(embedded.statistics.timedOutConnections == 1)
    }

    @Test("that ask and ask without reading make the server neither answer without end nor read ahead")
    func asksWithoutReading() {
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.transport.writeCapacity = 0
        let request = "GET /large/10000 HTTP/1.1\r\nHost: h\r\n\r\n"
        for _ in 0..<29 {
            embedded.send(String(repeating: request, count: 1000))
            embedded.advance(by: .seconds(1))
        }
        // Each answer has ten kilobytes; 64 may wait.
        #expect(handler.seen.count == 7)
        let sent = embedded.transport.incoming.count
        #expect(sent - embedded.transport.unreadCount <= 16 * 1024)
        #expect(!embedded.transport.isClosed)
        embedded.advance(by: .seconds(1))
        #expect(embedded.transport.wasReset)
    }
}
