import Dispatch
import GraphIR
import Inference
import ModelFormats
import Operators
import Tensors

/// Runs a model over and over in lanes and measures each run.
struct Benchmark {
    let path: String
    let inputDirectory: String?
    let samples: SampleInputs
    let batch: Int?
    let laneCount: Int
    let duration: Duration
    /// Whether each step is timed.
    let profiles: Bool

    /// Runs before measuring: plans are compiled and memory is touched by then.
    private static let warmUpRunCount = 3

    func run() throws -> BenchmarkReport {
        let clock = ContinuousClock()
        let start = clock.now
        let (file, engine, inputs) = try Progress.during("loading \(path)") { try load() }
        let loadDuration = clock.now - start
        for _ in 0..<Self.warmUpRunCount { _ = try file.run(engine, inputs) }

        let interruption = Interruption()
        let measuringStart = clock.now
        let lanes = (0..<laneCount).map { _ in
            BenchmarkLane(engine, inputs, until: measuringStart + duration, interruption, profiles: profiles)
        }
        try file.located { try measure(lanes, since: measuringStart) }
        var latencies = LatencyHistogram()
        for lane in lanes { latencies.merge(lane.latencies) }
        return BenchmarkReport(
            model: path, batch: batch ?? Self.rowCount(inputs), lanes: laneCount, isa: InstructionSet.chosen.name,
            latencies: latencies, elapsed: clock.now - measuringStart, loadDuration: loadDuration,
            profile: profiles ? ProfileReport(StepProfile.merged(lanes.flatMap { $0.profile?.entries ?? [] }), runs: latencies.count) : nil,
            wasInterrupted: interruption.isRequested)
    }

    private func load() throws -> (ModelFile, Engine, [RuntimeValue]) {
        let file = try ModelFile(path: path)
        let signature = try file.signature(nil)
        let inputs = try inputs(signature)
        try file.initialise()
        let engine = try file.engine(signature, for: inputs, isOptimized: true)
        _ = try file.run(engine, inputs)
        return (file, engine, inputs)
    }

    private func measure(_ lanes: [BenchmarkLane], since start: ContinuousClock.Instant) throws {
        let limit = HumanText.duration(duration)
        let progress = Progress {
            let elapsed = HumanText.fixed((ContinuousClock.now - start).nanoseconds / 1e9, decimals: 1)
            let count = lanes.reduce(0) { $0 + $1.runCount }
            return "measuring: \(elapsed) s of \(limit), \(HumanText.plural(count, "run")) (Ctrl-C ends and reports)"
        }
        defer { progress.finish() }
        let pool = LanePool(laneCount: lanes.count)
        for lane in lanes { pool.signal(lane) }
        for lane in lanes { lane.finished.wait() }
        pool.stop()
        if let failure = lanes.lazy.compactMap(\.failure).first { throw failure }
    }

    private func inputs(_ signature: Signature) throws -> [RuntimeValue] {
        if let inputDirectory { return try InputListing(directory: inputDirectory).values(for: signature) }
        return try samples.tensors(signature).map(RuntimeValue.tensor)
    }

    /// The leading extent of the first input; 1 for one without.
    private static func rowCount(_ inputs: [RuntimeValue]) -> Int {
        inputs.first?.spec?.shape.extents.first ?? 1
    }
}
