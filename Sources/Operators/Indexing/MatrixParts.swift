import GraphIR
import Tensors

/// The upper or lower triangle of each matrix, with zeros elsewhere.
///
/// - Shapes: data [B…, rows, columns], k (one int64, the diagonal that belongs to the triangle) → the data's shape.
/// - Source: ONNX operator Trilu.
struct Trilu: Operator {
    var keepsUpper = true

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...2)
        let data = try inputs.dense(0)
        if let shape = data.shape, shape.rank < 2 {
            throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2 or more")
        }
        if inputs[1] != nil {
            let diagonal = try inputs.required(1, of: [.int64])
            if let shape = diagonal.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: 1, reason: "has shape \(shape), expected a single number")
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        let rank = inputs.extents(0)?.count ?? 0
        guard let along = inputs.onlyAxis(), along < rank - 2 else {
            return .mixed("clears a part that differs from position to position along the axis of the rows")
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), rank = data.shape.rank
        let kernel = TriluKernel(
            keepsUpper: keepsUpper, matrixCount: data.shape.elementCount(in: 0..<rank - 2),
            rows: data.shape[rank - 2], columns: data.shape[rank - 1], width: data.elementType.byteCount,
            hasDiagonal: context.has(1))
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}

private struct TriluKernel: Kernel {
    let keepsUpper: Bool
    let matrixCount: Int
    let rows: Int
    let columns: Int
    let width: Int
    let hasDiagonal: Bool

    func run(_ context: KernelContext) {
        let diagonal = hasDiagonal ? Int(context.input(1, as: Int64.self).pointee) : 0
        // Beyond the matrix every diagonal is alike.
        let shift = min(max(diagonal, -rows), columns)
        let source = context.input(0), target = context.output(0)
        let isSame = UnsafeRawPointer(target) == source
        for matrix in 0..<matrixCount {
            for row in 0..<rows {
                let boundary = min(max(row + shift + (keepsUpper ? 0 : 1), 0), columns)
                let kept = keepsUpper ? boundary..<columns : 0..<boundary
                let cleared = keepsUpper ? 0..<boundary : boundary..<columns
                let offset = (matrix * rows + row) * columns * width
                if !isSame {
                    (target + offset + kept.lowerBound * width).copyMemory(
                        from: source + offset + kept.lowerBound * width, byteCount: kept.count * width)
                }
                (target + offset + cleared.lowerBound * width).initializeMemory(
                    as: UInt8.self, repeating: 0, count: cleared.count * width)
            }
        }
    }
}

/// A matrix with ones on one diagonal, of the input's shape.
///
/// - Shapes: data [rows, columns] → [rows, columns]; only the data's shape and, without `dtype`, its type matter.
/// - Source: ONNX operator EyeLike.
struct EyeLike: Operator {
    var diagonal = 0
    var elementType: ElementType?

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        if let shape = data.shape, shape.rank != 2 {
            throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2")
        }
        return [ValueFact(elementType ?? data.elementType, data.shape ?? SymbolicShape(unknownRank: 2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .all(.counted, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(EyeKernel(output: context.outputs[0], diagonal: diagonal))
    }
}

/// Zeros with ones on one diagonal.
private struct EyeKernel: Kernel {
    let output: TensorSpec
    let diagonal: Int

    func run(_ context: KernelContext) {
        let bytes = UnsafeMutableRawBufferPointer(start: context.output(0), count: output.byteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        let rows = output.shape[0], columns = output.shape[1], width = output.elementType.byteCount
        let one = output.elementType.bits(of: 1)
        let shift = min(max(diagonal, -rows), columns)
        for row in 0..<rows where (0..<columns).contains(row + shift) {
            withUnsafeBytes(of: one.littleEndian) { source in
                for byte in 0..<width { bytes[(row * columns + row + shift) * width + byte] = source[byte] }
            }
        }
    }
}

enum MatrixPartOperators {
    static let spellings: [OperatorSpelling] = [
        .onnx("Trilu", since: 14) { reader throws(OperatorError) in
            Trilu(keepsUpper: try reader.flag("upper", default: true))
        },
        .onnx("EyeLike", since: 9) { reader throws(OperatorError) in
            EyeLike(
                diagonal: try reader.integer("k", default: 0),
                elementType: try reader.integer("dtype").map { number throws(OperatorError) in
                    guard let type = ElementType(onnxNumber: number) else {
                        throw .unsupported("the dtype \(number) of EyeLike")
                    }
                    return type
                })
        },
    ]
}
