import GraphIR
import Tensors

/// The data with slices, addressed by index tuples, replaced or combined with updates.
///
/// - Shapes: data [d…, S…], indices [I…, k], updates [I…, S…] → the data's shape.
/// - Source: ONNX operator ScatterND; reductions add and mul since opset 16, max and min since 18.
struct ScatterND: Operator {
    var reduction = ScatterReduction.none

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0), indices = try inputs.indices(1), updates = try inputs.required(2)
        try inputs.checkSameType(2, as: 0)
        if let shape = data.shape, let tuples = indices.shape,
            let slice = try TupleIndexing.slice(of: shape, indices: tuples, batchAxes: 0), let given = updates.shape
        {
            let expected = SymbolicShape(Array(tuples.dimensions.dropLast() + slice))
            let agrees =
                given.rank == expected.rank
                && zip(given.dimensions, expected.dimensions).allSatisfy { Dimension.unified($0, $1) != nil }
            guard agrees else {
                throw .invalidInput(
                    index: 2, reason: "has shape \(given), expected \(expected) for data \(shape) and indices \(tuples)")
            }
        }
        return [ValueFact(data.type)]
    }

    /// Rows may lie along the axes of the slices that the tuples address.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(1) == nil, let indices = inputs.extents(1), let length = indices.last, let along = inputs.axis(0),
            along >= length
        else { return .mixed(RowReason.selected) }
        guard inputs.axis(2) == indices.count - 1 + along - length else { return .mixed(RowReason.positional) }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        let kernel = ScatterNDKernel(
            indexing: TupleIndexing(data: data, indices: try context.input(1), batchAxes: 0), data: data,
            reduction: reduction)
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("ScatterND", since: 11) { reader throws(OperatorError) in
            ScatterND(reduction: try ScatterReduction.read(reader))
        }
    ]
}

private struct ScatterNDKernel: Kernel {
    let indexing: TupleIndexing
    let data: TensorSpec
    let reduction: ScatterReduction

    func run(_ context: KernelContext) throws(OperatorError) {
        if context.output(0) != UnsafeMutableRawPointer(mutating: context.input(0)) {
            context.output(0).copyMemory(from: context.input(0), byteCount: data.byteCount)
        }
        try data.elementType.dispatch(Scatter(kernel: self, context: context))
    }

    private struct Scatter: NumericVisitor {
        let kernel: ScatterNDKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let output = context.output(0), updates = context.input(2, as: Element.self)
            let reduction = kernel.reduction
            let count = kernel.indexing.sliceByteCount / MemoryLayout<Element>.size
            try kernel.indexing.forEachTuple(context.input(1)) { tuple, offset in
                let target = (output + offset).assumingMemoryBound(to: Element.self)
                let source = updates + tuple * count
                for place in 0..<count { target[place] = reduction.combine(target[place], source[place]) }
            }
        }
    }
}
