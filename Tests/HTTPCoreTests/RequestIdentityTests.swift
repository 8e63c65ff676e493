import HTTPCore
import Testing

@Suite("Names of requests")
struct RequestIdentityTests {
    private func fields(_ head: String) -> [String: String] {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.context.numbering = RequestNumbering(start: 7)
        embedded.send(head)
        return Self.fields(String(decoding: embedded.transport.outgoing, as: UTF8.self))
    }

    private static func fields(_ response: String) -> [String: String] {
        let head = response.split(separator: "\r\n\r\n", maxSplits: 1).first ?? ""
        return head.split(separator: "\r\n").dropFirst().reduce(into: [:]) { fields, line in
            let parts = line.split(separator: ": ", maxSplits: 1)
            fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    @Test(
        "a request's own name is taken when it is one that a log can hold",
        arguments: [
            ("a", true), ("7f3e-88/x=1", true), (String(repeating: "x", count: 128), true), (String(repeating: "x", count: 129), false),
            ("", false), ("two words", false), ("caf\u{e9}", false),
        ])
    func own(name: String, isTaken: Bool) throws {
        let id = try #require(fields("GET /get HTTP/1.1\r\nHost: h\r\nX-Request-Id: \(name)\r\n\r\n")["x-request-id"])
        #expect(isTaken ? id == name : id.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    }

    @Test("of two names the first counts")
    func first() {
        #expect(fields("GET /get HTTP/1.1\r\nHost: h\r\nx-request-id: 1\r\nX-REQUEST-ID: 2\r\n\r\n")["x-request-id"] == "1")
    }

    @Test(
        "a trace's parent is passed on when it is well formed",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false), ("", false), ("00-a-b-01", false),
        ])
    func trace(parent: String, isPassedOn: Bool) {
        #expect(
            fields("GET /get HTTP/1.1\r\nHost: h\r\ntraceparent: \(parent)\r\n\r\n")["traceparent"] == (isPassedOn ? parent : nil))
    }

    @Test(
        "refusals have names too",
        arguments: [
            "GET /get HTTP/1.1\r\nHost : h\r\n\r\n", "nonsense\r\n\r\n", "GET /get HTTP/1.1\r\n\r\n", "\u{1}",
        ])
    func refused(sent: String) {
        #expect(fields(sent)["x-request-id"]?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    }

    @Test("a refused request keeps the name that it brought")
    func refusedWithName() {
        #expect(fields("GET /get HTTP/1.1\r\nX-Request-Id: mine\r\n\r\n")["x-request-id"] == "mine")
    }

    @Test("made names differ, and the ones after each other do not look alike")
    func made() {
        var numbering = RequestNumbering(start: 1)
        let numbers = (0..<10_000).map { _ in numbering.next() }
        #expect(Set(numbers).count == numbers.count)
        #expect(Set(numbers.map { $0 >> 48 }).count > 9_000)
    }

    @Test("without numbering responses say nothing of names")
    func off() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("GET /get HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\n\r\n")
        #expect(Self.fields(String(decoding: embedded.transport.outgoing, as: UTF8.self))["x-request-id"] == nil)
    }
}
