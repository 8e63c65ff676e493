import Foundation
import HTTPCore
import Testing

/// Replays the raw cases on connections without sockets. What a cut of the bytes must not change is checked for every cut.
@Suite("Raw HTTP/1.1 cases")
struct HTTPCaseTests {
    /// How the bytes of a case reach the connection.
    enum Delivery: CaseIterable {
        case whole
        case byteByByte
        /// After a request that is answered and keeps the connection, in the same segment.
        case behindAnotherRequest
        case byteByByteBehindAnotherRequest

        var isByteByByte: Bool { self == .byteByByte || self == .byteByByteBehindAnotherRequest }
        var isBehindAnother: Bool { self == .behindAnotherRequest || self == .byteByByteBehindAnotherRequest }
    }

    static let precedingRequest = Array("GET /get HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    /// What lies behind it is handled on another thread.
    static let inlineLimits = [ConnectionLimits().maxInlineBodyBytes, 1, 0]

    @Test(
        "are answered as the RFC asks, however the bytes arrive and wherever bodies are handled",
        arguments: Delivery.allCases, inlineLimits)
    func replay(_ delivery: Delivery, _ maxInlineBodyBytes: Int) throws {
        #expect(HTTPCase.all.count == 386)
        for each in HTTPCase.all {
            let reason = Replay(each, delivery, maxInlineBodyBytes).verdict
            #expect(reason == nil, "\(each.name) (\(each.level), \(delivery), \(maxInlineBodyBytes)): \(reason ?? "")")
        }
    }

    @Test("get the same bytes when bodies are handled on another thread")
    func detached() {
        for each in HTTPCase.all {
            let actions = each.actions(after: Self.precedingRequest)
            let inline = outcome(of: actions), detached = outcome(of: actions, maxInlineBodyBytes: 0)
            #expect(detached == inline, "\(each.name)")
        }
    }

    @Test("are answered alike when they are cut in two at any byte, alone or behind another request", arguments: [false, true])
    func everyCut(isBehindAnother: Bool) {
        for each in HTTPCase.all {
            let actions = each.actions(after: isBehindAnother ? Self.precedingRequest : [])
            let whole = outcome(of: actions)
            for index in actions.indices {
                guard case .send(let bytes) = actions[index] else { continue }
                for cut in Self.cuts(of: bytes.count) {
                    var parts = actions
                    parts.replaceSubrange(index...index, with: [.send(Array(bytes[..<cut])), .send(Array(bytes[cut...]))])
                    let split = outcome(of: parts)
                    if split != whole { Issue.record("\(each.name), action \(index) cut at \(cut): \(split), not \(whole)") }
                }
            }
        }
    }

    /// Every place within a few kilobytes. Of longer runs, which are mostly filling, every place near the ends, near the
    /// sizes of buffers and limits, and every 997th; of megabytes, which are refused early, a few.
    private static func cuts(of byteCount: Int) -> [Int] {
        guard byteCount > 4000 else { return Array(1..<max(1, byteCount)) }
        let sizes = [4096, 8192, 16_384, 32_768, 65_536]
        guard byteCount < 200_000 else { return [1, 17] + sizes + [byteCount - 1] }
        let places = Set(1...300).union(byteCount - 300..<byteCount).union(sizes.flatMap { $0 - 2...$0 + 2 })
            .union(stride(from: 997, to: byteCount, by: 997))
        return places.filter { $0 < byteCount }.sorted()
    }

    private struct Result: Equatable {
        var output: String
        var hasEnded: Bool
        var seen: [TestHandler.Seen]
    }

    private func outcome(of actions: [HTTPCase.Action], maxInlineBodyBytes: Int = .max) -> Result {
        let handler = TestHandler()
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = maxInlineBodyBytes
        let lane = LaneHandler(handler)
        let embedded = EmbeddedConnection(lane, limits: limits)
        for action in actions {
            embedded.perform(action)
            embedded.settle(lane)
        }
        return Result(
            // Whether a go-ahead is sent depends on whether the body came with the head, rightly.
            output: embedded.takeOutput().replacing("HTTP/1.1 100 Continue\r\n\r\n", with: ""),
            hasEnded: embedded.hasEnded, seen: handler.seen)
    }
}

extension HTTPCase {
    /// The client's actions behind `prefix`, which its first bytes follow in one segment.
    fileprivate func actions(after prefix: [UInt8]) -> [Action] {
        var actions = self.actions
        guard case .send(let bytes)? = actions.first, !prefix.isEmpty else { return actions }
        actions[0] = .send(prefix + bytes)
        return actions
    }
}

extension EmbeddedConnection {
    fileprivate func perform(_ action: HTTPCase.Action) {
        switch action {
        case .send(let bytes): send(bytes)
        case .endInput: endInput()
        case .reset: ready([.readable, .readEnded, .hungUp])
        case .drip, .pause, .await: break
        }
    }

