package import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where the time of runs goes, step by step. A workspace that has one fills it; whoever holds the workspace reads it between runs,
/// hence `@unchecked Sendable`.
package final class StepProfile: @unchecked Sendable {
    /// All runs of one node.
    package struct Entry: Sendable {
        package let node: String
        package let operatorName: String
        /// Of the first run; empty where results are no dense tensors.
        package let outputs: [TensorSpec]
        package fileprivate(set) var callCount: Int
        /// Without the steps of its subgraphs, which have entries of their own.
        package fileprivate(set) var nanoseconds: Int64
    }

    /// The times of one plan's steps, which the plan's notes name.
    final class PlanTimes {
        let plan: Plan
        fileprivate(set) var runCount = 0
        fileprivate(set) var nanoseconds: [Int64]

        fileprivate init(_ plan: Plan) {
            self.plan = plan
            nanoseconds = Array(repeating: 0, count: plan.stepCount)
        }
    }

    private var plans: [ObjectIdentifier: PlanTimes] = [:]
    private var dynamic: [String: Entry] = [:]
    /// Of every step so far.
    private var accounted: Int64 = 0

    package init() {}

    /// Every node that has run, by descending time.
    package var entries: [Entry] {
        let planned = plans.values.flatMap { times in
            zip(times.plan.notes, times.nanoseconds).map { note, nanoseconds in
                Entry(
                    node: note.node, operatorName: note.operatorName, outputs: note.outputSpecs, callCount: times.runCount,
                    nanoseconds: nanoseconds)
            }
        }
        return Self.merged(planned + dynamic.values)
    }

    /// The entries of several profiles together, as of the lanes of one measurement.
    package static func merged(_ entries: [Entry]) -> [Entry] {
        var byNode: [String: Entry] = [:]
        for entry in entries {
            byNode["\(entry.operatorName)\u{0}\(entry.node)", default: entry.emptied].add(entry)
        }
        return byNode.values.sorted { ($1.nanoseconds, $0.node) < ($0.nanoseconds, $1.node) }
    }

    // MARK: Filling

    /// Runs a plan's steps and times each.
    @unsafe func run(
        _ plan: Plan, _ operands: UnsafePointer<UnsafeMutableRawPointer>, base: UnsafeMutableRawPointer, token: RunToken?,
        _ progress: RunProgress
    ) throws(EngineError) {
        let times = plans[ObjectIdentifier(plan)] ?? PlanTimes(plan)
        plans[ObjectIdentifier(plan)] = times
        times.runCount += 1
        var last = Self.now()
        for index in 0..<plan.stepCount {
            try unsafe plan.runStep(index, operands, base: base, token: token, progress)
            let now = Self.now()
            times.nanoseconds[index] += now - last
            accounted += now - last
            last = now
        }
    }

    /// Times a step that no plan holds.
    func time<Result>(_ node: String, _ operatorName: String, _ body: () throws -> Result) rethrows -> Result {
        let start = Self.now(), before = accounted
        defer {
            // What steps of subgraphs took is theirs.
            let own = Self.now() - start - (accounted - before)
            accounted += own
            let key = "\(operatorName)\u{0}\(node)"
            let run = Entry(node: node, operatorName: operatorName, outputs: [], callCount: 1, nanoseconds: own)
            dynamic[key, default: run.emptied].add(run)
        }
        return try body()
    }

    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension StepProfile.Entry {
    fileprivate var emptied: Self { .init(node: node, operatorName: operatorName, outputs: outputs, callCount: 0, nanoseconds: 0) }

    fileprivate mutating func add(_ other: Self) {
        callCount += other.callCount
        nanoseconds += other.nanoseconds
    }
}
