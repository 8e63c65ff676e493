package import HTTPCore
package import ServableCore

/// A path of TensorFlow Serving's dialect, taken apart (section 2 of its REST contract).
///
/// A "?" is a character like others there, so that a caller who wants a query to be one leaves it out; nothing is normalised,
/// and words of the grammar are matched without case.
package struct ModelPath: Sendable, Equatable {
    package enum Subject: Sendable, Equatable {
        case predict, classify, regress
        case status, metadata
        /// `/v1/models` alone.
        case list
    }

    package let subject: Subject
    /// Decoded; empty when the path has none.
    package let model: String
    package let selector: VersionSelector

    /// - Returns: nil when the path does not match, which is a malformed request.
    /// - Throws: `invalidArgument` for a version beyond 64 bits.
    package init?(_ method: HTTPMethod, _ target: UnsafeRawBufferPointer) throws(ServableError) {
        let prefix: StaticString = "/v1/models"
        guard unsafe Self.hasPrefix(target, prefix) else { return nil }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: target.dropFirst(prefix.utf8CodeUnitCount))
        switch method {
        case .post: try unsafe self.init(call: rest)
        case .get, .head: try unsafe self.init(query: rest)
        default: return nil
        }
    }

    /// Whether `text` begins with `prefix`, given in lower case, without regard to case.
    static func hasPrefix(_ text: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard text.count >= count else { return false }
        return (0..<count).allSatisfy { unsafe lowercase(text[$0]) == prefix.utf8Start[$0] }
    }

    /// `/NAME[/versions/DIGITS|/labels/LABEL]:(classify|regress|predict)`. Between the literal colon and the end there is no other
    /// ":", as names and labels hold none.
    private init?(call rest: UnsafeRawBufferPointer) throws(ServableError) {
        guard let colon = unsafe rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let verb = unsafe rest[(colon + 1)...]
        // The grammar ignores case here, but the dispatch after it does not.
        if unsafe verb.elementsEqual("predict".utf8) {
            subject = .predict
        } else if unsafe verb.elementsEqual("classify".utf8) {
            subject = .classify
        } else if unsafe verb.elementsEqual("regress".utf8) {
            subject = .regress
        } else {
            return nil
        }
        let segments = unsafe Self.segments(rest[..<colon])
        guard let name = unsafe segments.first, let selector = try unsafe Self.selector(segments.dropFirst()),
            let model = unsafe Self.decode(name)
        else { return nil }
        self.model = model
        self.selector = selector
    }

    /// `[/NAME][/versions/DIGITS|/labels/LABEL][/metadata]`, the name taken whenever the rest still matches.
    private init?(query rest: UnsafeRawBufferPointer) throws(ServableError) {
        guard unsafe !rest.isEmpty else {
            (subject, model, selector) = (.list, "", .latest)
            return
        }
        let segments = unsafe Self.segments(rest[...])
        guard unsafe !segments.isEmpty, unsafe segments.allSatisfy({ unsafe !$0.isEmpty && !$0.contains(UInt8(ascii: ":")) }) else {
            return nil
        }
        for nameCount in [1, 0] where unsafe segments.count >= nameCount {
            var tail = unsafe segments.dropFirst(nameCount)
            let isMetadata = unsafe tail.last.map { unsafe Self.equals($0, "metadata") } ?? false
            if isMetadata { unsafe tail = tail.dropLast() }
            guard let selector = try unsafe Self.selector(tail) else { continue }
            guard let model = unsafe nameCount == 0 ? "" : Self.decode(segments[0]) else { return nil }
            self.subject = isMetadata ? .metadata : .status
            self.model = model
            self.selector = selector
            return
        }
        return nil
    }

    private typealias Segment = Slice<UnsafeRawBufferPointer>

    /// The parts between slashes; none when the text does not begin with one.
    private static func segments(_ text: Segment) -> [Segment] {
        guard unsafe text.first == UInt8(ascii: "/") else { return unsafe [] }
        return unsafe text.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }

    /// What `versions/DIGITS`, `labels/LABEL` or nothing selects; nil for anything else.
    private static func selector(_ segments: ArraySlice<Segment>) throws(ServableError) -> VersionSelector? {
        guard let word = unsafe segments.first else { return .latest }
        guard unsafe segments.count == 2, let value = unsafe segments.last, unsafe !value.isEmpty else { return nil }
        if unsafe equals(word, "labels") { return unsafe decode(value).map { .label($0) } }
        guard unsafe equals(word, "versions"), unsafe value.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else { return nil }
        let digits = unsafe String(decoding: value, as: UTF8.self)
        guard let version = Int64(digits) else {
            throw ServableError(.invalidArgument, "Failed to convert version: \(digits) to numeric.")
        }
        return .version(version)
    }

    private static func decode(_ segment: Segment) -> String? {
        guard unsafe !segment.isEmpty else { return nil }
        return unsafe PercentEncoding.decode(UnsafeRawBufferPointer(rebasing: segment))
    }

    private static func equals(_ segment: Segment, _ word: StaticString) -> Bool {
        unsafe segment.count == word.utf8CodeUnitCount && hasPrefix(UnsafeRawBufferPointer(rebasing: segment), word)
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
