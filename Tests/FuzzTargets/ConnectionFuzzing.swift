import HTTPCore
import Logging

/// A connection without a socket must do the same with the same bytes, however they are cut.
enum ConnectionFuzzing {
    static let chunkedHead = Array("POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

    /// Small ones, so that inputs of a few hundred bytes reach every limit.
    private static let limits = {
        var limits = ConnectionLimits()
        limits.maxRequestLineBytes = 100
        limits.maxHeadBytes = 600
        limits.maxFieldCount = 8
        limits.maxBodyBytes = 300
        limits.maxChunkExtensionBytes = 24
        limits.maxTrailerBytes = 48
        limits.compressionThresholdBytes = 64
        return limits
    }()

    private static let goAhead = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    static func violation(_ input: [UInt8]) -> String? {
        let whole = outcome(of: [input[...]])
        if !whole.output.isEmpty, !whole.output.starts(with: "HTTP/1.1 ".utf8) { return "the output is no response" }
        if !whole.hasEnded { return "the connection stays open after the end of the input" }
        var cuts = [Pieces.scattered(input, longest: 16, seed: 0), Pieces.scattered(input, longest: 200, seed: 1)]
        if input.count <= 512 { cuts.append(Pieces.single(input)) }
        for pieces in cuts where outcome(of: pieces) != whole {
            let lengths = pieces.map(\.count)
            return "in pieces of \(lengths) bytes: \(outcome(of: pieces)); as a whole: \(whole)"
        }
        let detached = outcome(of: [input[...]], maxInlineBodyBytes: 0)
        if detached != whole { return "with bodies detached: \(detached); not detached: \(whole)" }
        return nil
    }

    private struct Outcome: Equatable, CustomStringConvertible {
        var output: [UInt8]
        var hasEnded: Bool
        var wasReset: Bool

        var description: String { "\(String(decoding: output, as: UTF8.self).debugDescription) (ended: \(hasEnded), reset: \(wasReset))" }
    }

    private static func outcome(of pieces: [ArraySlice<UInt8>], maxInlineBodyBytes: Int = .max) -> Outcome {
        var limits = limits
        limits.maxInlineBodyBytes = maxInlineBodyBytes
        let context = ConnectionContext(
            limits: limits, serverName: "fuzz", handler: EchoHandler(),
            logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }, now: MonotonicInstant(nanoseconds: 1_000_000_000)
        ) {}
        context.enter()
        defer { context.leave() }
        context.beginTurn(at: context.now, wallNanoseconds: 784_111_777_000_000_000)
        let wire = Wire()
        let connection = Connection(wire, peer: .none, context: context)
        for piece in pieces {
            wire.incoming += piece
            connection.ready(.readable)
            while connection.wantsTurn { connection.takeTurn() }
        }
        wire.inputEnds = true
        connection.ready([.readable, .readEnded])
        while connection.wantsTurn { connection.takeTurn() }
        connection.close(reset: true)
        // Whether a go-ahead is sent depends on whether the body came with the head, rightly.
        return Outcome(output: removing(goAhead, from: wire.outgoing), hasEnded: wire.hasEnded, wasReset: wire.wasReset)
    }

    private static func removing(_ part: [UInt8], from bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == part[0], bytes[at...].starts(with: part) {
                at += part.count
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return result
    }

    /// Answers everything that a handler can see of a request.
    private struct EchoHandler: RequestHandler {
        func handle(_ request: borrowing Request, _ responder: Responder) {
            var seen = Array("\(request.method.rawValue) \(request.version)\n".utf8)
            seen += Array(request.path) + [10] + Array(request.query ?? request.path) + [10] + Array(request.target) + [10]
            for index in 0..<request.headerCount {
                let field = request.header(at: index)
                seen += Array(field.name) + [58] + Array(field.value) + [10]
            }
            seen += Array(request.body)
            let answer = seen
            responder.send(.ok, contentType: "application/octet-stream") { out in answer.withUnsafeBytes { out.append($0) } }
        }
    }
}

/// The two ends of a stream in memory.
private final class Wire: Transport {
    var incoming: [UInt8] = []
    var inputEnds = false
    private(set) var outgoing: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var wasReset = false
    private var readCount = 0
    private var isClosed = false

    let shortReadMeansEmpty = true

    func read(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        let count = min(space.count, incoming.count - readCount)
        guard count > 0 else { return inputEnds ? .ended : .wouldBlock }
        space.copyBytes(from: incoming[readCount..<readCount + count])
        readCount += count
        return .bytes(count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransportResult {
        outgoing += bytes
        return .bytes(bytes.count)
    }

    func shutdownWrite() { hasEnded = true }

    func close(reset: Bool) {
        guard !isClosed else { return }
        isClosed = true
        hasEnded = true
        wasReset = reset
    }
}
