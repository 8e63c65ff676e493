import Foundation
import Testing

/// One case of `Fixtures/HTTP/cases.json`; its README tells what the fields mean.
struct HTTPCase: Decodable, Sendable, CustomTestStringConvertible {
    struct HeaderRule: Decodable, Sendable {
        var name: String
        var re: String?
        var absent: Bool?
        var status: Int?
    }

    struct Expectation: Decodable, Sendable {
        var oneOf: [Outcome]?
        var sequence: [[Outcome]]?
        var then: String?
        var body: String?
        var interim: Outcome?
        var headers: [HeaderRule]?
        var bodyNotRe: String?

        enum CodingKeys: String, CodingKey {
            case oneOf = "one_of", sequence, then, body, interim, headers, bodyNotRe = "body_not_re"
        }

        var answers: [[Outcome]] { sequence ?? [oneOf ?? []] }
    }

    /// A status, or a word such as `2xx` or `close`.
    enum Outcome: Decodable, Sendable, Equatable, CustomStringConvertible {
        case status(Int)
        case word(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let status = try? container.decode(Int.self) {
                self = .status(status)
            } else {
                self = .word(try container.decode(String.self))
            }
        }

        var description: String {
            switch self {
            case .status(let status): "\(status)"
            case .word(let word): word
            }
        }

        /// Whether what happened is one of the things that this stands for.
        func admits(_ happened: Outcome) -> Bool {
            switch (self, happened) {
            case (.word("any"), _): true
            case (.word("reject-4xx"), .status(let status)): (400..<500).contains(status) || status == 501 || status == 505
            case (.word(let word), .status(let status)) where word.hasSuffix("xx"): word.hasPrefix("\(status / 100)")
            default: self == happened
            }
        }
    }

    enum Action: Equatable {
        case send([UInt8])
        case pause
        case await
        case endInput
        case reset
        case drip
    }

    var name: String
    var level: String
    var rawRequest: String
    var expect: Expectation
    var methods: [String]?

    enum CodingKeys: String, CodingKey {
        case name, level, rawRequest = "raw_request", expect, methods
    }

    var testDescription: String { name }

    static let all: [HTTPCase] = {
        struct Document: Decodable { var cases: [HTTPCase] }
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/HTTP/cases.json")
        do {
            return try JSONDecoder().decode(Document.self, from: Data(contentsOf: fixture)).cases
        } catch {
            fatalError("cannot read \(fixture.path()): \(error)")
        }
    }()

    static let body = #"{"instances": [1.0, 2.0, 5.0]}"#

    /// The methods of the requests in the case.
    var requestMethods: [String] {
        if let methods { return methods }
        let text = rawRequest.drop { $0 == "\r\n" }
        return [String(text.prefix { $0 != " " })]
    }

    /// What the client does, placeholders filled in.
    var actions: [Action] {
        var actions: [Action] = []
        Self.render(rawRequest.unicodeScalars[...]) { part in
            if case .send(let bytes) = part, case .send(let before)? = actions.last {
                actions[actions.count - 1] = .send(before + bytes)
            } else {
                actions.append(part)
            }
        }
        return actions
    }

    private static func render(_ text: Substring.UnicodeScalarView, _ emit: (Action) -> Void) {
        var rest = text
        while let open = range(of: "{{", in: rest) {
            emit(.send(rest[..<open.lowerBound].map { UInt8($0.value) }))
            guard let close = range(of: "}}", in: rest[open.upperBound...]) else { break }
            emitToken(rest[open.upperBound..<close.lowerBound], emit)
            rest = rest[close.upperBound...]
        }
        emit(.send(rest.map { UInt8($0.value) }))
    }

    private static func range(of pair: String, in text: Substring.UnicodeScalarView) -> Range<String.Index>? {
        let wanted = Array(pair.unicodeScalars)
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if next < text.endIndex, text[index] == wanted[0], text[next] == wanted[1] { return index..<text.index(after: next) }
            index = next
        }
        return nil
    }

    private static func emitToken(_ token: Substring.UnicodeScalarView, _ emit: (Action) -> Void) {
        let name = String(token)
        switch name {
        case "await": emit(.await)
        case "fin": emit(.endInput)
        case "rst": emit(.reset)
        case "drip": emit(.drip)
        case _ where name.hasPrefix("pause"): emit(.pause)
        default: emit(.send(value(name, token)))
        }
    }

    private static func value(_ name: String, _ token: Substring.UnicodeScalarView) -> [UInt8] {
        let body = Array(Self.body.utf8)
        let half = body.count / 2
        switch name {
        case "host": return Array("127.0.0.1:8501".utf8)
        case "get": return Array("/get".utf8)
        case "post": return Array("/post".utf8)
        case "type": return Array("application/json".utf8)
        case "body": return body
        case "len": return Array("\(body.count)".utf8)
        case "hex": return Array(String(body.count, radix: 16).utf8)
        case "HEX": return Array(String(body.count, radix: 16, uppercase: true).utf8)
        case "b1": return Array(body[..<half])
        case "b2": return Array(body[half...])
        case "h1": return Array(String(half, radix: 16).utf8)
        case "h2": return Array(String(body.count - half, radix: 16).utf8)
        case "chunk": return chunks(body, of: body.count)
        default: return parameterized(name, token, body)
        }
    }

    private static func parameterized(_ name: String, _ token: Substring.UnicodeScalarView, _ body: [UInt8]) -> [UInt8] {
        let parts = token.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        if name.hasPrefix("len+"), let more = Int(name.dropFirst(4)) { return Array("\(body.count + more)".utf8) }
        if name.hasPrefix("chunks:"), let size = Int(String(parts[1])) { return chunks(body, of: size) }
        if name.hasPrefix("repeat:"), let count = Int(String(parts[1])) {
            let unit = parts[2].map { UInt8($0.value) }
            return Array(repeatElement(unit, count: count).joined())
        }
        if name.hasPrefix("lenof:") {
            let inner = String(token.dropFirst(6)).replacing("<<", with: "{{").replacing(">>", with: "}}")
            var count = 0
            render(inner.unicodeScalars[...]) { if case .send(let bytes) = $0 { count += bytes.count } }
            return Array("\(count)".utf8)
        }
        fatalError("unknown placeholder {{\(name)}}")
    }

    private static func chunks(_ body: [UInt8], of size: Int) -> [UInt8] {
        stride(from: 0, to: body.count, by: size).flatMap { start in
            let part = body[start..<min(start + size, body.count)]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
        }
    }
}
