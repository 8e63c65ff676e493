import GraphIR
import Tensors

/// For each index a vector that is "on" at the index and "off" elsewhere.
///
/// - Shapes: indices [I…], depth (one number), values [2] (off, on) → [I…] with an axis of extent `depth` inserted.
///   Indices outside -depth … depth - 1 give a vector that is off everywhere.
/// - Source: ONNX operator OneHot.
struct OneHot: ElementMover {
    var axis = -1

    func movesElements(ofInput index: Int) -> Bool { index == 2 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let indices = try inputs.required(0, of: ElementTypes.numbers), values = try inputs.dense(2)
        let depth = try depth(try inputs.required(1, of: ElementTypes.numbers))
        if let shape = values.shape?.concrete, shape != [2] {
            throw .invalidInput(index: 2, reason: "has shape \(shape), expected [2] (off and on value)")
        }
        guard let shape = indices.shape else { return [ValueFact(values.elementType, nil as SymbolicShape?)] }
        let axis = try Axes.resolve(axis, rank: shape.rank + 1)
        var dimensions = shape.dimensions
        dimensions.insert(depth.map(Dimension.known) ?? .unknown, at: axis)
        return [ValueFact(values.elementType, try SymbolicShape(dimensions).checked("the output"))]
    }

    var shapeOperands: Set<Int> { [1] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let rank = inputs.extents(0)?.count else { return .mixed(RowReason.parameter) }
            return .all(RowState.rows(axis: along).stacked(along: try Axes.resolve(axis, rank: rank + 1)), of: inputs)
        }
    }

    /// The depth when it is constant.
    private func depth(_ fact: ValueFact) throws(OperatorError) -> Int? {
        if let shape = fact.shape?.concrete, shape.elementCount != 1 {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected a single number")
        }
        guard let constant = fact.constant else { return nil }
        let number = try constant.elementType.dispatch(FirstNumber(address: UnsafeRawPointer(constant.storage.baseAddress)))
        guard let depth = Int(exactly: number.rounded(.towardZero)), depth >= 0, depth <= Shape.maximumElementCount else {
            throw .invalidValue("the depth is \(number), expected a size that is not negative")
        }
        return depth
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let indices = try context.input(0), output = context.outputs[0]
        let axis = try Axes.resolve(axis, rank: output.shape.rank)
        return CompiledOperator(
            OneHotKernel(
                indexType: indices.elementType, outerCount: output.shape.elementCount(in: 0..<axis),
                depth: output.shape[axis], innerCount: output.shape.elementCount(in: axis + 1..<output.shape.rank),
                elementByteCount: output.elementType.byteCount))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("OneHot", since: 9) { reader throws(OperatorError) in
            OneHot(axis: try reader.integer("axis", default: -1))
        }
    ]
}

struct OneHotKernel: Kernel {
    let indexType: ElementType
    let outerCount: Int
    let depth: Int
    let innerCount: Int
    let elementByteCount: Int
    /// Whether input 2 is the value that is on and input 3 the other one, and indices below 0 are off.
    var hasSeparateValues = false

    func run(_ context: KernelContext) throws(OperatorError) {
        fillElements(
            context.output(0), count: outerCount * depth * innerCount, elementByteCount: elementByteCount,
            context.input(hasSeparateValues ? 3 : 2))
        try indexType.dispatch(SwitchOn(kernel: self, context: context))
    }

    private struct SwitchOn: NumericVisitor {
        let kernel: OneHotKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let indices = context.input(0, as: Element.self), width = kernel.elementByteCount
            let depth = kernel.depth, inner = kernel.innerCount
            let on = context.input(2) + (kernel.hasSeparateValues ? 0 : width), output = context.output(0)
            for outer in 0..<kernel.outerCount {
                for column in 0..<inner {
                    guard var index = indices[outer * inner + column].asInteger else { continue }
                    if index < 0, !kernel.hasSeparateValues { index += depth }
                    guard index >= 0, index < depth else { continue }
                    let place = (outer * depth + index) * inner + column
                    (output + place * width).copyMemory(from: on, byteCount: width)
                }
            }
        }
    }
}

/// The first element as a Double; integers beyond 2^53 are rounded.
struct FirstNumber: NumericVisitor {
    let address: UnsafeRawPointer

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> Double {
        address.loadUnaligned(as: Element.self).asDouble
    }
}
