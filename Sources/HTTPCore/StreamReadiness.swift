/// What the descriptor has reported, and reading or writing has not contradicted since.
struct StreamReadiness {
    private(set) var isReadable = false
    private(set) var isWritable = true
    /// The client has closed its side; what it sent before may still be unread.
    private(set) var inputEnds = false
    /// The end of the input has been read.
    private(set) var hasInputEnded = false

    /// - Parameter isShared: Whether reading may wait for the descriptor to become writable, and the other way round.
    /// - Returns: Whether this report is the first of the client's having closed its side.
    mutating func note(_ report: Readiness, isShared: Bool) -> Bool {
        let endsNow = report.contains(.readEnded) && !inputEnds
        if endsNow { inputEnds = true }
        if isShared || !report.isDisjoint(with: [.readable, .readEnded]) { isReadable = true }
        if isShared || report.contains(.writable) { isWritable = true }
        return endsNow
    }

    mutating func noteNothingToRead() { isReadable = false }
    mutating func noteNoRoomToWrite() { isWritable = false }
    mutating func noteEndRead() { hasInputEnded = true }
}
