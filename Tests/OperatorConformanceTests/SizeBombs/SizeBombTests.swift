import GraphIR
import Inference
import Operators
import Tensors
import Testing

@Suite("Sizes that a request chooses")
struct SizeBombTests {
    private static let sizes: [Int64] = [1 << 31, 1 << 40, 1 << 48, 1 << 62, .max, -1]
    private static let modestSize = 4
    /// What the results of a run may take: little, so that growing ones get there soon.
    private static let generousLimit = 16 << 20
    private static let smallLimit = 1 << 20

    @Test(
        "whatever size a request chooses, it is refused with the node's name or has a sound result, and the next one is served",
        arguments: SizeBomb.all, [true, false])
    func refuses(_ bomb: SizeBomb, isOptimized: Bool) throws {
        let ledger = CountingLedger()
        do {
            let subject = try Subject(bomb, limit: Self.generousLimit, isOptimized: isOptimized, ledger)
            let expected = try subject.run(Self.modestSize)
            #expect(expected.elementCount == bomb.elementCount(Self.modestSize))
            for size in Self.sizes {
                subject.expectRefusalOrSmallResult(bomb.input(size), "size \(size)")
                #expect(ledger.used == subject.heldByteCount, "after size \(size)")
                #expect(try subject.run(Self.modestSize).hasEqualContents(expected), "after size \(size)")
            }
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test(
        "results up to the limit of a run are computed, and those over it refused",
        arguments: SizeBomb.all.filter { $0.bytesPerUnit != nil }, [true, false])
    func limit(_ bomb: SizeBomb, isOptimized: Bool) throws {
        let ledger = CountingLedger()
        do {
            let subject = try Subject(bomb, limit: Self.smallLimit, isOptimized: isOptimized, ledger)
            let limit = Self.smallLimit / (try #require(bomb.bytesPerUnit))
            let below = limit - 1 - limit / 16, above = limit + 1 + limit / 16
            #expect(try subject.run(below).elementCount == bomb.elementCount(below))
            let failure = #expect(throws: EngineError.self) { try subject.run(above) }
            #expect(failure?.memoryRefusal?.cause == .limit, "\(failure.debugDescription)")
            #expect(failure?.description.contains("node \"the ") == true, "\(failure.debugDescription)")
            #expect(ledger.used == subject.heldByteCount)
            #expect(try subject.run(below).elementCount == bomb.elementCount(below))
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test(
        "a size that is a constant of the model is refused with the node's name, or gives a small result", arguments: SizeBomb.all,
        [true, false])
    func constants(_ bomb: SizeBomb, isOptimized: Bool) throws {
        for size in Self.sizes {
            let ledger = CountingLedger()
            do {
                let engine = try Subject.engine(
                    bomb.source(constant: bomb.input(size)), limit: Self.generousLimit, isOptimized: isOptimized, ledger)
                let result = try engine.run([])[0]
                #expect(result.elementCount <= Subject.smallElementCount, "size \(size) gives \(result.spec)")
            } catch let error as EngineError {
                #expect(error.description.contains("the "), "size \(size): \(error)")
            }
            #expect(ledger.used == 0 && !ledger.wasOverdrawn, "size \(size)")
        }
    }

    /// A loaded model.
    private struct Subject {
        /// No request's result for a size that is none has more elements.
        static let smallElementCount = 8192

        private let bomb: SizeBomb
        private let engine: Engine

        init(_ bomb: SizeBomb, limit: Int, isOptimized: Bool, _ ledger: CountingLedger) throws {
            self.bomb = bomb
            engine = try Self.engine(bomb.source, limit: limit, isOptimized: isOptimized, ledger)
        }

        static func engine(_ source: SourceGraph, limit: Int, isOptimized: Bool, _ ledger: CountingLedger) throws -> Engine {
            var limits = EngineLimits()
            limits.maximumDynamicBytes = limit
            // Many of them at once are more than a small machine holds.
            (limits.maximumFoldedBytes, limits.maximumArenaBytes) = (64 << 20, 1 << 30)
            return try Engine(
                source, catalog: StandardOperators.catalog, passes: isOptimized ? StandardOperators.passes : [],
                state: ModelState(limits: limits, ledger: ledger))
        }

        /// What the model holds between requests.
        var heldByteCount: Int { engine.state.heldByteCount }

        func run(_ size: Int) throws -> Tensor { try engine.run([bomb.input(Int64(size))])[0] }

        func expectRefusalOrSmallResult(_ input: Tensor, _ note: String) {
            do {
                let result = try engine.run([input])[0]
                #expect(result.elementCount <= Self.smallElementCount, "\(note) has \(result.spec)")
            } catch let error as EngineError {
                #expect(error.description.contains("node \"the "), "\(note): \(error)")
            } catch {
                Issue.record("\(note): \(error)")
            }
        }
    }
}
