import Foundation
import HTTPCore
import Testing

@Suite("Access log lines")
struct AccessLineTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test("say in text who asked what, when, how it went and how long it took")
    func text() async throws {
        let logged = try LoggedConnection()
        logged.embedded.send(
            "POST /post?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-Request-Id: r-1\r\nUser-Agent: curl/8\r\n\r\nabc")
        let answer = logged.embedded.takeOutput()
        logged.embedded.send("GET /missing HTTP/1.0\r\n\r\n")
        let other = logged.embedded.takeOutput()
        #expect(
            await logged.lines() == [
                "unix - - [06/Nov/1994:08:49:37 +0000] \"POST /post?a=b HTTP/1.1\" 200 \(content(answer)) \"-\" \"curl/8\" "
                    + "model=- version=- rows=- us=345 id=\"r-1\" in=3 port=0 conn=1 kept=1",
                "unix - - [06/Nov/1994:08:49:37 +0000] \"GET /missing HTTP/1.0\" 404 \(content(other)) \"-\" \"-\" "
                    + "model=- version=- rows=- us=691 id=- in=0 port=0 conn=1 kept=0",
            ])
    }

    /// Bytes behind the head.
    private func content(_ response: String) -> Int {
        response.utf8.count
            - (response.range(of: "\r\n\r\n").map { response.utf8.distance(from: response.startIndex, to: $0.upperBound) } ?? 0)
    }

    @Test("begin as the combined log format does, which programs read by this expression", arguments: ["GET /get", "HEAD /get", "BAD"])
    func combined(request: String) async throws {
        let logged = try LoggedConnection()
        logged.embedded.send("\(request) HTTP/1.1\r\nHost: h\r\nUser-Agent: say \"hi\"\r\n\r\n")
        let line = try #require(await logged.lines().first)
        let combined =
            #/^\S+ \S+ \S+ \[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"/#
        #expect(try combined.prefixMatch(in: line) != nil, "\(line)")
        if request.hasPrefix("HEAD") { #expect(line.contains(#"" 200 0 "-""#), "a response to HEAD has no content") }
    }

    @Test("say which model, version and rows a request was for", arguments: AccessLogConfiguration.Format.allCases)
    func subject(format: AccessLogConfiguration.Format) async throws {
        struct Predicting: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                if responder.isLogged { responder.subject = AccessSubject(model: "a \"b\"", version: 7, rowCount: 3) }
                responder.sendJSON { $0.append("{}") }
            }
        }
        let logged = try LoggedConnection(Predicting(), format: format)
        logged.embedded.send(get)
        let line = try #require(await logged.lines().first)
        switch format {
        case .text: #expect(line.contains(#" 200 2 "-" "-" model="a \"b\"" version=7 rows=3 us=345 "#), "\(line)")
        case .json: #expect(line.contains(#","duration_us":345,"model":"a \"b\"","model_version":7,"rows":3,"#), "\(line)")
        }
    }

    @Test("say the same in JSON")
    func json() async throws {
        let logged = try LoggedConnection(format: .json)
        logged.embedded.send(
            "POST /post?a=b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-Request-Id: r-1\r\nUser-Agent: curl/8\r\n\r\n"
                + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
        let answer = logged.embedded.takeOutput()
        logged.embedded.send("GET /get HTTP/1.0\r\n\r\n")
        let other = logged.embedded.takeOutput()
        #expect(
            await logged.lines() == [
                #"{"time":"1994-11-06T08:49:37.500Z","peer":"unix","connection":1,"method":"POST","target":"/post?a=b","#
                    + #""version":"HTTP/1.1","status":200,"request_bytes":3,"response_bytes":\#(content(answer)),"duration_us":345,"#
                    + #""kept_alive":true,"request_id":"r-1","user_agent":"curl/8"}"#,
                #"{"time":"1994-11-06T08:49:37.500Z","peer":"unix","connection":1,"method":"GET","target":"/get","version":"HTTP/1.0","#
                    + #""status":200,"request_bytes":0,"response_bytes":\#(content(other)),"duration_us":691,"kept_alive":false}"#,
            ])
    }

    @Test("count the time from the request's last byte to its answer, on whatever thread that comes, and stamp the latter")
    func duration() async throws {
        let handler = HoldingHandler()
        let logged = try LoggedConnection(handler)
        logged.embedded.send(get)
        logged.advance(by: .milliseconds(2750))
        try #require(handler.takeFirst()).send(.ok)
        logged.embedded.deliverResponses()
        let line = try #require(await logged.lines().first)
        #expect(line.contains(" us=2750345 "))
        logged.embedded.send(get)
        logged.advance(by: .seconds(86_400 * 366))
        try #require(handler.takeFirst()).send(.ok)
        logged.embedded.deliverResponses()
        #expect(await logged.lines().last?.contains(" us=31622400000345 ") == true)
    }

    @Test("keep the second and the date right across their ends")
    func timestamps() async throws {
        let logged = try LoggedConnection(format: .json)
        var stamps: [String] = []
        for step: Duration in [.milliseconds(499), .milliseconds(1), .milliseconds(700), .seconds(3), .milliseconds(299)] {
            logged.advance(by: step)
            logged.embedded.send(get)
            let line = try #require(await logged.lines().last)
            stamps.append(String(line.split(separator: "\"")[3].prefix(24)))
        }
        #expect(stamps == ["37.999", "38.000", "38.700", "41.700", "41.999"].map { "1994-11-06T08:49:\($0)Z" })
    }

    struct Escape: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var text: String
        var json: String
        var testDescription: String { name }
        init(_ name: String, _ bytes: [UInt8], _ text: String, json: String) {
            (self.name, self.bytes, self.text, self.json) = (name, bytes, text, json)
        }
    }

    @Test(
        "keep what comes from outside within its line and its quotes",
        arguments: [
            Escape("quotes", Array(#"a"b\c"#.utf8), #"a\"b\\c"#, json: #"a\"b\\c"#),
            Escape("a tab", [97, 9, 98], #"a\x09b"#, json: #"a\u0009b"#),
            Escape("letters of two to four bytes", Array("ä€😀".utf8), "ä€😀", json: "ä€😀"),
            Escape("Latin 1", [0xE4, 98], #"\xe4b"#, json: #"\\xe4b"#),
            Escape("a cut character", [97, 0xE2, 0x82], #"a\xe2\x82"#, json: #"a\\xe2\\x82"#),
            Escape("an overlong slash", [0xC0, 0xAF], #"\xc0\xaf"#, json: #"\\xc0\\xaf"#),
            Escape("an overlong of three bytes", [0xE0, 0x80, 0xAF], #"\xe0\x80\xaf"#, json: #"\\xe0\\x80\\xaf"#),
            Escape("a surrogate", [0xED, 0xA0, 0x80], #"\xed\xa0\x80"#, json: #"\\xed\\xa0\\x80"#),
            Escape("beyond Unicode", [0xF4, 0x90, 0x80, 0x80], #"\xf4\x90\x80\x80"#, json: #"\\xf4\\x90\\x80\\x80"#),
            Escape("a control of Latin 1", [0xC2, 0x9B, 0x33], #"\xc2\x9b3"#, json: #"\\xc2\\x9b3"#),
            Escape("Unicode's line separator", [0xE2, 0x80, 0xA8], #"\xe2\x80\xa8"#, json: #"\\xe2\\x80\\xa8"#),
        ])
    func escapes(_ escape: Escape) async throws {
        for format in AccessLogConfiguration.Format.allCases {
            let logged = try LoggedConnection(format: format)
            logged.embedded.send(Array("GET /get HTTP/1.1\r\nHost: h\r\nUser-Agent: ".utf8) + escape.bytes + Array("\r\n\r\n".utf8))
            let line = try #require(await logged.lines().first)
            let wanted = format == .json ? #""user_agent":"\#(escape.json)"}"# : #" "-" "\#(escape.text)" model=-"#
            #expect(line.contains(wanted), "\(line)")
            if format == .json { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }

    @Test("cut long texts and tell how long they were")
    func cuts() async throws {
        let logged = try LoggedConnection(format: .json)
        func send(_ count: Int) {
            let fill = String(repeating: "x", count: count)
            logged.embedded.send("GET /\(fill) HTTP/1.1\r\nHost: h\r\nUser-Agent: \(fill)\r\ntraceparent: \(fill)\r\n\r\n")
        }
        send(1023)
        send(1024)
        send(128)
        func fill(_ count: Int) -> String { String(repeating: "x", count: count) }
        let lines = await logged.lines()
        #expect(lines[0].contains("\"target\":\"/\(fill(1023))\",") && lines[1].contains("\"target\":\"/\(fill(1023))...(1025 bytes)\","))
        #expect(lines[1].contains("\"user_agent\":\"\(fill(256))...(1024 bytes)\""))
        #expect(lines[1].contains("\"traceparent\":\"\(fill(128))...(1024 bytes)\""))
        #expect(lines[2].contains("\"user_agent\":\"\(fill(128))\"") && lines[2].contains("\"traceparent\":\"\(fill(128))\""))
    }

    @Test("leave the user agent out when told to, and have the request's own name beside its trace's")
    func fields() async throws {
        let logged = try LoggedConnection(includesUserAgent: false)
        logged.embedded.send("GET /get HTTP/1.1\r\nHost: h\r\ntraceparent: 00-a-b-01\r\nUser-Agent: curl\r\nx-request-id: mine\r\n\r\n")
        #expect(
            await logged.lines().first?.hasSuffix(
                " \"-\" \"-\" model=- version=- rows=- us=345 id=\"mine\" in=0 port=0 conn=1 kept=1 trace=\"00-a-b-01\"") == true)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var sent: String
        /// What the line has after the time.
        var line: String
        var testDescription: String { name }
        init(_ name: String, _ sent: String, _ line: String) { (self.name, self.sent, self.line) = (name, sent, line) }
    }

    @Test(
        "tell of requests that were refused what is known of them",
        arguments: [
            Refused(
                "no method", "\r\n\u{1b}[2J\"x\r\n",
                #""\x1b[2J\"x" 400 us=345 id=- in=0 refused="the request does not start with a method""#),
            Refused(
                "a bad field", "GET /get HTTP/1.1\r\nHost : h\r\n\r\n",
                #""GET /get HTTP/1.1" 400 us=345 id=- in=0 refused="a header has white space between its name and the colon""#),
            Refused(
                "a whole head that contradicts itself", "GET /get HTTP/1.1\r\nX-Request-Id: 7\r\n\r\n",
                #""GET /get HTTP/1.1" 400 us=345 id="7" in=0 refused="the request has no Host header""#),
            Refused(
                "a bad body", "POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
                #""POST /post HTTP/1.1" 400 us=345 id=- in=7 refused="#),
        ])
    func refusals(_ refused: Refused) async throws {
        let logged = try LoggedConnection(sampling: .oneOf(1000))
        logged.embedded.send(refused.sent)
        let byteCount = content(String(decoding: logged.embedded.transport.outgoing, as: UTF8.self))
        let wanted =
            "unix - - [06/Nov/1994:08:49:37 +0000] "
            + refused.line.replacing(" us=", with: " \(byteCount) \"-\" \"-\" model=- version=- rows=- us=", maxReplacements: 1)
            .replacing(#/ in=(\d+)/#, maxReplacements: 1) { " in=\($0.1) port=0 conn=1 kept=0" }
        let line = try #require(await logged.lines().first)
        #expect(line.hasPrefix(wanted), "\(line)")
    }

    @Test("give the line of a request whose head is not whole as it came, in JSON too")
    func refusalJSON() async throws {
        let logged = try LoggedConnection(format: .json)
        logged.embedded.send("GET /\u{e9} HTTP/1.1\r\n\r\n")
        let line = try #require(await logged.lines().first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["request_line"] as? String == "GET /é HTTP/1.1")
        #expect(object["method"] == nil && object["status"] as? Int == 400)
        #expect((object["refusal"] as? String)?.hasPrefix("the target has a byte") == true)
    }

    @Test("tell of a head that did not come in time, and nothing of a connection that never spoke")
    func timeouts() async throws {
        let slow = try LoggedConnection()
        slow.embedded.send("GET /slo")
        slow.advance(by: .seconds(10))
        #expect(await slow.lines().first?.contains(#""GET /slo" 408 "#) == true)
        let silent = try LoggedConnection()
        silent.advance(by: .seconds(10))
        #expect(silent.embedded.hasEnded)
        #expect(await silent.lines().isEmpty)
    }

    @Test("say 499 for a client that was gone before its answer, and mark one that had closed its side")
    func abandoned() async throws {
        let handler = HoldingHandler()
        let reset = try LoggedConnection(handler)
        reset.embedded.send(get)
        reset.embedded.ready([.readable, .readEnded, .hungUp])
        #expect(
            await reset.lines().first?.hasSuffix(
                #""GET /get HTTP/1.1" 499 0 "-" "-" model=- version=- rows=- us=345 id=- in=0 port=0 conn=1 kept=0 left=1"#) == true)
        let closed = try LoggedConnection(handler, format: .json)
        closed.embedded.send(get)
        closed.embedded.endInput()
        _ = handler.takeFirst()
        try #require(handler.takeFirst()).sendError(.clientClosedRequest, "nobody waits")
        closed.embedded.deliverResponses()
        let line = try #require(await closed.lines().first)
        #expect(line.contains(#""status":499,"#) && line.contains(#""kept_alive":false,"client_left":true"#))
        _ = reset.embedded
    }

    @Test("are one of so many when sampled, but for errors of the server and refusals")
    func sampling() async throws {
        struct Failing: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                responder.send(request.path.elementsEqual("/fail".utf8) ? .internalServerError : .ok)
            }
        }
        let logged = try LoggedConnection(Failing(), sampling: .oneOf(10))
        for number in 0..<40 {
            logged.embedded.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            if number % 20 == 5 { logged.embedded.send("GET /fail HTTP/1.1\r\nHost: h\r\n\r\n") }
        }
        logged.embedded.send("BAD\r\n\r\n")
        let requests = await logged.lines().map { $0.split(separator: "\"")[1].description }
        #expect(
            requests == ["/fail", "/9", "/19", "/fail", "/29", "/39"].map { "GET \($0) HTTP/1.1" } + ["BAD"])
    }
}
