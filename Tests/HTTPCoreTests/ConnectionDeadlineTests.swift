import HTTPCore
import Testing

@Suite("Connection deadlines")
struct ConnectionDeadlineTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private let limits: ConnectionLimits = {
        var limits = ConnectionLimits()
        limits.headTimeout = .seconds(10)
        limits.bodyTimeout = .seconds(5)
        limits.writeTimeout = .seconds(20)
        limits.idleTimeout = .seconds(60)
        limits.lingerTimeout = .seconds(2)
        limits.drainGrace = .milliseconds(500)
        limits.minBytesPerSecond = 100
        return limits
    }()

    private func statuses(_ embedded: EmbeddedConnection) -> [Int] {
        ResponseReader(embedded.transport.outgoing).final.map(\.status)
    }

    @Test("close a connection silently that never brings a byte")
    func silence() {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.advance(by: .milliseconds(9999))
        #expect(!embedded.hasEnded)
        embedded.advance(by: .milliseconds(1))
        #expect(embedded.hasEnded && embedded.transport.outgoing.isEmpty)
        #expect(!embedded.transport.isClosed)
        embedded.advance(by: .seconds(2))
        #expect(embedded.transport.isClosed)
    }

    @Test("answer 408 to a head that drips, counted from the accept or from its first byte")
    func slowHead() {
        let first = EmbeddedConnection(TestHandler(), limits: limits)
        for byte in get.utf8.prefix(9) {
            first.send([byte])
            first.advance(by: .seconds(1))
        }
        #expect(!first.hasEnded)
        first.advance(by: .seconds(1))
        #expect(statuses(first) == [408] && first.hasEnded)
        let later = EmbeddedConnection(TestHandler(), limits: limits)
        later.send(get)
        later.advance(by: .seconds(30))
        later.send("G")
        later.advance(by: .milliseconds(9999))
        #expect(statuses(later) == [200] && !later.hasEnded)
        later.advance(by: .milliseconds(1))
        #expect(statuses(later) == [200, 408] && later.hasEnded)
        #expect(later.statistics.timedOutConnections == 1)
    }

    @Test("answer 408 to a body slower than the least rate, and let a steady one come however long it takes")
    func slowBody() {
        for (bytesPerWindow, isServed) in [(500, true), (499, false)] {
            let embedded = EmbeddedConnection(TestHandler(), limits: limits)
            let windows = 10
            embedded.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(windows * bytesPerWindow)\r\n\r\n")
            for _ in 0..<windows {
                embedded.advance(by: .seconds(1))
                embedded.send(String(repeating: "b", count: bytesPerWindow))
                embedded.advance(by: .seconds(4))
            }
            #expect(statuses(embedded) == (isServed ? [200] : [408]))
        }
    }

    @Test("close a resting connection after its time, but never one whose request is being handled")
    func idle() {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        for _ in 0..<5 {
            embedded.send(get)
            embedded.advance(by: .seconds(59))
            #expect(!embedded.hasEnded)
        }
        embedded.advance(by: .seconds(1))
        #expect(embedded.hasEnded && statuses(embedded) == [200, 200, 200, 200, 200])
        let busy = EmbeddedConnection(HoldingHandler(), limits: limits)
        busy.send(get)
        #expect(busy.connection.deadline == .never)
    }

    @Test("reset a client that takes its answer slower than the least rate, and serve one that is just fast enough")
    func slowWrite() {
        for (bytesPerWindow, isServed) in [(2000, true), (1999, false)] {
            let embedded = EmbeddedConnection(TestHandler(), limits: limits)
            embedded.transport.writeCapacity = 100
            embedded.send("GET /large/20000 HTTP/1.1\r\nHost: h\r\n\r\n")
            for _ in 0..<15 where !embedded.transport.isClosed {
                embedded.advance(by: .seconds(10))
                embedded.transport.writeCapacity = bytesPerWindow
                embedded.ready(.writable)
                embedded.advance(by: .seconds(10))
            }
            #expect(embedded.transport.wasReset == !isServed)
            #expect(statuses(embedded) == (isServed ? [200] : []))
        }
    }

    @Test("give the last answer a while to be read, then close")
    func linger() {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.send("BAD\r\n")
        embedded.advance(by: .milliseconds(1999))
        #expect(embedded.transport.isWriteShut && !embedded.transport.isClosed)
        embedded.advance(by: .milliseconds(1))
        #expect(embedded.transport.isClosed)
    }

    @Test("let a draining connection bring a request that was under way, answer it with close, and end a resting one soon")
    func draining() {
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.send(get)
        embedded.beginDrain()
        embedded.advance(by: .milliseconds(400))
        #expect(!embedded.hasEnded)
        embedded.send(get)
        let answers = ResponseReader(embedded.transport.outgoing).final
        #expect(answers.map { $0.header("connection") } == [nil, "close"] && embedded.hasEnded)
        let resting = EmbeddedConnection(TestHandler(), limits: limits)
        resting.send(get)
        resting.beginDrain()
        resting.advance(by: .milliseconds(500))
        #expect(resting.hasEnded && statuses(resting) == [200])
    }

    @Test("let a request that is being handled finish during a drain, and close then")
    func drainingInFlight() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler, limits: limits)
        embedded.send(get)
        embedded.beginDrain()
        embedded.advance(by: .seconds(100))
        #expect(!embedded.hasEnded)
        try #require(handler.takeFirst()).send(.ok) { $0.append("done") }
        embedded.deliverResponses()
        let answers = ResponseReader(embedded.transport.outgoing).final
        #expect(answers.map(\.text) == ["done"] && answers.first?.header("connection") == "close" && embedded.hasEnded)
    }
}
