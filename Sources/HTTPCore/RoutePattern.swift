/// A path pattern taken apart: segments that are literal, or a capture with a literal end.
struct RoutePattern: Sendable {
    private enum Segment: Sendable {
        case literal([UInt8])
        case capture(suffix: [UInt8])
    }

    private let segments: [Segment]

    /// `/v1/models/{model}/versions/{version}:predict`.
    init(_ pattern: String) {
        precondition(pattern.hasPrefix("/"), "a route pattern starts with \"/\"")
        segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { text in
            guard text.hasPrefix("{"), let close = text.firstIndex(of: "}") else { return .literal(Array(text.utf8)) }
            let suffix = text[text.index(after: close)...]
            precondition(suffix.isEmpty || suffix.hasPrefix(":"), "what follows a capture starts with \":\"")
            return .capture(suffix: Array(suffix.utf8))
        }
        let captureCount = segments.count { if case .capture = $0 { true } else { false } }
        precondition(captureCount <= RouteCaptures.capacity, "a route pattern has at most \(RouteCaptures.capacity) captures")
    }

    /// The captures when the whole path matches.
    func match(_ path: Span<UInt8>) -> RouteCaptures? {
        var captures = RouteCaptures()
        var at = 0
        for segment in segments {
            guard at < path.count, path[at] == UInt8(ascii: "/") else { return nil }
            let start = at + 1
            let end = firstIndex(of: UInt8(ascii: "/"), in: path, from: start) ?? path.count
            switch segment {
            case .literal(let text):
                guard equal(path, start..<end, text) else { return nil }
            case .capture(let suffix):
                let nameEnd = min(firstIndex(of: UInt8(ascii: ":"), in: path, from: start) ?? end, end)
                guard nameEnd > start, equal(path, nameEnd..<end, suffix) else { return nil }
                captures.append(start..<nameEnd)
            }
            at = end
        }
        return at == path.count ? captures : nil
    }

    private func equal(_ path: Span<UInt8>, _ range: Range<Int>, _ text: [UInt8]) -> Bool {
        guard range.count == text.count else { return false }
        for offset in text.indices where path[range.lowerBound + offset] != text[offset] { return false }
        return true
    }
}

/// Where the captures of a route lie in the path, in the pattern's order; still percent-encoded.
package struct RouteCaptures: Sendable, Equatable {
    static let capacity = 4

    private var ranges: InlineArray<4, Range<Int>> = InlineArray(repeating: 0..<0)
    package private(set) var count = 0

    init() {}

    mutating func append(_ range: Range<Int>) {
        ranges[count] = range
        count += 1
    }

    package subscript(index: Int) -> Range<Int> {
        precondition(index < count, "the pattern has no capture of that number")
        return ranges[index]
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && (0..<left.count).allSatisfy { left[$0] == right[$0] }
    }
}
