import Foundation
import Testing

/// One case of the contract's vector file.
struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: String
    let status: Int
    /// The whole case as JSON text, so that it can cross threads.
    private let text: Data

    var testDescription: String { name }

    var fields: [String: Any] {
        get throws { try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any]) }
    }

    static func all(kind: String) -> [Vector] {
        do {
            let file = try JSONSerialization.jsonObject(with: try Data(contentsOf: Fixtures.vectorFile))
            let cases = (file as? [String: Any])?["vectors"] as? [[String: Any]] ?? []
            return try cases.filter { $0["kind"] as? String == kind }.map { fields in
                Vector(
                    name: fields["name"] as? String ?? "?", kind: kind, status: fields["status"] as? Int ?? 0,
                    text: try JSONSerialization.data(withJSONObject: fields))
            }
        } catch {
            // A vector that fails in its own words rather than a suite that silently has no cases.
            return [Vector(name: "unreadable vector file: \(error)", kind: kind, status: -1, text: Data())]
        }
    }

    private init(name: String, kind: String, status: Int, text: Data) {
        self.name = name
        self.kind = kind
        self.status = status
        self.text = text
    }

    /// `body_text`, or `body_parts` put together.
    func body() throws -> [UInt8] {
        let request = try #require(try fields["request"] as? [String: Any])
        if let text = request["body_text"] as? String { return Array(text.utf8) }
        let parts = try #require(request["body_parts"] as? [[String: Any]])
        return parts.flatMap { part -> [UInt8] in
            if let text = part["text"] as? String { return Array(text.utf8) }
            return Array(String(repeating: part["repeat"] as? String ?? "", count: part["count"] as? Int ?? 0).utf8)
        }
    }

    /// Whether a refusal's text is what the vector asks for.
    func expectMessage(_ message: String) throws {
        let fields = try fields
        if let part = fields["error_contains"] as? String { #expect(message.contains(part)) }
        if let whole = fields["error_exact"] as? String { #expect(message == whole) }
    }
}
