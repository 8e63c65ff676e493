import GraphIR
import Tensors

/// A tensor of twice the rank whose diagonal is the input, zeros elsewhere.
///
/// - Shapes: [d0, …, dn] → [d0, …, dn, d0, …, dn].
/// - Source: TensorFlow's Diag.
struct Diagonal: ElementMover {
    var name: String { "Diag" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        return [ValueFact(data.elementType, try SymbolicShape(shape.dimensions + shape.dimensions).checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), count = input.shape.elementCount
        let copy = StridedCopy(
            extents: [count], sourceStrides: [1], destinationStrides: [count + 1], elementByteCount: input.elementType.byteCount)
        return CompiledOperator(BandKernel(ground: .zeros, output: context.outputs[0], source: 0, copies: [copy]))
    }
}

/// The diagonal of a tensor whose first half of axes is like its second.
///
/// - Shapes: [d0, …, dn, d0, …, dn] → [d0, …, dn].
/// - Source: TensorFlow's DiagPart.
struct DiagonalPart: ElementMover {
    var name: String { "DiagPart" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let half = shape.rank / 2
        let joined = zip(shape.dimensions[..<half], shape.dimensions[half...]).compactMap(Dimension.unified)
        guard shape.rank > 0, shape.rank % 2 == 0, joined.count == half else {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected axes that are there twice")
        }
        return [ValueFact(data.elementType, SymbolicShape(joined))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), count = context.outputs[0].shape.elementCount
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: [count], sourceStrides: [count + 1], destinationStrides: [1],
                    elementByteCount: input.elementType.byteCount)))
    }
}

/// What lies near the main diagonal of matrices, zeros elsewhere.
///
/// - Shapes: [B…, rows, columns], how many diagonals to keep below and above (below 0: all) → the input's shape.
/// - Source: TensorFlow's MatrixBandPart.
struct MatrixBandPart: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0)
        for index in 1...2 {
            if let shape = try inputs.indices(index).shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a single number")
            }
        }
        if let rank = data.rank, rank < 2 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 2 or more") }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.onlyAxis(), inputs.isFixed(1), inputs.isFixed(2), along < (inputs.extents(0)?.count ?? 0) - 2 else {
            return .mixed("clears a part that differs from position to position along the axis of the rows")
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), rank = data.shape.rank
        let kernel = BandPartKernel(
            matrixCount: data.shape.elementCount(in: 0..<rank - 2), rows: data.shape[rank - 2], columns: data.shape[rank - 1],
            width: data.elementType.byteCount, lower: try context.input(1), upper: try context.input(2))
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}

private struct BandPartKernel: Kernel {
    let matrixCount: Int
    let rows: Int
    let columns: Int
    let width: Int
    let lower: TensorSpec
    let upper: TensorSpec

    func run(_ context: KernelContext) throws(OperatorError) {
        let below = IntegerMemory(context.input(1), lower)[0], above = IntegerMemory(context.input(2), upper)[0]
        guard below <= rows, above <= columns else {
            throw .invalidValue("keeps \(below) diagonals below and \(above) above, of \(rows) rows and \(columns) columns")
        }
        let source = context.input(0), target = context.output(0)
        let isSame = UnsafeRawPointer(target) == source
        for matrix in 0..<matrixCount {
            for row in 0..<rows {
                let first = below < 0 ? 0 : min(max(row - below, 0), columns)
                let end = above < 0 ? columns : min(row + above + 1, columns)
                let offset = (matrix * rows + row) * columns * width
                if !isSame, end > first {
                    (target + offset + first * width).copyMemory(
                        from: source + offset + first * width, byteCount: (end - first) * width)
                }
                clear(target + offset, first)
                clear(target + offset + max(end, first) * width, columns - max(end, first))
            }
        }
    }

    private func clear(_ target: UnsafeMutableRawPointer, _ count: Int) {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: count * width)
    }
}
