package import GraphIR
import Tensors

/// alpha · A′ · B′ + beta · C for matrices, A′ and B′ transposed on request.
///
/// - Shapes: `A` [M, K] (transposed: [K, M]), `B` [K, N] (transposed: [N, K]), optional `C` that broadcasts to [M, N] → [M, N].
/// - Numerics: float32 over weights packed at load when `B` is constant, else OpenBLAS. With beta 0 `C` is not read.
///   16-bit floats are rounded once, from float32.
/// - Source: ONNX operator Gemm, opsets 1, 6, 7, 9, 11 and 13.
package struct Gemm: Operator {
    package var alpha: Float = 1
    package var beta: Float = 1
    package var transposesLeft = false
    package var transposesRight = false

    package init(alpha: Float = 1, beta: Float = 1, transposesLeft: Bool = false, transposesRight: Bool = false) {
        self.alpha = alpha
        self.beta = beta
        self.transposesLeft = transposesLeft
        self.transposesRight = transposesRight
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        alpha = try attributes.float("alpha", default: 1)
        beta = try attributes.float("beta", default: 1)
        transposesLeft = try attributes.flag("transA", default: false)
        transposesRight = try attributes.flag("transB", default: false)
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let type = try inputs.required(0, of: GeneralProduct.elementTypes).elementType
        if type.isInteger {
            for (name, value) in [("alpha", alpha), ("beta", beta)] where Int32(exactly: value) == nil {
                throw .invalidAttribute(name: name, reason: "is \(value), expected a whole number for \(type)")
            }
        }
        for index in 1..<inputs.count where inputs[index] != nil { _ = try inputs.required(index, of: [type]) }
        let left = try matrix(inputs, 0, transposed: transposesLeft)
        let right = try matrix(inputs, 1, transposed: transposesRight)
        guard let shape = try ProductShape.infer(left, right) else {
            return [ValueFact(type, SymbolicShape([left?[0] ?? .unknown, right?[1] ?? .unknown]))]
        }
        if let bias = inputs[2]?.shape {
            guard let joined = SymbolicShape.broadcast(shape, bias), joined.rank == 2,
                zip(joined.dimensions, shape.dimensions).allSatisfy({ $1.value == nil || $0 == $1 })
            else { throw .invalidInput(index: 2, reason: "is \(bias), which does not broadcast to \(shape)") }
        }
        return [ValueFact(type, shape)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard let result = inputs.outputs.first?.concrete?.shape.extents else { return .mixed(RowReason.unknown) }
        var axis: Int?
        if let left = inputs.axis(0) {
            guard left == (transposesLeft ? 1 : 0) else { return .mixed(RowReason.joined) }
            axis = 0
        }
        if let right = inputs.axis(1) {
            guard right == (transposesRight ? 0 : 1) else { return .mixed(RowReason.joined) }
            guard axis == nil else { return .mixed(RowReason.crossed) }
            axis = 1
        }
        let addend = beta == 0 ? nil : RowOperand(inputs, 2)
        return inputs.broadcast([RowOperand(extents: result, axis: axis), addend].compactMap(\.self))
    }

    /// The input's shape as it enters the product.
    private func matrix(_ inputs: OperatorInputs, _ index: Int, transposed: Bool) throws(OperatorError) -> SymbolicShape? {
        guard let shape = inputs[index]?.shape else { return nil }
        guard shape.rank == 2 else {
            throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected a matrix")
        }
        return transposed ? SymbolicShape([shape[1], shape[0]]) : shape
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let spec = try context.input(0), weights = try context.input(1).shape
        let rows = spec.shape[transposesLeft ? 1 : 0], steps = spec.shape[transposesLeft ? 0 : 1]
        let columns = weights[transposesRight ? 0 : 1]
        let addend = context.has(2) && beta != 0 ? try context.input(2).shape : nil
        if spec.elementType == .float32, !transposesLeft, context.constant(1) != nil, isColumnBias(addend, columns) {
            let operand = RightOperand(rows: steps, columns: columns, transposed: transposesRight, scale: alpha)
            return try LinearKernel.compile(context, weights: operand, rows: rows, bias: addend == nil ? nil : 2)
        }
        var product = try Product(rows: rows, steps: steps, columns: columns)
        product.transposesLeft = transposesLeft
        product.transposesRight = transposesRight
        product.adds = addend != nil
        return CompiledOperator(try kernel(spec.elementType, product, addend))
    }

    /// Whether the addend is absent or one value for each column, taken as it is.
    private func isColumnBias(_ addend: Shape?, _ columns: Int) -> Bool {
        guard let addend else { return true }
        return beta == 1 && addend.elementCount == columns && (addend.extents.last ?? 1) == columns
    }

    private func kernel(_ type: ElementType, _ product: Product, _ addend: Shape?) throws(OperatorError) -> any Kernel {
        switch type {
        case .float32: GemmKernel<Float>(product, addend, alpha, beta)
        case .float64: GemmKernel<Double>(product, addend, Double(alpha), Double(beta))
        case .int32: GemmKernel<Int32>(product, addend, Int32(alpha), Int32(beta))
        case .int64: GemmKernel<Int64>(product, addend, Int64(alpha), Int64(beta))
        case .uint32:
            GemmKernel<UInt32>(product, addend, UInt32(truncatingIfNeeded: Int32(alpha)), UInt32(truncatingIfNeeded: Int32(beta)))
        case .uint64:
            GemmKernel<UInt64>(product, addend, UInt64(truncatingIfNeeded: Int32(alpha)), UInt64(truncatingIfNeeded: Int32(beta)))
        default: throw .unsupported("Gemm of \(type)")
        }
    }
}
