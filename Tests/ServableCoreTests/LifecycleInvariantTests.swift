import ServableCore
import Testing

/// A long random life: versions come, go, fail, change and are held, policies and labels change.
@Suite("ServableManager: what always holds", .timeLimit(.minutes(1)))
struct LifecycleInvariantTests {
    /// SplitMix64: the same seed gives the same life.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    @Test(
        "states move forward, nothing leaks, and what ends up available is what is wanted and loads",
        arguments: 1...12 as ClosedRange<UInt64>)
    func randomLife(seed: UInt64) async throws {
        var random = Random(state: seed)
        let scene = try Scene(options: LifecycleOptions(concurrentLoadLimit: 3, quietPeriod: .zero))
        var events = EventReader(scene.manager)
        var existing: Set<Int64> = []
        var failing: Set<Int64> = []
        var held: [ServableHandle] = []
        var policy = VersionPolicy.latest(1)
        try scene.directory.addDirectory("m")
        for step in 0..<60 {
            let version = Int64.random(in: 1...6, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2 where !existing.contains(version):
                let fails = Int.random(in: 0..<4, using: &random) == 0
                if fails { failing.insert(version) } else { failing.remove(version) }
                scene.loader.set(fails ? .fail(LoadingTests.corrupt) : .succeed, for: "m", version)
                try scene.directory.addVersion("m/\(version)")
                // Of a length of its own: so fast that times and inodes are those of the version that was here before.
                try scene.directory.write("m/\(version)/model.bin", String(repeating: "x", count: step + 1))
                existing.insert(version)
            case 3:
                scene.directory.remove("m/\(version)")
                existing.remove(version)
            case 4:
                policy = [.latest(1), .latest(2), .all, .specific([2, 4])].randomElement(using: &random) ?? .all
                try await scene.manager.apply([scene.specification("m", policy: policy, labels: ["stable": version])])
            case 5 where existing.contains(version) && failing.contains(version):
                scene.loader.set(.succeed, for: "m", version)
                try scene.directory.write("m/\(version)/model.bin", "mended \(version)")
                failing.remove(version)
            case 6:
                if let version = scene.table.versions(of: "m").randomElement(using: &random) {
                    do { held.append(try scene.table.handle("m", .version(version))) } catch { continue }
                }
            case 7 where !held.isEmpty: held.removeFirst()
            default: break
            }
            await scene.manager.poll()
        }
        held = []
        try await scene.serve(scene.specification("m", policy: policy))
        await scene.look()

        let wanted = Set(policy.select(from: existing))
        let served = Set(scene.table.versions(of: "m"))
        #expect(wanted.subtracting(failing).isSubset(of: served))
        #expect(served.isDisjoint(with: failing))
        // An older version is kept only while nothing that is wanted serves.
        if !wanted.subtracting(failing).isEmpty || wanted.isEmpty { #expect(served == wanted.subtracting(failing)) }
        #expect(scene.loader.census.living == served.count)
        #expect(await scene.manager.shutDown(timeout: .seconds(3600)) == [])
        #expect(scene.loader.census.living == 0 && scene.budget.reservedByteCount == 0)

        await events.readToEnd()
        var states: [ServableID: ServableState] = [:]
        for case .status(let status) in events.seen {
            let last = states.updateValue(status.state, forKey: status.id)
            // A try that failed for a passing reason (its files changed meanwhile) is reported without a change of state.
            let isFailedTry = last == .loading && status.state == .loading && status.lastError != nil
            #expect(
                isFailedTry || last?.mayBecome(status.state) ?? (status.state == .start),
                "\(status.id): \(String(describing: last)) → \(status.state)")
        }
        #expect(states.values.allSatisfy { $0 == .end })
    }
}
