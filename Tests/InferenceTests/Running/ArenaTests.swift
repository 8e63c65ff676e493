import Tensors
import Testing

@testable import Inference

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct ArenaTests {
    private static let kilobyte = 1024

    /// What was pushed, written with a pattern of its own.
    private struct Piece {
        let base: UnsafeMutableRawPointer
        var byteCount: Int
        let pattern: UInt8

        func fill() { base.initializeMemory(as: UInt8.self, repeating: pattern, count: byteCount) }
        var isIntact: Bool {
            byteCount == 0 || base.load(as: UInt8.self) == pattern && memcmp(base, base + 1, byteCount - 1) == 0
        }
    }

    @Test("whatever is pushed, shrunk and popped, memory that is held stays as it was written", arguments: 0..<50)
    func holds(seed: Int) throws {
        var random = SeededRandom(seed)
        let ledger = CountingLedger()
        do {
            let arena = Arena(ledger: ledger)
            var pieces: [Piece] = []
            var marks: [(mark: Arena.Mark, count: Int)] = []
            for step in 0..<200 {
                switch random.below(6) {
                case 0: marks.append((arena.mark, pieces.count))
                case 1:
                    guard let (mark, count) = marks.popLast() else { break }
                    arena.pop(to: mark)
                    pieces.removeLast(pieces.count - count)
                case 2:
                    guard let last = pieces.last, marks.last.map({ $0.count < pieces.count }) ?? true else { break }
                    pieces[pieces.count - 1].byteCount = last.byteCount / 2
                    arena.shrink(last.base, to: last.byteCount / 2)
                default:
                    let byteCount = random.pick([0, 1, 63, 64, 65, random.below(4000), random.below(40_000), random.below(200_000)])
                    let piece = Piece(base: try arena.push(byteCount), byteCount: byteCount, pattern: UInt8(random.below(256)))
                    #expect(Int(bitPattern: piece.base) % MemoryPlan.alignment == 0)
                    piece.fill()
                    pieces.append(piece)
                }
                if step % 4 == 0 { #expect(pieces.allSatisfy { $0.isIntact }) }
                #expect(ledger.used == arena.capacity)
            }
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    /// A loop's rounds took further blocks and gave them back, every one in every run.
    @Test("an arena that a part of a run outgrew holds the next run in a single block")
    func mergesParts() throws {
        let ledger = CountingLedger()
        let arena = Arena(ledger: ledger)
        func run() throws -> [UnsafeMutableRawPointer] {
            let mark = arena.mark
            defer { arena.pop(to: mark) }
            let outer = try arena.push(10 * Self.kilobyte)
            return try [outer]
                + (0..<3).map { _ in
                    let mark = arena.mark
                    defer { arena.pop(to: mark) }
                    return try arena.push(500 * Self.kilobyte)
                }
        }
        _ = try run()
        let places = try run()
        #expect(places.dropFirst().allSatisfy { $0 - places[0] == 10 * Self.kilobyte })
        #expect(arena.capacity == 510 * Self.kilobyte && ledger.used == arena.capacity)
        #expect(try run() == places, "the block is kept")
    }

    @Test("an arena that grew over several blocks within one run holds the next one in a single block")
    func merges() throws {
        let ledger = CountingLedger()
        let arena = Arena(ledger: ledger)
        func run() throws -> [UnsafeMutableRawPointer] {
            let mark = arena.mark
            defer { arena.pop(to: mark) }
            return try (0..<10).map { _ in try arena.push(100 * Self.kilobyte) }
        }
        _ = try run()
        #expect(arena.capacity == 0, "what is in several blocks is given back")
        let places = try run()
        #expect(arena.capacity == 1000 * Self.kilobyte)
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 == 100 * Self.kilobyte })
        #expect(try run() == places, "the block is kept")
        #expect(ledger.used == arena.capacity)
        arena.trim()
        #expect(arena.capacity == 0 && ledger.used == 0)
        _ = try arena.push(1)
        #expect(arena.capacity < 100 * Self.kilobyte, "the peak is forgotten")
    }

    @Test("marks nest, also over blocks")
    func nests() throws {
        let arena = Arena()
        let bottom = arena.mark
        let first = Piece(base: try arena.push(1000), byteCount: 1000, pattern: 1)
        first.fill()
        let inner = arena.mark
        for _ in 0..<3 {
            let mark = arena.mark
            let second = Piece(base: try arena.push(300 * Self.kilobyte), byteCount: 300 * Self.kilobyte, pattern: 2)
            second.fill()
            #expect(first.isIntact && second.isIntact)
            arena.pop(to: mark)
        }
        arena.trim()
        #expect(arena.capacity > 0, "an arena in use is not trimmed")
        arena.pop(to: inner)
        #expect(first.isIntact)
        arena.pop(to: bottom)
        arena.trim()
        #expect(arena.capacity == 0)
    }

    @Test("a refusal in the middle leaves what is held, and the arena usable")
    func refusal() throws {
        let ledger = CountingLedger(limit: 300 * Self.kilobyte)
        let arena = Arena(ledger: ledger)
        let bottom = arena.mark
        let first = Piece(base: try arena.push(100 * Self.kilobyte), byteCount: 100 * Self.kilobyte, pattern: 1)
        first.fill()
        for byteCount in [250 * Self.kilobyte, Int.max / 2, Int.max] {
            let refusal = #expect(throws: MemoryRefusal.self) { try arena.push(byteCount) }
            #expect(refusal?.cause == (byteCount == .max ? .system : .budget))
        }
        let second = Piece(base: try arena.push(100 * Self.kilobyte), byteCount: 100 * Self.kilobyte, pattern: 2)
        second.fill()
        #expect(first.isIntact && second.isIntact)
        arena.pop(to: bottom)
        // Only the block of the peak is refused: a smaller one will do.
        #expect(throws: MemoryRefusal.self) { try arena.push(400 * Self.kilobyte) }
        _ = try arena.push(150 * Self.kilobyte)
        #expect(ledger.used == arena.capacity)
    }

    @Test("a block as large as the peak that the ledger refuses is not needed for a small run")
    func smallerThanPeak() throws {
        let ledger = CountingLedger(limit: 1000 * Self.kilobyte)
        let arena = Arena(ledger: ledger)
        let bottom = arena.mark
        for _ in 0..<4 { _ = try arena.push(200 * Self.kilobyte) }
        arena.pop(to: bottom)
        try ledger.charge(500 * Self.kilobyte)
        _ = try arena.push(100 * Self.kilobyte)
        #expect(arena.capacity == 100 * Self.kilobyte)
    }

    @Test("staging lends places that do not overlap, and pops them whatever happens")
    func staging() throws {
        let ledger = CountingLedger(limit: 1 << 20)
        let workspace = Workspace(ledger: ledger)
        try workspace.withStaging([0, 1, 100_000, 0]) { places in
            #expect(Set(places).count == 4)
            #expect(places.allSatisfy { Int(bitPattern: $0) % MemoryPlan.alignment == 0 })
        }
        #expect(throws: CancellationError.self) { try workspace.withStaging([10]) { _ in throw CancellationError() } }
        let failure = #expect(throws: EngineError.self) { try workspace.withStaging([10, 2 << 20]) { _ in } }
        #expect(failure?.memoryRefusal?.cause == .budget)
        workspace.trim()
        #expect(workspace.byteCount == 0 && ledger.used == 0)
    }
}
