/// Finds the ends of lines in bytes that grow, never looking at a byte twice. A line ends in CRLF only (RFC 9112 §2.2).
struct LineReader {
    /// Everything before this offset has been searched.
    private var scanned = 0

    /// The index of the LF that ends the line starting at `start`; nil while it has not come.
    ///
    /// The limit is judged first, so that a line too long is refused alike whether or not its end has been seen.
    mutating func endOfLine(
        _ bytes: Span<UInt8>, start: Int, maxBytes: Int, tooLong: @autoclosure () -> ProtocolRefusal
    ) throws(ProtocolRefusal) -> Int? {
        let found = firstIndex(of: 0x0A, in: bytes, from: max(start, scanned))
        scanned = found.map { $0 + 1 } ?? bytes.count
        guard scanned - start <= maxBytes else { throw tooLong() }
        guard let found else { return nil }
        guard found > start, bytes[found - 1] == UInt8(ascii: "\r") else {
            throw .bad("a line ends in a bare line feed; lines end in CRLF")
        }
        return found
    }

    /// Notes that the bytes not yet read moved `distance` places towards the start.
    mutating func bytesMovedDown(by distance: Int) { scanned = max(0, scanned - distance) }
}
