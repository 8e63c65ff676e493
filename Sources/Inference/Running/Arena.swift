import Tensors

/// The memory in which one thread computes: a stack of bytes that grows to the largest run and is kept for the next.
///
/// Addresses stay valid until their memory is popped: when the stack outgrows its block, a further block is added, and when it is
/// empty again the blocks become one. Confined to one thread at a time.
@safe final class Arena {
    /// A height of the stack to go back to.
    struct Mark {
        fileprivate let blockCount: Int
        fileprivate let used: Int

        fileprivate var isBottom: Bool { blockCount == 0 || blockCount == 1 && used == 0 }
    }

    private struct Block {
        let pages: PrivateMapping
        var used = 0
    }

    private var blocks: [Block] = []
    /// Bytes of the blocks, all charged.
    private(set) var capacity = 0
    /// The most bytes that were ever pushed at once since the last `trim`.
    private var peak = 0
    private let ledger: (any MemoryLedger)?

    /// Below this a block is not worth its page tables.
    private static let smallestBlock = 64 << 10

    init(ledger: (any MemoryLedger)? = nil) { self.ledger = ledger }

    deinit { ledger?.credit(capacity) }

    var mark: Mark { Mark(blockCount: blocks.count, used: blocks.last?.used ?? 0) }

    /// The address of `byteCount` further bytes, aligned for every element type and vector; contents are whatever was there.
    @unsafe func push(_ byteCount: Int) throws(MemoryRefusal) -> UnsafeMutableRawPointer {
        guard let rounded = MemoryPlan.rounded(byteCount) else { throw MemoryRefusal(.system, byteCount: byteCount) }
        if let last = blocks.last, rounded > last.pages.byteCount - last.used {
            if mark.isBottom { releaseAll() }
            try grow(by: rounded)
        } else if blocks.isEmpty {
            try grow(by: rounded)
        }
        let index = blocks.count - 1
        let base = unsafe blocks[index].pages.baseAddress + blocks[index].used
        blocks[index].used += rounded
        peak = max(peak, blocks.reduce(0) { $0 + $1.used })
        return unsafe base
    }

    /// Keeps the first `byteCount` bytes of what was pushed at `base` last, and pops the rest.
    @unsafe func shrink(_ base: UnsafeMutableRawPointer, to byteCount: Int) {
        guard let last = blocks.last else { return }
        let start = unsafe base - last.pages.baseAddress
        let kept = byteCount == 0 ? 0 : MemoryPlan.rounded(byteCount) ?? 0
        precondition(start >= 0 && start + kept <= last.used, "only the latest piece of an arena can shrink")
        blocks[blocks.count - 1].used = start + kept
    }

    /// Pops everything above `mark`.
    func pop(to mark: Mark) {
        guard !mark.isBottom else {
            // One block that holds all takes the place of several, or of one that was outgrown, at the next push.
            if blocks.count > 1 || capacity < peak { releaseAll() } else if !blocks.isEmpty { blocks[0].used = 0 }
            return
        }
        while blocks.count > mark.blockCount { release(blocks.removeLast()) }
        blocks[blocks.count - 1].used = mark.used
    }

    /// Gives an empty arena's memory back.
    func trim() {
        guard mark.isBottom else { return }
        releaseAll()
        peak = 0
    }

    private func releaseAll() {
        for block in blocks { release(block) }
        blocks = []
    }

    /// The first block is as large as all that was ever needed at once, when there is so much.
    private func grow(by byteCount: Int) throws(MemoryRefusal) {
        if blocks.isEmpty, peak > byteCount {
            do { return try addBlock(peak) } catch {}
        }
        try addBlock(max(byteCount, Self.smallestBlock))
    }

    private func addBlock(_ byteCount: Int) throws(MemoryRefusal) {
        try ledger?.charge(byteCount)
        do {
            blocks.append(Block(pages: try PrivateMapping(byteCount: byteCount)))
        } catch {
            ledger?.credit(byteCount)
            throw error
        }
        capacity += byteCount
    }

    private func release(_ block: Block) {
        capacity -= block.pages.byteCount
        ledger?.credit(block.pages.byteCount)
    }
}
