/// The target of a request line (RFC 9112 §3.2) taken apart.
enum RequestTarget {
    /// Reads the target at `range` of `request` into the head.
    static func parse(
        _ request: Span<UInt8>, _ range: Range<Int>, into head: inout RequestHead
    ) throws(ProtocolRefusal) {
        let target = request.extracting(range)
        guard !target.isEmpty else { throw .bad("the request line has no target") }
        if target[0] == UInt8(ascii: "/") {
            return try parsePath(request, range, into: &head)
        }
        if head.method == .options, target.count == 1, target[0] == UInt8(ascii: "*") {
            head.path = ByteRange(range.lowerBound, range.upperBound)
            head.target = head.path
            return
        }
        guard let authorityStart = endOfScheme(target) else {
            throw .bad("the target is neither a path that starts with \"/\" nor an http URI")
        }
        try parseAbsolute(request, range.lowerBound + authorityStart..<range.upperBound, into: &head)
    }

    /// The index after "http://" or "https://"; nil for anything else.
    private static func endOfScheme(_ target: Span<UInt8>) -> Int? {
        if target.count >= 7, target.extracting(0..<7).equalsIgnoringCase("http://") { return 7 }
        if target.count >= 8, target.extracting(0..<8).equalsIgnoringCase("https://") { return 8 }
        return nil
    }

    /// absolute-form: authority [ path ] [ "?" query ] (RFC 9112 §3.2.2). The authority takes the place of Host.
    private static func parseAbsolute(
        _ request: Span<UInt8>, _ range: Range<Int>, into head: inout RequestHead
    ) throws(ProtocolRefusal) {
        var pathStart = range.lowerBound
        while pathStart < range.upperBound, request[pathStart] != UInt8(ascii: "/"), request[pathStart] != UInt8(ascii: "?") {
            pathStart += 1
        }
        guard HostSyntax.isValid(request.extracting(range.lowerBound..<pathStart)) else {
            throw .bad("the authority of the target is not a host with an optional port")
        }
        head.hasAbsoluteTarget = true
        try parsePath(request, pathStart..<range.upperBound, into: &head)
    }

    private static func parsePath(
        _ request: Span<UInt8>, _ range: Range<Int>, into head: inout RequestHead
    ) throws(ProtocolRefusal) {
        let clean = ByteSet.target.endOfRun(in: request, range)
        guard clean == range.upperBound else {
            let byte = String(request[clean], radix: 16)
            throw .bad("the target has a byte that a URI may not hold (0x\(byte)); percent-encode it")
        }
        let target = request.extracting(range)
        if !PercentEncoding.isWellFormed(target) {
            throw .bad("the target has a \"%\" without two hex digits")
        }
        let pathEnd = firstIndex(of: UInt8(ascii: "?"), in: target).map { range.lowerBound + $0 } ?? range.upperBound
        head.target = ByteRange(range.lowerBound, range.upperBound)
        head.path = ByteRange(range.lowerBound, pathEnd)
        head.query = pathEnd < range.upperBound ? ByteRange(pathEnd + 1, range.upperBound) : nil
    }
}
