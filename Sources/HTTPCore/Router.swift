/// Finds what a request is for by its method and path. Matching allocates nothing.
package struct Router<Route: Sendable>: Sendable {
    private struct Entry {
        let method: HTTPMethod
        let pattern: RoutePattern
        let route: Route
    }

    private var entries: [Entry] = []

    package init() {}

    /// Adds a route; of several that match a path, the one added first wins.
    ///
    /// A pattern is a path whose segments are literals, captures `{name}`, or a capture with a literal end that starts
    /// with ":", as in `/v1/models/{model}:predict`. A capture is not empty and holds no "/" and no ":".
    package mutating func add(_ method: HTTPMethod, _ pattern: String, _ route: Route) {
        entries.append(Entry(method: method, pattern: RoutePattern(pattern), route: route))
    }

    /// HEAD finds what GET would, unless it has a route of its own.
    package func match(_ request: borrowing Request) -> RouteMatch<Route> { unsafe match(request.method, request.path) }

    package func match(_ method: HTTPMethod, _ path: UnsafeRawBufferPointer) -> RouteMatch<Route> {
        let bytes = unsafe path.assumingMemoryBound(to: UInt8.self).span
        if let found = find(method, bytes) { return found }
        if method == .head, let found = find(.get, bytes) { return found }
        guard entries.contains(where: { $0.pattern.match(bytes) != nil }) else { return .notFound }
        return .methodNotAllowed(allow: allowedMethods(bytes))
    }

    private func find(_ method: HTTPMethod, _ path: Span<UInt8>) -> RouteMatch<Route>? {
        for entry in entries where entry.method == method {
            if let captures = entry.pattern.match(path) { return .found(entry.route, captures) }
        }
        return nil
    }

    /// The value of `Allow` for a path that some method has (RFC 9110 §10.2.1).
    private func allowedMethods(_ path: Span<UInt8>) -> String {
        var allowed: [HTTPMethod] = []
        for entry in entries where !allowed.contains(entry.method) && entry.pattern.match(path) != nil {
            allowed.append(entry.method)
            if entry.method == .get, !allowed.contains(.head) { allowed.append(.head) }
        }
        if !allowed.contains(.options) { allowed.append(.options) }
        return allowed.map(\.rawValue).joined(separator: ", ")
    }
}

package enum RouteMatch<Route: Sendable>: Sendable {
    case found(Route, RouteCaptures)
    /// The path has other methods; to be answered 405, or 204 to OPTIONS, with this value of `Allow`.
    case methodNotAllowed(allow: String)
    case notFound
}
