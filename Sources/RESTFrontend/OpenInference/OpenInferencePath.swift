import HTTPCore
import ServableCore

/// A path below `/v2`, taken apart (section 1 of the Open Inference Protocol's contract).
struct OpenInferencePath: Sendable, Equatable {
    enum Subject: Sendable, Equatable {
        case server, live, ready
        case models, allStatistics, index
        case metadata(String, VersionSelector)
        case modelReady(String, VersionSelector)
        case infer(String, VersionSelector)
        case statistics(String, VersionSelector)
        case load(String)
        case unload(String)
    }

    let subject: Subject

    var method: HTTPMethod {
        switch subject {
        case .index, .infer, .load, .unload: .post
        default: .get
        }
    }

    /// Whether a path is of this protocol: `/v2` or below.
    static func contains(_ path: UnsafeRawBufferPointer) -> Bool {
        unsafe path.count >= 3 && path[0] == UInt8(ascii: "/") && path[1] == UInt8(ascii: "v") && path[2] == UInt8(ascii: "2")
            && (path.count == 3 || path[3] == UInt8(ascii: "/"))
    }

    /// Whether the path asks for the server's health.
    static func isHealth(_ path: UnsafeRawBufferPointer) -> Bool {
        unsafe path.elementsEqual("/v2/health/live".utf8) || path.elementsEqual("/v2/health/ready".utf8)
    }

    /// - Returns: nil for a path that the protocol, or this server, has not.
    init?(_ path: UnsafeRawBufferPointer) {
        guard unsafe Self.contains(path) else { return nil }
        guard path.count > 3 else {
            subject = .server
            return
        }
        var segments: [String] = []
        let parts = unsafe path.dropFirst(4).split(
            separator: UInt8(ascii: "/"), maxSplits: Self.maximumSegmentCount, omittingEmptySubsequences: false)
        for index in unsafe parts.indices {
            guard let segment = unsafe PercentEncoding.decode(UnsafeRawBufferPointer(rebasing: parts[index])), !segment.isEmpty else {
                return nil
            }
            segments.append(segment)
        }
        guard let subject = Self.subject(segments) else { return nil }
        self.subject = subject
    }

    /// `models/NAME/versions/VERSION/infer`
    private static let maximumSegmentCount = 5

    private static func subject(_ segments: [String]) -> Subject? {
        switch (segments[0], segments.count) {
        case ("models", 1): return .models
        case ("models", 2) where segments[1] == "stats": return .allStatistics
        case ("models", _): return model(segments[1], segments.dropFirst(2))
        case ("health", 2): return segments[1] == "live" ? .live : segments[1] == "ready" ? .ready : nil
        case ("repository", 2): return segments[1] == "index" ? .index : nil
        case ("repository", 4) where segments[1] == "models":
            return segments[3] == "load" ? .load(segments[2]) : segments[3] == "unload" ? .unload(segments[2]) : nil
        default: return nil
        }
    }

    /// `NAME[/versions/VERSION][/ready|/infer|/stats]`
    private static func model(_ name: String, _ rest: ArraySlice<String>) -> Subject? {
        var rest = rest, selector = VersionSelector.latest
        if rest.first == "versions" {
            guard let text = rest.dropFirst().first, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }), let version = Int64(text)
            else { return nil }
            selector = .version(version)
            rest = rest.dropFirst(2)
        }
        guard let action = rest.first else { return .metadata(name, selector) }
        guard rest.count == 1 else { return nil }
        switch action {
        case "ready": return .modelReady(name, selector)
        case "infer": return .infer(name, selector)
        case "stats": return .statistics(name, selector)
        default: return nil
        }
    }
}
