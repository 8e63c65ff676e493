/// Why content could not be inflated. Offsets count the coded bytes.
package enum InflateFault: Error, Sendable, Equatable {
    /// The data stopped before its end.
    case truncated(offset: Int)
    /// The data, or its checksum, is wrong at or before this byte.
    case corrupt(offset: Int, reason: String)
    /// The inflated bytes are more than this many.
    case tooLarge(limit: Int)
    /// The system refused the memory that inflating needs.
    case outOfMemory
}
