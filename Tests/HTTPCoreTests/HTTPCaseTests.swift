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
    }

    @Test("are answered as the RFC asks, however the bytes arrive", arguments: Delivery.allCases)
    func replay(_ delivery: Delivery) throws {
        #expect(HTTPCase.all.count == 386)
        for each in HTTPCase.all {
            // A case of megabytes tells nothing more byte by byte.
            if delivery == .byteByByte, each.rawRequest.contains(#/repeat:\d{5,}/#) { continue }
            let reason = Replay(each, delivery).verdict
            #expect(reason == nil, "\(each.name) (\(each.level), \(delivery)): \(reason ?? "")")
        }
    }

    @Test("are answered alike when they are cut in two at any byte")
    func everyCut() {
        for each in HTTPCase.all {
            let actions = each.actions
            guard actions.count == 1, case .send(let bytes)? = actions.first, bytes.count < 1000 else { continue }
            let whole = outcome(of: [bytes[...]])
            for cut in 1..<max(1, bytes.count) {
                let split = outcome(of: [bytes[..<cut], bytes[cut...]])
                #expect(split == whole, "\(each.name) cut at \(cut)")
            }
        }
    }

    private struct Result: Equatable {
        var output: String
        var hasEnded: Bool
        var seen: [TestHandler.Seen]
    }

    private func outcome(of parts: [ArraySlice<UInt8>]) -> Result {
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        for part in parts { embedded.send(part) }
        return Result(
            // Whether a go-ahead is sent depends on whether the body came with the head, rightly.
            output: embedded.takeOutput().replacing("HTTP/1.1 100 Continue\r\n\r\n", with: ""),
            hasEnded: embedded.hasEnded, seen: handler.seen)
    }
}

/// One case on one connection.
private struct Replay {
    /// Why the case fails; nil when it passes.
    private(set) var verdict: String?

    private let embedded = EmbeddedConnection(TestHandler())
    private var output: [UInt8] = []
    private var methods: [String]

    init(_ each: HTTPCase, _ delivery: HTTPCaseTests.Delivery) {
        methods = each.requestMethods
        var prefix: [UInt8] = []
        if delivery == .behindAnotherRequest {
            prefix = Array("GET /get HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            methods.insert("GET", at: 0)
        }
        perform(each.actions, prefix, byteByByte: delivery == .byteByByte)
        verdict = judge(each, skipping: prefix.isEmpty ? 0 : 1)
    }

    private mutating func perform(_ actions: [HTTPCase.Action], _ prefix: [UInt8], byteByByte: Bool) {
        var drips = byteByByte
        var prefix = prefix
        for action in actions {
            switch action {
            case .send(let bytes):
                if drips { for byte in prefix + bytes { embedded.send([byte]) } } else { embedded.send(prefix + bytes) }
                prefix = []
            case .drip: drips = true
            case .endInput: embedded.endInput()
            case .reset: embedded.ready([.readable, .readEnded, .hungUp])
            case .pause, .await: break
            }
        }
        output = embedded.transport.outgoing
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