    /// Sends one byte at a time; what comes after more than any limit allows, in larger pieces.
    fileprivate func drip(_ bytes: [UInt8], _ lane: LaneHandler) {
        for byte in bytes.prefix(100_000) {
            send([byte])
            settle(lane)
        }
        for start in stride(from: 100_000, to: bytes.count, by: 997) {
            send(bytes[start..<min(start + 997, bytes.count)])
            settle(lane)
        }
    }
}

/// One case on one connection.
private struct Replay {
    /// Why the case fails; nil when it passes.
    private(set) var verdict: String?

    private let lane = LaneHandler(TestHandler())
    private let embedded: EmbeddedConnection
    private var output: [UInt8] = []
    private var methods: [String]

    init(_ each: HTTPCase, _ delivery: HTTPCaseTests.Delivery, _ maxInlineBodyBytes: Int) {
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = maxInlineBodyBytes
        embedded = EmbeddedConnection(lane, limits: limits)
        methods = each.requestMethods
        if delivery.isBehindAnother { methods.insert("GET", at: 0) }
        var drips = delivery.isByteByByte
        for action in each.actions(after: delivery.isBehindAnother ? HTTPCaseTests.precedingRequest : []) {
            if case .drip = action { drips = true }
            if case .send(let bytes) = action, drips { embedded.drip(bytes, lane) } else { embedded.perform(action) }
            embedded.settle(lane)
        }
        output = embedded.transport.outgoing
        verdict = judge(each, skipping: delivery.isBehindAnother ? 1 : 0)
    }

    private mutating func judge(_ each: HTTPCase, skipping skipped: Int) -> String? {
        let reader = ResponseReader(output, methods: methods)
        if let fault = reader.fault { return fault }
        let answers = each.expect.answers
        let final = Array(reader.final.dropFirst(skipped))
        let ended = embedded.hasEnded
        for (index, alternatives) in answers.enumerated() {
            let happened: HTTPCase.Outcome =
                index < final.count ? .status(final[index].status) : .word(ended ? "close" : "wait")
            if !alternatives.contains(where: { $0.admits(happened) }) {
                return "answer \(index + 1) is \(happened), wanted is one of \(alternatives)"
            }
        }
        if final.count > answers.count { return "\(final.count) answers to \(answers.count) requests" }
        if let reason = judgeDetails(each, final, reader.interim) { return reason }
        return final.isEmpty ? nil : judgeSequel(each, ended, count: reader.final.count)
    }

    private func judgeDetails(
        _ each: HTTPCase, _ final: [ResponseReader.Response], _ interim: [ResponseReader.Response]
    ) -> String? {
        switch each.expect.interim {
        case .word("none") where !interim.isEmpty: return "an interim answer was sent"
        case .status(let status) where !interim.contains { $0.status == status }: return "no interim answer \(status)"
        default: break
        }
        guard let first = final.first else { return nil }
        if each.expect.body == "baseline", first.status == 200, first.text != "echo " + HTTPCase.body {
            return "the body was taken wrongly: \(first.text)"
        }
        if each.expect.body == "empty", !first.body.isEmpty { return "the answer has content" }
        for rule in each.expect.headers ?? [] where rule.status == nil || rule.status == first.status {
            let value = first.header(rule.name)
            if rule.absent == true, value != nil { return "the answer has \(rule.name)" }
            if rule.absent != true, value == nil { return "the answer has no \(rule.name)" }
            if let pattern = rule.re, let value, value.lowercased().range(of: pattern, options: .regularExpression) == nil {
                return "\(rule.name) is \(value)"
            }
        }
        return nil
    }

    /// Whether the connection goes on, or does not, as it should.
    private mutating func judgeSequel(_ each: HTTPCase, _ ended: Bool, count: Int) -> String? {
        let then = each.expect.then ?? "sync"
        if then == "closed" { return ended ? nil : "the connection stays open" }
        if ended { return then == "alive" ? "the connection closes" : nil }
        if embedded.transport.inputEnds { return nil }
        embedded.send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n")
        let reader = ResponseReader(embedded.transport.outgoing, methods: Array(methods.prefix(count)))
        guard reader.fault == nil, reader.final.count == count + 1, reader.final[count].status == 200 else {
            return "a further request is answered by \(reader.final.dropFirst(count).map(\.status)) \(reader.fault ?? "")"
        }
        return nil
    }
}
