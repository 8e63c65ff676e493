import GraphIR
import Tensors

/// The data with slices, addressed by index tuples, replaced or combined with updates.
///
/// - Shapes: data [d…, S…], indices [I…, k], updates [I…, S…] → the data's shape.
/// - Source: ONNX operator ScatterND; reductions add and mul since opset 16, max and min since 18.
struct ScatterND: TextCounterpart {
    var reduction = ScatterReduction.none
    var range = IndexRange.fromEnd

    /// Strings are replaced, never combined.
    var onStrings: (any Operator)? {
        reduction == .none ? StringElements(ScatterReplacement(base: self, name: name)) : nil
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0), indices = try inputs.indices(1)
        guard reduction == .none || data.elementType.narrow == nil else { throw .unsupported("\(name) combining \(data.elementType)") }
        try inputs.checkSameType(2, as: 0)
        try Self.check(updates: try inputs.required(2), input: 2, data: data.shape, indices: indices.shape)
        return [ValueFact(data.type)]
    }

    /// Refuses updates that are not of the shape which indices and data make.
    static func check(
        updates: ValueFact, input: Int, data: SymbolicShape?, indices: SymbolicShape?
    ) throws(OperatorError) {
        guard let shape = data, let tuples = indices,
            let slice = try TupleIndexing.slice(of: shape, indices: tuples, batchAxes: 0), let given = updates.shape
        else { return }
        let expected = SymbolicShape(Array(tuples.dimensions.dropLast() + slice))
        let agrees =
            given.rank == expected.rank
            && zip(given.dimensions, expected.dimensions).allSatisfy { Dimension.unified($0, $1) != nil }
        guard agrees else {
            throw .invalidInput(
                index: input, reason: "has shape \(given), expected \(expected) for data \(shape) and indices \(tuples)")
        }
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
            indexing: TupleIndexing(data: data, indices: try context.input(1), batchAxes: 0, range: range), data: data,
            reduction: reduction)
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("ScatterND", since: 11) { reader throws(OperatorError) in
            ScatterND(reduction: try ScatterReduction.read(reader))
        }
    ]
}

struct ScatterNDKernel: Kernel {
    let indexing: TupleIndexing
    /// Type and shape of data and result.
    let data: TensorSpec
    let reduction: ScatterReduction
    var indexInput = 1
    var updateInput = 2
    /// Whether there is no input with the data.
    var startsWithZeros = false

    func run(_ context: KernelContext) throws(OperatorError) {
        if startsWithZeros {
            context.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: data.byteCount)
        } else if context.output(0) != UnsafeMutableRawPointer(mutating: context.input(0)) {
            context.output(0).copyMemory(from: context.input(0), byteCount: data.byteCount)
        }
        guard reduction != .none else { return try replace(context) }
        try combined.type.dispatch(Scatter(kernel: self, reduction: combined.reduction, context: context))
    }

    /// Complex numbers add up part by part, and truth values as their disjunction.
    private var combined: (type: ElementType, reduction: ScatterReduction) {
        switch data.elementType {
        case .complex64 where reduction == .add || reduction == .sub: (.float32, reduction)
        case .complex128 where reduction == .add || reduction == .sub: (.float64, reduction)
        case .bool where reduction == .add: (.bool, .max)
        case .bool where reduction == .mul: (.bool, .min)
        case let type: (type, reduction)
        }
    }

    private func replace(_ context: KernelContext) throws(OperatorError) {
        let output = context.output(0), updates = context.input(updateInput), byteCount = indexing.sliceByteCount
        try indexing.forEachTuple(context.input(indexInput)) { tuple, offset in
            (output + offset).copyMemory(from: updates + tuple * byteCount, byteCount: byteCount)
        }
    }

    private struct Scatter: NumericVisitor {
        let kernel: ScatterNDKernel
        let reduction: ScatterReduction
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let output = context.output(0), updates = context.input(kernel.updateInput, as: Element.self)
            let reduction = reduction
            let count = kernel.indexing.sliceByteCount / MemoryLayout<Element>.size
            try kernel.indexing.forEachTuple(context.input(kernel.indexInput)) { tuple, offset in
                let target = (output + offset).assumingMemoryBound(to: Element.self)
                let source = updates + tuple * count
                for place in 0..<count { target[place] = reduction.combine(target[place], source[place]) }
            }
        }
    }
}
