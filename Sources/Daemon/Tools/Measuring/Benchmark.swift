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
    let shapes: [String]
    let batch: Int?
    let laneCount: Int
    let duration: Duration

    /// Runs before measuring: plans are compiled and memory is touched by then.
    private static let warmUpRunCount = 3

    func run() throws -> BenchmarkReport {
        let clock = ContinuousClock()
        let start = clock.now
        let file = try ModelFile(path: path)
        let signature = try file.signature(nil)
        let inputs = try inputs(signature)
        try file.initialise()
        let engine = try file.engine(signature, for: inputs, isOptimized: true)
        _ = try file.run(engine, inputs)
        let loadDuration = clock.now - start
        for _ in 0..<Self.warmUpRunCount { _ = try file.run(engine, inputs) }

        let measuringStart = clock.now
        let lanes = (0..<laneCount).map { _ in BenchmarkLane(engine, inputs, until: measuringStart + duration) }
        try file.located { try Self.measure(lanes) }
        return BenchmarkReport(
            model: path, batch: batch ?? Self.rowCount(inputs), lanes: laneCount, isa: InstructionSet.chosen.name,
            durations: lanes.flatMap(\.durations).sorted(), elapsed: clock.now - measuringStart, loadDuration: loadDuration)
    }

    private static func measure(_ lanes: [BenchmarkLane]) throws {
        let pool = LanePool(laneCount: lanes.count)
        for lane in lanes { pool.signal(lane) }
        for lane in lanes { lane.finished.wait() }
        pool.stop()
        if let failure = lanes.lazy.compactMap(\.failure).first { throw failure }
    }

    private func inputs(_ signature: Signature) throws -> [RuntimeValue] {
        if let inputDirectory { return try InputListing(directory: inputDirectory).values(for: signature) }
        let named = try shapes.map(SampleInputs.shape)
        let byName = Dictionary(named.map { ($0.name, $0.shape) }) { _, last in last }
        return try SampleInputs(shapes: byName, rowCount: batch ?? 1).tensors(signature).map(RuntimeValue.tensor)
    }

    /// The leading extent of the first input; 1 for one without.
    private static func rowCount(_ inputs: [RuntimeValue]) -> Int {
        inputs.first?.spec?.shape.extents.first ?? 1
    }
}
