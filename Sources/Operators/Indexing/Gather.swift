import GraphIR
import Tensors

/// Slices of the data chosen by index along one axis.
///
/// - Shapes: data [A…, extent, B…], indices [I…] → [A…, I…, B…].
/// - Source: ONNX operator Gather; indices may count from the end.
struct Gather: ElementMover {
    var axis = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), indices = try inputs.indices(1)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let axis = try Axes.resolve(axis, rank: shape.rank)
        guard let chosen = indices.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let dimensions = shape.dimensions[..<axis] + chosen.dimensions + shape.dimensions[(axis + 1)...]
        guard dimensions.count <= Shape.maximumRank else {
            throw .invalidValue("would have rank \(dimensions.count), at most \(Shape.maximumRank) is possible")
        }
        return [ValueFact(data.elementType, SymbolicShape(Array(dimensions)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let data = inputs.extents(0), let indices = inputs.extents(1) else { return .mixed(RowReason.selected) }
            let along = try Axes.resolve(axis, rank: data.count)
            switch (inputs.axis(0), inputs.axis(1)) {
            case (nil, let chosen?): return .rows(axis: along + chosen, of: inputs)
            case (let axis?, nil) where axis != along:
                return .rows(axis: axis < along ? axis : axis + indices.count - 1, of: inputs)
            case (_?, nil): return .mixed(RowReason.selected)
            default: return .mixed(RowReason.crossed)
            }
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), indices = try context.input(1)
        let axis = try Axes.resolve(axis, rank: data.shape.rank)
        return CompiledOperator(
            GatherKernel(
                outerCount: data.shape.elementCount(in: 0..<axis), extent: data.shape[axis],
                indexCount: indices.shape.elementCount,
                runByteCount: data.shape.elementCount(in: axis + 1..<data.shape.rank) * data.elementType.byteCount,
                indexType: indices.elementType, axis: axis))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Gather") { reader throws(OperatorError) in Gather(axis: try reader.integer("axis", default: 0)) }
    ]
}

struct GatherKernel: Kernel {
    /// Batches that data and indices share.
    var batchCount = 1
    let outerCount: Int
    let extent: Int
    let indexCount: Int
    /// Bytes that one index chooses.
    let runByteCount: Int
    let indexType: ElementType
    let axis: Int
    var countsFromEnd = true

    func run(_ context: KernelContext) throws(OperatorError) {
        switch runByteCount {
        case 1: try gather(UInt8.self, context)
        case 2: try gather(UInt16.self, context)
        case 4: try gather(UInt32.self, context)
        case 8: try gather(UInt64.self, context)
        default: try gatherRuns(context)
        }
    }

    @inline(__always)
    private func gather<Bits: BitwiseCopyable>(_: Bits.Type, _ context: KernelContext) throws(OperatorError) {
        let indices = IndexInput(context.input(1), indexType, axis: axis, extent: extent, countsFromEnd: countsFromEnd)
        let count = indexCount, extent = extent, unit = MemoryLayout<Bits>.size
        for outer in 0..<batchCount * outerCount {
            let source = context.input(0) + outer * extent * unit
            let destination = context.output(0) + outer * count * unit
            let first = outer / outerCount * count
            for position in 0..<count {
                let bits = (source + (try indices.resolved(first + position)) * unit).loadUnaligned(as: Bits.self)
                (destination + position * unit).storeBytes(of: bits, as: Bits.self)
            }
        }
    }

    private func gatherRuns(_ context: KernelContext) throws(OperatorError) {
        let indices = IndexInput(context.input(1), indexType, axis: axis, extent: extent, countsFromEnd: countsFromEnd)
        let count = indexCount, unit = runByteCount
        for outer in 0..<batchCount * outerCount {
            let source = context.input(0) + outer * extent * unit
            let destination = context.output(0) + outer * count * unit
            let first = outer / outerCount * count
            for position in 0..<count {
                let chosen = try indices.resolved(first + position)
                (destination + position * unit).copyMemory(from: source + chosen * unit, byteCount: unit)
            }
        }
    }
}
