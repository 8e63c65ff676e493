import GraphIR
import Tensors

/// The data with single elements replaced, or combined with updates.
///
/// - Shapes: data [d0, …, dn], indices and updates [i0, …, in] with ik ≤ dk off the axis → [d0, …, dn].
/// - Source: ONNX operators ScatterElements and Scatter (its name before opset 11).
struct ScatterElements: TextCounterpart {
    var axis = 0
    var reduction = ScatterReduction.none

    /// Strings are replaced, never combined.
    var onStrings: (any Operator)? {
        reduction == .none ? StringElements(ScatterReplacement(base: self, name: name)) : nil
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.required(0, of: ElementTypes.dense), indices = try inputs.indices(1), updates = try inputs.required(2)
        try inputs.checkSameType(2, as: 0)
        if let shape = data.shape, let places = indices.shape {
            let axis = try Axes.resolve(axis, rank: shape.rank)
            try ElementIndexing.check(data: shape, indices: places, axis: axis)
        }
        if let places = indices.shape?.concrete, let given = updates.shape?.concrete, places != given {
            throw .invalidInput(index: 2, reason: "has shape \(given), expected that of the indices, \(places)")
        }
        return [ValueFact(data.type)]
    }

    /// Each element goes to its own position on every axis but one.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.axis(0), inputs.axis(1) == along, inputs.axis(2) == along else {
                return .mixed(RowReason.positional)
            }
            guard let data = inputs.extents(0), try Axes.resolve(axis, rank: data.count) != along,
                inputs.extents(1)?[along] == data[along]
            else { return .mixed(RowReason.selected) }
            return .rows(axis: along, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        let axis = try Axes.resolve(axis, rank: data.shape.rank)
        let kernel = ScatterElementsKernel(
            indexing: ElementIndexing(data: data.shape, indices: try context.input(1), axis: axis), data: data,
            reduction: reduction)
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Scatter", since: 9) { reader throws(OperatorError) in
            ScatterElements(axis: try reader.integer("axis", default: 0))
        },
        .onnx("ScatterElements", since: 11) { reader throws(OperatorError) in
            ScatterElements(
                axis: try reader.integer("axis", default: 0), reduction: try ScatterReduction.read(reader))
        },
    ]
}

private struct ScatterElementsKernel: Kernel {
    let indexing: ElementIndexing
    let data: TensorSpec
    let reduction: ScatterReduction

    func run(_ context: KernelContext) throws(OperatorError) {
        if context.output(0) != UnsafeMutableRawPointer(mutating: context.input(0)) {
            context.output(0).copyMemory(from: context.input(0), byteCount: data.byteCount)
        }
        try data.elementType.dispatch(Scatter(kernel: self, context: context))
    }

    private struct Scatter: NumericVisitor {
        let kernel: ScatterElementsKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let indexing = kernel.indexing, reduction = kernel.reduction
            let output = context.output(0, as: Element.self), updates = context.input(2, as: Element.self)
            let indices = IndexInput(
                context.input(1), indexing.indexType, axis: indexing.axis, extent: indexing.axisExtent)
            let length = indexing.rowLength, columnStride = indexing.columnStride, axisStride = indexing.axisStride
            try indexing.forEachRow { row, offset throws(OperatorError) in
                for column in 0..<length {
                    let place = row * length + column
                    let target = offset + column * columnStride + (try indices.resolved(place)) * axisStride
                    output[target] = reduction.combine(output[target], updates[place])
                }
            }
        }
    }
}
