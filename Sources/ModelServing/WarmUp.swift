import GraphIR
import Inference
import Tensors

/// Runs a signature before it is served: kernels are compiled, weights packed, pages touched, and it is found out whether
/// rows of different requests may share a run.
struct WarmUp {
    /// What became of it.
    enum Outcome: Equatable {
        /// Rows in a batch answer as each one alone.
        case independentRows
        /// A batch answers otherwise than its rows one by one, or has no rows: requests run alone.
        case dependentRows(String)
        /// No made-up input suited the model, so nothing is known; requests run alone.
        case skipped(String)
    }

    let engine: Engine
    let signature: Signature

    /// What was found out.
    struct Report {
        let outcome: Outcome
        /// Time of a run of one row; nil where the signature leaves open more than the rows, so that runs differ too much.
        let rowCost: Duration?
    }

    /// Extents tried in turn for what the signature leaves open besides the rows.
    private static let extents = [8, 32, 1, 64, 224]

    /// Whether the types alone leave rows open on every side.
    private var declaresRows: Bool {
        let isOpen = { (parameter: Signature.Parameter) in
            parameter.type.shape.map { $0.rank > 0 && $0[0].value == nil } ?? true
        }
        return !signature.inputs.isEmpty && signature.inputs.allSatisfy(isOpen) && signature.outputs.allSatisfy(isOpen)
    }

    func run() -> Report {
        let outcome = findOutcome()
        guard outcome == .independentRows, !hasOpenExtents else { return Report(outcome: outcome, rowCost: nil) }
        return Report(outcome: outcome, rowCost: measureRow())
    }

    /// The quickest of some runs; nil when the network has no plan that is ready as a whole.
    private func measureRow() -> Duration? {
        guard let row = samples(extent: 1)?.first, let plan = engine.readyPlan(for: row.map(\.spec)) else { return nil }
        return withExtendedLifetime(row) {
            engine.withSession(plan) { session in
                for (index, input) in row.enumerated() { session.bind(input: index, to: input.view.baseAddress) }
                var least: Duration?
                for _ in 0..<Self.measuredRuns {
                    let start = ContinuousClock.now
                    do { try session.run() } catch { return nil }
                    let elapsed = ContinuousClock.now - start
                    least = min(least ?? elapsed, elapsed)
                }
                return least
            }
        }
    }

    private static let measuredRuns = 10

    private func findOutcome() -> Outcome {
        var failure = "the signature has an input of unknown rank"
        for extent in Self.extents {
            do {
                guard let rows = samples(extent: extent) else { break }
                guard declaresRows else {
                    _ = try engine.run(rows[0])
                    return .dependentRows("its inputs and outputs do not share an open leading dimension")
                }
                return try compare(rows)
            } catch {
                failure = String(describing: error)
            }
            if !hasOpenExtents { break }
        }
        return .skipped(failure)
    }

    private var hasOpenExtents: Bool {
        signature.inputs.contains { parameter in
            parameter.type.shape.map { $0.dimensions.dropFirst().contains { $0.value == nil } } ?? false
        }
    }

    /// Two different rows, each for every input, with 1 for the leading open extent and `extent` for the others.
    private func samples(extent: Int) -> [[Tensor]]? {
        var generator = SampleGenerator()
        var rows: [[Tensor]] = []
        for _ in 0..<2 {
            var row: [Tensor] = []
            for parameter in signature.inputs {
                guard let shape = parameter.type.shape else { return nil }
                let extents = shape.dimensions.enumerated().map { axis, dimension in dimension.value ?? (axis == 0 ? 1 : extent) }
                guard let concrete = Shape(checking: extents),
                    let tensor = generator.tensor(TensorSpec(parameter.type.elementType, concrete))
                else { return nil }
                row.append(tensor)
            }
            rows.append(row)
        }
        return rows
    }

    private func compare(_ rows: [[Tensor]]) throws -> Outcome {
        let alone = try rows.map { try engine.run($0) }
        // Three rows, so that a model which merely swaps or mirrors rows shows too.
        let order = [0, 1, 1]
        let batch = signature.inputs.indices.map { input in Self.stack(order.map { rows[$0][input] }) }
        let together = try engine.run(batch)
        for (index, output) in together.enumerated() {
            guard output.shape.rank > 0, output.shape[0] == order.count else {
                return .dependentRows("output \"\(signature.outputs[index].name)\" has shape \(output.shape) for \(order.count) rows")
            }
            for (position, row) in order.enumerated() where !Self.agree(output, position, alone[row][index]) {
                return .dependentRows("output \"\(signature.outputs[index].name)\" of a row changes with the other rows in its batch")
            }
        }
        return .independentRows
    }

    private static func stack(_ rows: [Tensor]) -> Tensor {
        let spec = TensorSpec(rows[0].elementType, rows[0].shape.replacing(axis: 0, with: rows.count))
        return Tensor(spec) { bytes in
            var offset = 0
            for row in rows {
                row.withBytes { source in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + source.count]).copyMemory(from: source)
                    offset += source.count
                }
            }
        }
    }

    /// Whether row `position` of `batch` is `row` up to rounding: other batch sizes may sum in another order.
    private static func agree(_ batch: Tensor, _ position: Int, _ row: Tensor) -> Bool {
        guard batch.elementType == row.elementType, row.shape == batch.shape.replacing(axis: 0, with: 1) else { return false }
        return withExtendedLifetime((batch, row)) {
            let start = batch.view.baseAddress + position * row.spec.byteCount
            return agree(TensorView(row.spec, start), row)
        }
    }

    private static func agree(_ view: TensorView, _ row: Tensor) -> Bool {
        switch row.elementType {
        case .float32: return isClose(view.values(Float.self).map(Double.init), row.values(Float.self).map(Double.init), 1e-3)
        case .float64: return isClose(view.values(Double.self), row.values(Double.self), 1e-6)
        case .float16, .bfloat16: return true
        default: return row.withBytes { view.bytes.elementsEqual($0) }
        }
    }

    private static func isClose(_ left: [Double], _ right: [Double], _ tolerance: Double) -> Bool {
        zip(left, right).allSatisfy { a, b in
            a == b || (a.isNaN && b.isNaN) || (a - b).magnitude <= tolerance * (1 + b.magnitude)
        }
    }
}
