/// What one connection may do before the others of its loop have their turn.
struct TurnBudget {
    static let maxByteCount = 1024 * 1024
    static let maxRequestCount = 64
    /// Bytes to send, which the kernel copies meanwhile: less than to read, as all of a large response is there at once.
    static let maxWrittenByteCount = 512 * 1024

    private var byteCount = 0
    private var writtenByteCount = 0
    private var requestCount = 0
    /// Whether work is left that has to wait for a further turn.
    private(set) var wantsTurn = false
    /// Whether the loop has listed the connection for its next turn.
    private var isListed = false

    mutating func begin() {
        byteCount = 0
        writtenByteCount = 0
        requestCount = 0
        wantsTurn = false
    }

    mutating func noteRead(_ byteCount: Int) { self.byteCount += byteCount }
    mutating func noteWritten(_ byteCount: Int) { writtenByteCount += byteCount }
    mutating func noteRequest() { requestCount += 1 }
    mutating func wantTurn() { wantsTurn = true }

    /// - Returns: Whether something may still be done; if not, a further turn is wanted.
    mutating func allowsMore() -> Bool {
        if byteCount < Self.maxByteCount, requestCount < Self.maxRequestCount { return true }
        wantsTurn = true
        return false
    }

    /// - Returns: How many bytes may still be written; if none, a further turn is wanted.
    mutating func roomToWrite() -> Int {
        let room = max(0, Self.maxWrittenByteCount - writtenByteCount)
        if room == 0 { wantsTurn = true }
        return room
    }

    /// - Returns: Whether the loop has to list the connection: a turn is wanted, and it is not listed yet.
    mutating func list() -> Bool {
        guard wantsTurn, !isListed else { return false }
        isListed = true
        return true
    }

    mutating func unlist() { isListed = false }
}
