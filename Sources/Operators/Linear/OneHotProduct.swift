import GraphIR
import Tensors

/// Rows of a table chosen by index, the last row for every index that has none: what passes make of one-hot rows times weights.
///
/// - Shapes: `indices` [..., 1], `table` [K + 1, N] → [..., N]. Index `first` has row 0.
struct OneHotProduct: Operator {
    let first: Int64
    var name: String { "OneHotProduct" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let indices = try inputs.indices(0), table = try inputs.required(1, of: [.float32])
        guard let shape = indices.shape, let rows = table.shape else { return [ValueFact(.float32, nil as SymbolicShape?)] }
        guard rows.rank == 2, shape.rank > 0 else {
            throw .invalidInput(index: 1, reason: "is \(rows), expected a table of two axes for indices of \(shape)")
        }
        return [ValueFact(.float32, SymbolicShape(shape.dimensions.dropLast() + [rows[1]]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0) else { return .mixed(RowReason.parameter) }
        return .leading(of: inputs, keeping: { $0.count - 1 })
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let indices = try context.input(0), table = try context.input(1).shape
        let choice = RowChoice(
            first: first, count: indices.shape.elementCount, extent: Int64(table[0] - 1),
            rowByteCount: table[1] * MemoryLayout<Float>.stride)
        if indices.elementType == .int64 { return CompiledOperator(LoopKernel { choice.run(Int64.self, $0) }) }
        return CompiledOperator(LoopKernel { choice.run(Int32.self, $0) })
    }
}

private struct RowChoice: Sendable {
    let first: Int64
    let count: Int
    /// Rows before the one for indices that have none.
    let extent: Int64
    let rowByteCount: Int

    @inline(__always)
    func run<Index: FixedWidthInteger>(_: Index.Type, _ context: KernelContext) {
        let indices = context.input(0, as: Index.self), table = context.input(1), target = context.output(0)
        for position in 0..<count {
            let (offset, overflow) = Int64(indices[position]).subtractingReportingOverflow(first)
            let row = overflow || offset < 0 || offset >= extent ? extent : offset
            (target + position * rowByteCount).copyMemory(from: table + Int(row) * rowByteCount, byteCount: rowByteCount)
        }
    }
}
