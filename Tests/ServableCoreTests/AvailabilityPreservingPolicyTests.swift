import ServableCore
import Testing

@Suite("AvailabilityPreservingPolicy")
struct AvailabilityPreservingPolicyTests {
    typealias Candidate = AvailabilityPreservingPolicy.Candidate

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let candidates: [(Int64, Bool, AvailabilityPreservingPolicy.Standing)]
        let action: AvailabilityPreservingPolicy.Action?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing there", candidates: [], action: nil),
        Case(name: "loads the highest first", candidates: [(1, true, .new), (2, true, .new)], action: .load(2)),
        Case(
            name: "keeps the old one while the new one loads", candidates: [(1, false, .ready), (2, true, .occupied)], action: nil
        ),
        Case(
            name: "loads the new one before the old one goes", candidates: [(1, false, .ready), (2, true, .new)], action: .load(2)
        ),
        Case(
            name: "unloads the old one once the new one is ready", candidates: [(1, false, .ready), (2, true, .ready)],
            action: .unload(1)),
        Case(name: "unloads when nothing is wanted", candidates: [(1, false, .ready)], action: .unload(1)),
        Case(
            name: "of two old ones the lower goes at once",
            candidates: [(1, false, .ready), (2, false, .ready), (3, true, .new)],
            action: .unload(1)),
        Case(name: "what is on its way out is left alone", candidates: [(1, false, .occupied), (2, true, .ready)], action: nil),
        Case(
            name: "unloads before it loads", candidates: [(1, false, .ready), (2, true, .ready), (3, true, .new)],
            action: .unload(1)),
    ]

    @Test("decides", arguments: cases)
    func decides(_ tested: Case) {
        let candidates = tested.candidates.map { Candidate(version: $0.0, isWanted: $0.1, standing: $0.2) }
        #expect(AvailabilityPreservingPolicy.nextAction(candidates) == tested.action)
    }

    @Test("from every state of four versions the model stays available and ends with what is wanted")
    func exhaustive() {
        // Each version is ready or new before, and wanted or not after.
        for before in 0..<16 {
            for after in 1..<16 {
                var ready = Set((0..<4).filter { before & 1 << $0 != 0 }.map(Int64.init))
                let wanted = Set((0..<4).filter { after & 1 << $0 != 0 }.map(Int64.init))
                var steps = 0
                while let action = AvailabilityPreservingPolicy.nextAction(
                    ready.union(wanted).map {
                        Candidate(version: $0, isWanted: wanted.contains($0), standing: ready.contains($0) ? .ready : .new)
                    })
                {
                    switch action {
                    case .load(let version): ready.insert(version)
                    case .unload(let version): ready.remove(version)
                    }
                    steps += 1
                    #expect(!ready.isEmpty && steps <= 8, "before \(before), after \(after)")
                    guard steps <= 8 else { return }
                }
                #expect(ready == wanted)
            }
        }
    }
}
