import GraphIR

/// Byte offsets in one arena such that what lives at the same time does not overlap.
///
/// Greedy by size: the largest pieces are placed first, each at the lowest offset that is free for its whole lifetime.
struct MemoryPlan {
    /// Every offset is a multiple, so that vectors and cache lines are aligned.
    static let alignment = 64

    private(set) var byteCount = 0
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
    }

    private struct Placed {
        let range: Range<Int>
        let interval: Lifetimes.Interval
    }

    init(lifetimes: Lifetimes, scratch: [Int], byteCount: (ValueID) -> Int) {
        scratchOffsets = Array(repeating: 0, count: scratch.count)
        var pieces: [Piece] = []
        for (index, interval) in lifetimes.intervals.enumerated() {
            guard let interval else { continue }
            pieces.append(Piece(owner: .value(index), byteCount: Self.rounded(byteCount(ValueID(index))), interval: interval))
        }
        for (step, count) in scratch.enumerated() where count > 0 {
            let interval = Lifetimes.Interval(first: step, last: step)
            pieces.append(Piece(owner: .scratch(step), byteCount: Self.rounded(count), interval: interval))
        }
        pieces.sort { ($0.byteCount, $1.interval.first) > ($1.byteCount, $0.interval.first) }
        var placed: [Placed] = []
        for piece in pieces { place(piece, among: &placed) }
    }

    func offset(of root: ValueID) -> Int? { offsets[root.index] }

    private static func rounded(_ count: Int) -> Int { max(1, (count + alignment - 1) / alignment) * alignment }

    /// `placed` is kept in order of its lower bounds.
    private mutating func place(_ piece: Piece, among placed: inout [Placed]) {
        var offset = 0
        for other in placed where other.interval.first <= piece.interval.last && piece.interval.first <= other.interval.last {
            if offset + piece.byteCount <= other.range.lowerBound { break }
            offset = max(offset, other.range.upperBound)
        }
        let range = offset..<offset + piece.byteCount
        let position = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.endIndex
        placed.insert(Placed(range: range, interval: piece.interval), at: position)
        byteCount = max(byteCount, range.upperBound)
        switch piece.owner {
        case .value(let index): offsets[index] = offset
        case .scratch(let step): scratchOffsets[step] = offset
        }
    }
}
