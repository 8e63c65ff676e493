package import GraphIR
import Tensors

/// The product of stacks of matrices, each operand as it is, transposed or adjoint; leading axes broadcast.
///
/// - Shapes: `x` [..., M, K] · `y` [..., K, N] → [..., M, N].
/// - Numerics: float32 over weights packed at load when `y` is one constant matrix, else OpenBLAS; integers wrap; 16-bit floats
///   are rounded once, from float32.
///   A scale is a factor of the product of real floating-point numbers.
/// - Source: TensorFlow's BatchMatMul, BatchMatMulV2, BatchMatMulV3 and, for what MatMul is not made for, MatMul.
package struct BatchMatMul: Operator {
    var left = MatrixForm.plain
    var right = MatrixForm.plain
    /// The result's element type when it is not the operands'.
    var resultType: ElementType?
    /// A factor of the product.
    var scale: Float = 1
    /// Whether the axes of the stack stand between the rows and the columns: [M, ..., K] for [..., M, K].
    var turnsLeftStack = false
    var turnsRightStack = false

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let x = try inputs.required(0, of: ElementType.contracted)
        let y = try inputs.required(1, of: ElementType.contracted)
        let result = resultType ?? x.elementType
        if scale != 1, !ElementTypes.floatingPoint.contains(x.elementType) || !ElementTypes.floatingPoint.contains(result) {
            throw .unsupported("a scaled matrix product of \(x.elementType)")
        }
        guard x.elementType == y.elementType || isMixed(x.elementType, y.elementType) else {
            throw .invalidInput(index: 1, reason: "is \(y.elementType), expected \(x.elementType) as input 0")
        }
        for (index, fact) in [x, y].enumerated() {
            if let rank = fact.rank, rank < 2 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 2 or more") }
        }
        let shape = try ProductShape.infer(
            Self.turned(x.shape, left, turnsLeftStack), Self.turned(y.shape, right, turnsRightStack))
        return [ValueFact(result, shape)]
    }

    private func isMixed(_ x: ElementType, _ y: ElementType) -> Bool {
        switch resultType {
        case .int32: [x, y].allSatisfy { [.int8, .uint8].contains($0) }
        case .float32: [x, y].allSatisfy { [.float32, .bfloat16].contains($0) }
        default: false
        }
    }

    /// The shape as it enters the product.
    private static func turned(_ shape: SymbolicShape?, _ form: MatrixForm, _ turnsStack: Bool) -> SymbolicShape? {
        guard var shape, shape.rank >= 2 else { return shape }
        let last = shape.rank - 1
        if turnsStack { shape = SymbolicShape(Array(shape.dimensions[1..<last]) + [shape[0], shape[last]]) }
        guard form.isTransposed else { return shape }
        (shape[last - 1], shape[last]) = (shape[last], shape[last - 1])
        return shape
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        if turnsLeftStack || turnsRightStack { return .mixed("moves the axes of a stack of matrices") }
        return inputs.stackedProduct(turnsLeft: left.isTransposed, turnsRight: right.isTransposed)
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), y = try context.input(1), output = context.outputs[0]
        if context.makesNothing { return .nothing }
        let contraction = try contraction(x.shape, y.shape)
        let isTurned = turnsLeftStack || turnsRightStack
        if !isTurned, [x, y, output].allSatisfy({ $0.elementType == .float32 }), context.constant(1) != nil,
            contraction.axes.isEmpty, !left.isTransposed
        {
            let product = contraction.product
            let weights = RightOperand(
                rows: product.steps, columns: product.columns, transposed: right.isTransposed, scale: scale)
            return try LinearKernel.compile(context, weights: weights, rows: product.rows)
        }
        guard x.elementType == output.elementType, y.elementType == output.elementType else {
            return try MixedProduct.compile(contraction, x, y, output)
        }
        return CompiledOperator(try output.elementType.contraction(ContractionMaker(contraction: contraction), for: name))
    }

    /// Which matrix meets which. The rows of all products make one matrix when there is one matrix on the right.
    private func contraction(_ x: Shape, _ y: Shape) throws(OperatorError) -> Contraction {
        if turnsLeftStack || turnsRightStack { return try turnedContraction(x, y) }
        let (own, other) = (Array(x.extents.dropLast(2)), Array(y.extents.dropLast(2)))
        let (rowAxis, stepAxis) = left.isTransposed ? (x.rank - 1, x.rank - 2) : (x.rank - 2, x.rank - 1)
        let rows = x[rowAxis], steps = x[stepAxis]
        let columns = y[right.isTransposed ? y.rank - 2 : y.rank - 1]
        if !left.isTransposed, other.allSatisfy({ $0 == 1 }) {
            var product = try MatrixProduct(
                rows: rows * own.reduce(1, *), steps: steps, columns: columns, left: left, right: right)
            product.scale = Double(scale)
            return Contraction(product: product, axes: [])
        }
        var product = try MatrixProduct(rows: rows, steps: steps, columns: columns, left: left, right: right)
        product.scale = Double(scale)
        let rank = max(own.count, other.count)
        var axes: [Contraction.Axis] = []
        var strides = (left: rows * steps, right: steps * columns, result: rows * columns)
        for axis in (0..<rank).reversed() {
            let a = axis + own.count - rank, b = axis + other.count - rank
            let first = a < 0 ? 1 : own[a], second = b < 0 ? 1 : other[b]
            let extent = first == 1 ? second : first
            axes.append(
                Contraction.Axis(
                    extent: extent, left: first == 1 ? 0 : strides.left, right: second == 1 ? 0 : strides.right,
                    result: strides.result))
            strides = (strides.left * first, strides.right * second, strides.result * extent)
        }
        return Contraction(product: product, axes: axes.reversed())
    }

    /// The same where a stack lies between the rows and the columns of its matrices.
    private func turnedContraction(_ x: Shape, _ y: Shape) throws(OperatorError) -> Contraction {
        let first = MatrixStackLayout(x, isTurned: turnsLeftStack), second = MatrixStackLayout(y, isTurned: turnsRightStack)
        let (rows, steps) = left.isTransposed ? (first.columns, first.rows) : (first.rows, first.columns)
        let columns = right.isTransposed ? second.rows : second.columns
        var product = try MatrixProduct(
            rows: rows, steps: steps, columns: columns, left: MatrixProduct.Operand(form: left, stride: first.rowStride),
            right: MatrixProduct.Operand(form: right, stride: second.rowStride), resultStride: columns)
        product.scale = Double(scale)
        let rank = max(first.stack.count, second.stack.count)
        var axes: [Contraction.Axis] = []
        var stride = rows * columns
        for axis in (0..<rank).reversed() {
            let (own, step) = first.axis(axis, of: rank), (other, otherStep) = second.axis(axis, of: rank)
            let extent = own == 1 ? other : own
            axes.append(
                Contraction.Axis(
                    extent: extent, left: own == 1 ? 0 : step, right: other == 1 ? 0 : otherStep, result: stride))
            stride *= extent
        }
        return Contraction(product: product, axes: axes.reversed())
    }

    static let spellings: [OperatorSpelling] =
        [
            .onnx("MatMul") { _ in MatMul() },
            .tensorFlow("MatMul") { reader throws(OperatorError) in try matrix(reader) },
            .tensorFlow("SparseMatMul") { reader throws(OperatorError) in
                BatchMatMul(
                    left: try reader.flag("transpose_a", default: false) ? .transposed : .plain,
                    right: try reader.flag("transpose_b", default: false) ? .transposed : .plain, resultType: .float32)
            },
        ]
        + ["BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"].map { name in
            .tensorFlow(name) { reader throws(OperatorError) in
                BatchMatMul(
                    left: try reader.flag("adj_x", default: false) ? .adjoint : .plain,
                    right: try reader.flag("adj_y", default: false) ? .adjoint : .plain,
                    resultType: try reader.elementType("Tout"))
            }
        }

    /// The product of two matrices, as the operators that passes know where they compute it.
    private static func matrix(_ reader: AttributeReader) throws(OperatorError) -> any Operator {
        let left = try reader.flag("transpose_a", default: false), right = try reader.flag("transpose_b", default: false)
        let type = try reader.elementType("T") ?? .float32
        guard GeneralProduct.elementTypes.contains(type) else {
            return BatchMatMul(left: left ? .transposed : .plain, right: right ? .transposed : .plain)
        }
        return left || right ? Gemm(transposesLeft: left, transposesRight: right) : MatMul()
    }
}

/// Where the matrices of a stack lie.
private struct MatrixStackLayout {
    let rows: Int
    let columns: Int
    let rowStride: Int
    /// Extents and strides of the stack's axes.
    let stack: [(extent: Int, stride: Int)]

    /// - Parameter isTurned: whether the shape is [rows, stack…, columns] instead of [stack…, rows, columns].
    init(_ shape: Shape, isTurned: Bool) {
        let rank = shape.rank, strides = shape.strides
        let rowAxis = isTurned ? 0 : rank - 2
        rows = shape[rowAxis]
        columns = shape[rank - 1]
        rowStride = strides[rowAxis]
        stack = (isTurned ? 1..<rank - 1 : 0..<rank - 2).map { (shape[$0], strides[$0]) }
    }

    /// Axis `axis` of `rank` aligned from the last one on; an axis of 1 where there is none.
    func axis(_ axis: Int, of rank: Int) -> (extent: Int, stride: Int) {
        let place = axis - (rank - stack.count)
        return place < 0 ? (1, 0) : stack[place]
    }
}
