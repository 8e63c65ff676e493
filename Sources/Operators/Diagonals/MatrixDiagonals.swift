import GraphIR
import Tensors

/// Matrices made of their diagonals.
///
/// - Shapes: diagonals [B…, n] or, for several, [B…, count, longest] → [B…, rows, columns].
/// - Source: TensorFlow's MatrixDiag (the main diagonal), MatrixDiagV2 and MatrixDiagV3 (inputs k, rows, columns and padding).
struct MatrixDiagonal: ElementMover {
    var takesBand = false
    var alignment = BandLayout.Alignment.leftLeft
    var name: String { "MatrixDiag" }
    func movesElements(ofInput index: Int) -> Bool { index == 0 || index == 4 }
    var shapeOperands: Set<Int> { takesBand ? [1, 2, 3] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesBand ? 5...5 : 1...1)
        let data = try inputs.dense(0)
        if takesBand { try inputs.checkSameType(4, as: 0) }
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard shape.rank >= 1 else { throw .invalidInput(index: 0, reason: "is a scalar, expected a diagonal") }
        guard takesBand else {
            return [ValueFact(data.elementType, try SymbolicShape(shape.dimensions + [shape[shape.rank - 1]]).checked("the output"))]
        }
        guard let diagonals = try inputs.parameters(1), let rows = try inputs.parameters(2)?.first,
            let columns = try inputs.parameters(3)?.first
        else {
            let isSingle = try inputs.parameterCount(1) == 1
            return [ValueFact(data.elementType, isSingle ? SymbolicShape(unknownRank: shape.rank + 1) : nil)]
        }
        let (lower, upper) = try BandLayout.range(diagonals)
        let batch = try Self.batch(shape, count: upper - lower + 1)
        guard let longest = shape[shape.rank - 1].value else {
            return [ValueFact(data.elementType, SymbolicShape(batch + [.unknown, .unknown]))]
        }
        let extents = try Self.extents(longest, lower, upper, rows, columns)
        return [
            ValueFact(
                data.elementType,
                try SymbolicShape(batch + [.known(extents.rows), .known(extents.columns)]).checked("the output"))
        ]
    }

    /// The axes before those of the band.
    static func batch(_ shape: SymbolicShape, count: Int) throws(OperatorError) -> [Dimension] {
        guard count > 1 else { return shape.dimensions.dropLast() }
        guard shape.rank >= 2, Dimension.unified(shape[shape.rank - 2], .known(count)) != nil else {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected \(count) diagonals")
        }
        return shape.dimensions.dropLast(2)
    }

    /// The matrix' extents, where -1 stands for as few as the diagonals allow.
    private static func extents(
        _ longest: Int, _ lower: Int, _ upper: Int, _ rows: Int, _ columns: Int
    ) throws(OperatorError) -> (rows: Int, columns: Int) {
        let least = (rows: longest - min(upper, 0), columns: longest + max(lower, 0))
        let result: (rows: Int, columns: Int) =
            switch (rows, columns) {
            case (-1, -1): (max(least.rows, least.columns), max(least.rows, least.columns))
            case (-1, _): (least.rows, columns)
            case (_, -1): (rows, least.columns)
            default: (rows, columns)
            }
        guard result.rows >= least.rows, result.columns >= least.columns,
            result.rows == least.rows || result.columns == least.columns
        else {
            throw .invalidValue(
                "asks for \(rows) rows and \(columns) columns, diagonals \(lower) to \(upper) of \(longest) make at least "
                    + "\(least.rows) and \(least.columns), one of them exactly")
        }
        return result
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .leading(of: inputs, keeping: { $0.count - (takesBand ? 2 : 1) }) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], shape = output.shape
        if context.makesNothing { return .nothing }
        let diagonals = takesBand ? try context.parameters(1) : [0]
        let layout = try BandLayout(
            diagonals: diagonals, rows: shape[shape.rank - 2], columns: shape[shape.rank - 1], alignment: alignment)
        return CompiledOperator(
            BandKernel(
                ground: takesBand ? .value(4) : .zeros, output: output, source: 0,
                copies: layout.copies(
                    batchCount: shape.elementCount(in: 0..<shape.rank - 2), elementByteCount: output.elementType.byteCount,
                    intoMatrix: true)))
    }
}

