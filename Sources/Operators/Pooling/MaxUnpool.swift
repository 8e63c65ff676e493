import GraphIR
import Tensors

/// Elements at the places that a maximum pooling took them from, zeros elsewhere.
///
/// - Shapes: x [N, C, spatial…], indices of the same shape (, output shape (rank)) → [N, C, spatial…], each spatial extent
///   (n − 1) · stride − pads + kernel, or the given shape, of which the result fills the first positions.
/// - Numerics: indices count through the flattened result, without what a given shape adds. Of equal indices the last one wins.
/// - Source: ONNX operator MaxUnpool, opsets 9, 11 and 22.
struct MaxUnpool: Operator {
    let attributes: WindowAttributes
    var shapeOperands: Set<Int> { [2] }

    init(_ reader: AttributeReader) throws(OperatorError) {
        attributes = try WindowAttributes(reader)
        guard attributes.kernel != nil else { throw .invalidAttribute(name: "kernel_shape", reason: "is missing") }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint), indices = try inputs.required(1, of: [.int64])
        let wanted = try inputs.parameters(2)
        guard let shape = x.shape else { return [ValueFact(x.elementType, nil as SymbolicShape?)] }
        if let other = indices.shape {
            guard other.rank == shape.rank, zip(other.dimensions, shape.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil })
            else { throw .invalidInput(index: 1, reason: "has shape \(other), expected \(shape) as input 0") }
        }
        let plain = try unpooled(shape).checked("the output")
        guard inputs[2] != nil else { return [ValueFact(x.elementType, plain)] }
        guard let wanted else { return [ValueFact(x.elementType, SymbolicShape(unknownRank: shape.rank))] }
        guard wanted.count == plain.rank, zip(wanted, plain.dimensions).allSatisfy({ $0 >= $1.value ?? 0 }) else {
            throw .invalidInput(index: 2, reason: "is \(wanted), which does not hold \(plain)")
        }
        return [ValueFact(x.elementType, try Shape(checked: wanted, what: "the output"))]
    }

    /// The result's shape where none is given.
    private func unpooled(_ x: SymbolicShape) throws(OperatorError) -> SymbolicShape {
        guard x.rank >= 3 else { throw .invalidInput(index: 0, reason: "has rank \(x.rank), expected 3 or more") }
        let window = try attributes.window(axes: x.rank - 2)
        var result = x
        for (axis, rule) in window.axes.enumerated() {
            guard let extent = x[axis + 2].value else {
                result[axis + 2] = .unknown
                continue
            }
            let (product, overflow) = (extent - 1).multipliedReportingOverflow(by: rule.stride)
            let span = overflow ? -Shape.maximumElementCount : min(product, Shape.maximumElementCount)
            let unpooled = span + (rule.kernel ?? 1) - rule.padStart - rule.padEnd
            guard (0...Shape.maximumElementCount).contains(unpooled) else {
                throw .invalidInput(index: 0, reason: "is \(x), which cannot be unpooled along axis \(axis + 2)")
            }
            result[axis + 2] = .known(unpooled)
        }
        return result
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0)
        guard let plain = try unpooled(SymbolicShape(x.shape)).concrete else {
            throw .invalidInput(index: 0, reason: "is too large")
        }
        return try UnpoolMaker(count: x.shape.elementCount, plain: plain, output: context.outputs[0].shape)
            .make(x.elementType, for: name)
    }
}

/// Makes the kernel for elements of one width.
private struct UnpoolMaker: BitsMaker {
    let count: Int
    /// What indices count through.
    let plain: Shape
    let output: Shape

    func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> CompiledOperator {
        let maker = self
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                try maker.run(
                    context.input(0, as: Bits.self), context.input(1, as: Int64.self), context.output(0, as: Bits.self))
            })
    }

    private func run<Bits: FixedWidthInteger>(
        _ x: UnsafePointer<Bits>, _ indices: UnsafePointer<Int64>, _ y: UnsafeMutablePointer<Bits>
    ) throws(OperatorError) {
        y.update(repeating: 0, count: output.elementCount)
        let isSame = plain == output
        for element in 0..<count {
            let index = Int(indices[element])
            guard index >= 0, index < plain.elementCount else {
                throw .invalidInput(index: 1, reason: "holds \(index), the result \(plain) has \(plain.elementCount) elements")
            }
            y[isSame ? index : moved(index)] = x[element]
        }
    }

    /// The same place in the larger output.
    private func moved(_ index: Int) -> Int {
        var rest = index, place = 0, stride = 1
        for axis in (0..<plain.rank).reversed() {
            place += rest % plain[axis] * stride
            rest /= plain[axis]
            stride *= output[axis]
        }
        return place
    }
}
