import GraphIR
import Tensors

/// The same bytes read as elements of another type.
///
/// - Shapes: to a type of equal width the shape stays; to a narrower one an axis is added that holds the parts of an element; to a
///   wider one the last axis, which holds the parts, goes.
/// - Source: TensorFlow Bitcast; ONNX operator BitCast, which takes types of equal width only.
struct Bitcast: Operator {
    let target: ElementType
    /// Whether other widths are refused.
    var keepsShape = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard target.isDense else { throw .unsupported("a bit cast to \(target)") }
        guard !keepsShape || target.bitWidth == data.elementType.bitWidth else {
            throw .invalidInput(index: 0, reason: "is \(data.elementType), which is not as wide as \(target)")
        }
        guard var shape = data.shape else { return [ValueFact(target, nil as SymbolicShape?)] }
        let source = data.elementType.byteCount, width = target.byteCount
        if width < source {
            shape.dimensions.append(.known(source / width))
        } else if width > source {
            guard let last = shape.dimensions.popLast(), Dimension.unified(last, .known(width / source)) != nil else {
                throw .invalidInput(
                    index: 0, reason: "has shape \(data.shape?.description ?? "?"), expected \(width / source) parts of a \(target) last")
            }
        }
        return [ValueFact(target, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let extents = inputs.extents(0), let axis = inputs.axis(0), let rank = inputs.outputs.first?.rank else {
            return .mixed(RowReason.unknown)
        }
        return rank < extents.count && axis == extents.count - 1 ? .mixed(RowReason.joined) : .rows(axis: axis, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let byteCount = context.outputs[0].byteCount
        guard byteCount == (try context.input(0).byteCount) else {
            throw .invalidInput(index: 0, reason: "has \(try context.input(0)), which is not the bytes of \(context.outputs[0])")
        }
        let kernel = LoopKernel { context in
            guard context.input(0) != UnsafeRawPointer(context.output(0)) else { return }
            context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
        }
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}