/// The diagonals of matrices.
///
/// - Shapes: [B…, rows, columns] → [B…, longest] or, for several diagonals, [B…, count, longest].
/// - Source: TensorFlow's MatrixDiagPart (the main diagonal), MatrixDiagPartV2 and MatrixDiagPartV3 (inputs k and padding).
struct MatrixDiagonalPart: ElementMover {
    var takesBand = false
    var alignment = BandLayout.Alignment.leftLeft
    var name: String { "MatrixDiagPart" }
    func movesElements(ofInput index: Int) -> Bool { index == 0 || index == 2 }
    var shapeOperands: Set<Int> { takesBand ? [1] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesBand ? 3...3 : 1...1)
        let data = try inputs.dense(0)
        if takesBand { try inputs.checkSameType(2, as: 0) }
        let diagonals = takesBand ? try inputs.parameters(1) : [0]
        guard let shape = data.shape, let diagonals else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard shape.rank >= 2 else { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2 or more") }
        let (lower, upper) = try BandLayout.range(diagonals)
        var longest = Dimension.unknown
        if let rows = shape[shape.rank - 2].value, let columns = shape[shape.rank - 1].value {
            longest = .known(
                try BandLayout(diagonals: diagonals, rows: rows, columns: columns, alignment: alignment).longest)
        }
        let batch = Array(shape.dimensions.dropLast(2))
        let band = lower == upper ? [longest] : [.known(upper - lower + 1), longest]
        return [ValueFact(data.elementType, try SymbolicShape(batch + band).checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .leading(of: inputs, keeping: { $0.count - 2 }) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), shape = input.shape
        if context.makesNothing { return .nothing }
        let layout = try BandLayout(
            diagonals: takesBand ? context.parameters(1) : [0], rows: shape[shape.rank - 2], columns: shape[shape.rank - 1],
            alignment: alignment)
        return CompiledOperator(
            BandKernel(
                ground: takesBand ? .value(2) : .zeros, output: context.outputs[0], source: 0,
                copies: layout.copies(
                    batchCount: shape.elementCount(in: 0..<shape.rank - 2), elementByteCount: input.elementType.byteCount,
                    intoMatrix: false)))
    }
}

/// Matrices with other diagonals.
///
/// - Shapes: [B…, rows, columns], diagonals [B…, longest] or [B…, count, longest] → the matrices' shape.
/// - Source: TensorFlow's MatrixSetDiag (the main diagonal), MatrixSetDiagV2 and MatrixSetDiagV3 (input k).
struct MatrixSetDiagonal: ElementMover {
    var takesBand = false
    var alignment = BandLayout.Alignment.leftLeft
    var name: String { "MatrixSetDiag" }
    func movesElements(ofInput index: Int) -> Bool { index < 2 }
    var shapeOperands: Set<Int> { takesBand ? [2] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesBand ? 3...3 : 2...2)
        let data = try inputs.dense(0)
        try inputs.checkSameType(1, as: 0)
        if let shape = data.shape, shape.rank < 2 { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2 or more") }
        let diagonals = takesBand ? try inputs.parameters(2) : [0]
        if let diagonals, let shape = data.concrete?.shape, let given = inputs[1]?.concrete?.shape {
            let layout = try self.layout(diagonals, shape)
            let band = layout.isSingle ? [layout.longest] : [layout.diagonalCount, layout.longest]
            let expected = Array(shape.extents.dropLast(2)) + band
            guard given.extents == expected else {
                throw .invalidInput(index: 1, reason: "has shape \(given), expected \(expected)")
            }
        }
        return [ValueFact(data.type)]
    }

    private func layout(_ diagonals: [Int], _ shape: Shape) throws(OperatorError) -> BandLayout {
        try BandLayout(
            diagonals: diagonals, rows: shape[shape.rank - 2], columns: shape[shape.rank - 1], alignment: alignment)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.axis(0), inputs.axis(1) == along, inputs.isFixed(2), along < (inputs.extents(0)?.count ?? 0) - 2 else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], shape = output.shape
        if context.makesNothing { return .nothing }
        let layout = try layout(takesBand ? context.parameters(2) : [0], shape)
        let kernel = BandKernel(
            ground: .tensor(0), output: output, source: 1,
            copies: layout.copies(
                batchCount: shape.elementCount(in: 0..<shape.rank - 2), elementByteCount: output.elementType.byteCount,
                intoMatrix: true))
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}

extension RowFlow {
    /// Rows stay along the axes of input 0 before axis `keeping` of its extents.
    static func leading(of inputs: RowInputs, keeping: ([Int]) -> Int) -> RowFlow {
        guard let along = inputs.onlyAxis(), let extents = inputs.extents(0), along < keeping(extents) else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: along, of: inputs)
    }
}
