import GraphIR
import Inference
import Tensors

/// Runs a signature before it is served: kernels are compiled, weights packed and pages touched by one run; then, while there is
/// time, it is measured, and rows in a batch are compared with the same rows alone.
struct WarmUp {
    /// What was found out.
    struct Report {
        /// Why no made-up input could be run; nil when one was.
        var failure: String?
        /// How a row in a batch differed from the same row alone; nil when it did not, or when there was no time to look.
        var difference: String?
        /// Time of a run of one row; nil where the signature leaves open more than the rows, so that runs differ too much, and where
        /// the graph has dynamic steps.
        var rowCost: Duration?
    }

    /// What is warmed up: signatures of one engine and the same types need it once.
    struct Subject: Hashable {
        let engine: ObjectIdentifier
        let types: [ValueType]
    }

    let engine: Engine
    let signature: Signature
    /// How long everything but the first run may take together.
    var budget = Duration.milliseconds(100)
    /// How long the first run may take; then it is stopped, and nothing is known.
    var firstRunLimit = Duration.seconds(5)

    private static let measuredRuns = 10
    /// A run that takes so long is not measured again: the cost decides about runs of microseconds.
    private static let longRun = Duration.milliseconds(1)
    /// How many runs of one row comparing takes.
    private static let comparedRuns = 5

    var subject: Subject { Subject(engine: ObjectIdentifier(engine), types: signature.inputs.map(\.type)) }

    func run() -> Report {
        let workspace = Workspace(ledger: nil)
        var report = Report(failure: "the signature has an input of unknown rank")
        let start = ContinuousClock.now
        guard let (rows, extent, elapsed) = firstRun(workspace, &report.failure) else { return report }
        report.failure = nil
        let end = max(ContinuousClock.now, start) + budget
        if let first = rows.first, !SampleTypes.hasOpenExtents(signature) {
            report.rowCost = measure(first, workspace, first: elapsed, until: end)
        }
        let isTooLong = report.rowCost.map { ContinuousClock.now + $0 * Self.comparedRuns > end } ?? false
        if !isTooLong { report.difference = difference(rows, extent, workspace, until: end) }
        return report
    }

    /// Two different rows of samples for the first extents that the model takes, one of which has been run, in `elapsed` once it was
    /// planned.
    private func firstRun(
        _ workspace: Workspace, _ failure: inout String?
    ) -> (rows: [[Tensor]], extent: Int, elapsed: Duration)? {
        let end = ContinuousClock.now + firstRunLimit
        for extent in SampleTypes.extents where ContinuousClock.now < end {
            guard let rows = samples(extent) else {
                failure = "there are no made-up contents for its inputs"
                return nil
            }
            do {
                _ = try engine.plan(for: rows[0].map(\.spec))
                let start = ContinuousClock.now
                _ = try outputs(rows[0], workspace)
                return (rows, extent, ContinuousClock.now - start)
            } catch {
                failure = String(describing: error)
            }
            if !SampleTypes.hasOpenExtents(signature) { break }
        }
        return nil
    }

    private func samples(_ extent: Int) -> [[Tensor]]? {
        guard let specs = SampleTypes.specs(of: signature, rowCount: 1, openExtent: extent) else { return nil }
        var generator = SampleGenerator()
        var rows: [[Tensor]] = []
        for _ in 0..<2 {
            let row = specs.compactMap { generator.tensor($0) }
            guard row.count == specs.count else { return nil }
            rows.append(row)
        }
        return rows
    }

    private func outputs(_ inputs: [Tensor], _ workspace: Workspace) throws -> [RuntimeValue] {
        try withExtendedLifetime(inputs) {
            try engine.run(inputs.map { .dense($0.view) }, in: workspace) { try CallOutputs($0).copies() }
        }
    }

    /// The quickest of some runs; nil when the network has no plan for the whole, or when there was no time for any.
    private func measure(
        _ row: [Tensor], _ workspace: Workspace, first: Duration, until end: ContinuousClock.Instant
    ) -> Duration? {
        guard engine.readyPlan(for: row.map(\.spec)) != nil else { return nil }
        // A long run's cost shows at once, cold memory and all.
        guard first < Self.longRun * 10 else { return first }
        var least: Duration?
        for _ in 0..<Self.measuredRuns {
            let start = ContinuousClock.now
            guard start < end, least.map({ $0 < Self.longRun }) ?? true else { break }
            do {
                try withExtendedLifetime(row) { try engine.run(row.map { .dense($0.view) }, in: workspace) { _ in } }
            } catch {
                return nil  // What has run once and now does not is nothing to rely on.
            }
            let elapsed = ContinuousClock.now - start
            least = min(least ?? elapsed, elapsed)
        }
        return least
    }

    // MARK: Rows in a batch and alone

    private func difference(
        _ rows: [[Tensor]], _ extent: Int, _ workspace: Workspace, until end: ContinuousClock.Instant
    ) -> String? {
        do {
            guard let batch = try batch(of: rows), ContinuousClock.now < end else { return nil }
            let alone = try rows.map { try outputs($0, workspace) }
            guard ContinuousClock.now < end else { return nil }
            return compare(try outputs(batch, workspace), alone)
        } catch {
            return "a batch of made-up rows fails where one row does not: \(error)"
        }
    }

    /// Three rows, so that a model which merely swaps or mirrors rows shows too.
    private static let order = [0, 1, 1]

    /// Nil when the inputs have no leading axis to stack rows along.
    private func batch(of rows: [[Tensor]]) throws(MemoryRefusal) -> [Tensor]? {
        guard rows[0].allSatisfy({ $0.shape.extents.first == 1 }) else { return nil }
        var batch: [Tensor] = []
        for input in rows[0].indices { batch.append(try Self.stack(Self.order.map { rows[$0][input] })) }
        return batch
    }

    private func compare(_ together: [RuntimeValue], _ alone: [[RuntimeValue]]) -> String? {
        for (index, output) in together.enumerated() {
            let name = index < signature.outputs.count ? signature.outputs[index].name : String(index)
            guard case .tensor(let output) = output, output.shape.extents.first == Self.order.count else {
                return "output \"\(name)\" is \(output.kind) for \(Self.order.count) rows"
            }
            for (position, row) in Self.order.enumerated() {
                guard case .tensor(let single) = alone[row][index], RowComparison.agree(output, position, single) else {
                    return "output \"\(name)\" of a row changes with the other rows in its batch"
                }
            }
        }
        return nil
    }

    private static func stack(_ rows: [Tensor]) throws(MemoryRefusal) -> Tensor {
        let spec = TensorSpec(rows[0].elementType, rows[0].shape.replacing(axis: 0, with: rows.count))
        return try Tensor(spec) { bytes in
            var offset = 0
            for row in rows {
                row.withBytes { source in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + source.count]).copyMemory(from: source)
                    offset += source.count
                }
            }
        }
    }
}
