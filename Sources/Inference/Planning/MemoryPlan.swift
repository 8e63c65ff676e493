import GraphIR
import Tensors

/// Byte offsets in one arena such that what lives at the same time does not overlap.
///
/// What outlives the plan lies at the start, so that the rest of the arena can be used again while it is read. Otherwise greedy by
/// size: the largest pieces are placed first, each at the lowest offset that is free for its whole lifetime.
struct MemoryPlan {
    /// Every offset is a multiple, so that vectors and cache lines are aligned.
    static let alignment = 64

    /// No limit is larger, so that sums of pieces within a limit do not overflow.
    private static let maximumLimit = Int.max / 4

    private(set) var byteCount = 0
    /// Bytes at the start that hold everything that outlives the plan.
    private(set) var keptByteCount = 0
    private(set) var scratchOffsets: [Int]
    private var offsets: [Int: Int] = [:]

    private struct Piece {
        enum Owner {
            case value(Int)
            case scratch(Int)
        }

        let owner: Owner
        let byteCount: Int
        let interval: Lifetimes.Interval
        let isKept: Bool
    }

    private struct Placed {
        let range: Range<Int>
        let interval: Lifetimes.Interval
    }

    /// - Throws: when one piece or all together are more than `limit` bytes.
    init(
        lifetimes: Lifetimes, scratch: [Int], limit: Int, byteCount: (ValueID) -> Int
    ) throws(MemoryRefusal) {
        let limit = min(limit, Self.maximumLimit)
        scratchOffsets = Array(repeating: 0, count: scratch.count)
        var pieces: [Piece] = []
        func add(_ owner: Piece.Owner, _ count: Int, _ interval: Lifetimes.Interval) throws(MemoryRefusal) {
            guard count >= 0, let rounded = Self.rounded(count), rounded <= max(limit, Self.alignment) else {
                throw MemoryRefusal(.limit, byteCount: max(count, 0), available: limit)
            }
            pieces.append(
                Piece(owner: owner, byteCount: rounded, interval: interval, isKept: interval.last >= lifetimes.stepCount))
        }
        for (index, interval) in lifetimes.intervals.enumerated() {
            if let interval { try add(.value(index), byteCount(ValueID(index)), interval) }
        }
        for (step, count) in scratch.enumerated() where count != 0 {
            try add(.scratch(step), count, Lifetimes.Interval(first: step, last: step))
        }
        pieces.sort { left, right in
            if left.isKept != right.isKept { return left.isKept }
            return (left.byteCount, right.interval.first) > (right.byteCount, left.interval.first)
        }
        var placed: [Placed] = []
        for piece in pieces {
            place(piece, among: &placed)
            guard self.byteCount <= max(limit, Self.alignment) else {
                throw MemoryRefusal(.limit, byteCount: self.byteCount, available: limit)
            }
        }
    }

    func offset(of root: ValueID) -> Int? { offsets[root.index] }

    /// `count` rounded up to the alignment, at least one unit; nil when that is beyond counting.
    static func rounded(_ count: Int) -> Int? {
        guard count <= Int.max / 2 else { return nil }
        return max(1, (count + alignment - 1) / alignment) * alignment
    }

    /// `placed` is kept in order of its lower bounds.
    private mutating func place(_ piece: Piece, among placed: inout [Placed]) {
        var offset = 0
        for other in placed where other.interval.overlaps(piece.interval) {
            if offset + piece.byteCount <= other.range.lowerBound { break }
            offset = max(offset, other.range.upperBound)
        }
        let range = offset..<offset + piece.byteCount
        let position = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.endIndex
        placed.insert(Placed(range: range, interval: piece.interval), at: position)
        byteCount = max(byteCount, range.upperBound)
        if piece.isKept { keptByteCount = max(keptByteCount, range.upperBound) }
        switch piece.owner {
        case .value(let index): offsets[index] = offset
        case .scratch(let step): scratchOffsets[step] = offset
        }
    }
}
