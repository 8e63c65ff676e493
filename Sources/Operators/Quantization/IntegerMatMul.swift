import GraphIR
import Tensors

/// Matrix products of 8-bit integers around zero points, leading axes broadcast.
///
/// - Shapes: A [..., M, K] · B [..., K, N] → [..., M, N]; a vector stands for one row of A or one column of B. Scales and zero
///   points are one number, one for each row of A or column of B, or one for each of these in each matrix; a bias [N].
/// - Types: int8 and uint8 in any pairing; MatMulInteger gives int32, QLinearMatMul the type of its last zero point, the others
///   float32. DynamicQuantizeMatMul takes A of float32, quantized over its range as DynamicQuantizeLinear does.
/// - Numerics: sums of int32 wrap; real results are sum · (scale of A · scale of B) + bias, quantized ones are rounded to the
///   nearest integer, of two the even one, after division by their scale.
/// - Source: ONNX operators MatMulInteger (opset 10) and QLinearMatMul (10, 21); com.microsoft's MatMulIntegerToFloat and
///   DynamicQuantizeMatMul.
struct IntegerMatMul: Operator {
    enum Function: String, Sendable {
        case integer = "MatMulInteger", toReal = "MatMulIntegerToFloat", quantized = "QLinearMatMul"
        case dynamic = "DynamicQuantizeMatMul"
    }

    let function: Function
    /// Limits of a quantized result beside those of its type: an activation that passes have put in.
    var limits: ClosedRange<Int32>?

    var name: String { function.rawValue }

    /// Where the inputs of a function stand.
    private var places: IntegerMatMulInputs {
        switch function {
        case .integer: IntegerMatMulInputs(count: 2...4, right: 1, leftZero: 2, rightZero: 3)
        case .toReal: IntegerMatMulInputs(count: 4...7, right: 1, leftZero: 4, rightZero: 5, leftScale: 2, rightScale: 3, bias: 6)
        case .quantized:
            IntegerMatMulInputs(
                count: 8...8, right: 3, leftZero: 2, rightZero: 5, leftScale: 1, rightScale: 4, resultScale: 6, resultZero: 7)
        case .dynamic: IntegerMatMulInputs(count: 3...5, right: 1, rightZero: 3, rightScale: 2, bias: 4)
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let places = places
        try inputs.checkCount(places.count)
        let left = try inputs.required(0, of: function == .dynamic ? [.float32] : LinearTypes.eightBits)
        let right = try inputs.required(places.right, of: LinearTypes.eightBits)
        let shape = try ProductShape.infer(left.shape, right.shape)
        if let index = places.leftZero, inputs[index] != nil || function == .quantized {
            try MatrixParameter.check(inputs, index, of: [left.elementType], matrix: 0, axis: 2)
        }
        if let index = places.rightZero, inputs[index] != nil || function == .quantized {
            try MatrixParameter.check(inputs, index, of: [right.elementType], matrix: places.right, axis: 1)
        }
        let scaleTypes: Set<ElementType> = function == .quantized ? LinearTypes.scales : [.float32]
        if let index = places.leftScale { try MatrixParameter.check(inputs, index, of: scaleTypes, matrix: 0, axis: 2) }
        if let index = places.rightScale { try MatrixParameter.check(inputs, index, of: scaleTypes, matrix: places.right, axis: 1) }
        if let index = places.bias, inputs[index] != nil {
            let columns = right.shape.map { $0.rank > 1 ? $0[$0.rank - 1] : .known(1) } ?? .unknown
            try checkBias(try inputs.required(index, of: [.float32]), index, columns: columns)
        }
        guard let scale = places.resultScale, let zero = places.resultZero else {
            return [ValueFact(function == .integer ? .int32 : .float32, try shape?.checked("the output"))]
        }
        try inputs.checkOneNumber(scale, of: scaleTypes)
        try inputs.checkOneNumber(zero, of: LinearTypes.eightBits)
        return [ValueFact(try inputs.required(zero).elementType, try shape?.checked("the output"))]
    }

    private func checkBias(_ bias: ValueFact, _ index: Int, columns: Dimension) throws(OperatorError) {
        guard let shape = bias.shape else { return }
        guard shape.rank == 1, Dimension.unified(shape[0], columns) != nil else {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected a vector of \(columns)")
        }
    }

    /// As for any product, as long as no row of A has a scale or a zero point of its own.
    func rows(_ inputs: RowInputs) -> RowFlow {
        // The range of A is that of all rows.
        guard function != .dynamic else { return .mixed(RowReason.joined) }
        let places = places
        guard inputs.onlyInputsCarryRows(0) else { return .mixed(RowReason.parameter) }
        for index in [places.leftZero, places.leftScale].compactMap(\.self) where inputs[index] != nil {
            guard let extents = inputs.extents(index), extents.allSatisfy({ $0 == 1 }) else { return .mixed(RowReason.positional) }
        }
        guard places.right < inputs.facts.count else { return .mixed(RowReason.unknown) }
        return RowInputs(
            states: [inputs[0], inputs[places.right]], facts: [inputs.facts[0], inputs.facts[places.right]],
            outputs: inputs.outputs, rowCount: inputs.rowCount
        ).stackedProduct()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let places = places, left = try context.input(0), right = try context.input(places.right)
        let geometry = ProductGeometry(left.shape, right.shape)
        let weights = try IntegerOperand.matrix(
            context, input: places.right, steps: geometry.steps, columns: geometry.columns, transposed: false,
            packs: geometry.sharesRight)
        let rows = left.shape.rank == 1 ? 1 : left.shape[left.shape.rank - 2]
        func parameter(_ index: Int?, lines: Int) throws(OperatorError) -> MatrixParameter? {
            guard let index, context.has(index) else { return nil }
            return try MatrixParameter(context, index, lines: lines)
        }
        return IntegerMatMulKernel(
            geometry: geometry,
            left: function == .dynamic ? .real(count: left.shape.elementCount) : .integers(isSigned: left.elementType == .int8),
            leftInput: 0, weights: weights, leftZero: try parameter(places.leftZero, lines: rows),
            rightZero: try parameter(places.rightZero, lines: geometry.columns),
            leftScale: try parameter(places.leftScale, lines: rows),
            rightScale: try parameter(places.rightScale, lines: geometry.columns), result: try result(context, places)
        ).compiled
    }

    private func result(
        _ context: CompileContext, _ places: IntegerMatMulInputs
    ) throws(OperatorError) -> IntegerMatMulKernel.Result {
        if function == .integer { return .integers }
        guard let scale = places.resultScale else { return .real(bias: places.bias.flatMap(context.present)) }
        return .quantized(
            scale: try MatrixParameter(context, scale, lines: 1), zero: places.resultZero,
            isSigned: context.outputs[0].elementType == .int8, limits: limits)
    }
}

private struct IntegerMatMulInputs {
    let count: ClosedRange<Int>
    let right: Int
    var leftZero: Int?
    var rightZero: Int?
    var leftScale: Int?
    var rightScale: Int?
    var bias: Int?
    var resultScale: Int?
    var resultZero: Int?
}

/// alpha · A′ · B′ + C for matrices of 8-bit integers around zero points, A′ and B′ transposed on request.
///
/// - Shapes: A [M, K] (transposed: [K, M]), its scale and zero point (one number), B [K, N] (transposed: [N, K]), its scale and
///   zero point (one number or a vector of N), optional C that broadcasts to [M, N], optional scale and zero point of the result
///   → [M, N].
/// - Types: int8 and uint8 in any pairing, C int32 in units of alpha · scale of A · scale of B → float32, or the type of the
///   result's zero point.
/// - Source: com.microsoft's QGemm.
struct IntegerGemm: Operator {
    let alpha: Float
    let transposesLeft: Bool
    let transposesRight: Bool
    /// Limits of a quantized result beside those of its type: an activation that passes have put in.
    var limits: ClosedRange<Int32>?

    var name: String { "QGemm" }

    init(_ gemm: Gemm, limits: ClosedRange<Int32>?) {
        alpha = gemm.alpha
        transposesLeft = gemm.transposesLeft
        transposesRight = gemm.transposesRight
        self.limits = limits
    }

    init(_ reader: AttributeReader) throws(OperatorError) {
        alpha = try reader.float("alpha", default: 1)
        transposesLeft = try reader.flag("transA", default: false)
        transposesRight = try reader.flag("transB", default: false)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...9)
        let left = try inputs.required(0, of: LinearTypes.eightBits), right = try inputs.required(3, of: LinearTypes.eightBits)
        let a = try matrix(left, 0, transposed: transposesLeft), b = try matrix(right, 3, transposed: transposesRight)
        if let steps = a[1].value, let other = b[0].value, steps != other {
            throw .invalidInput(index: 3, reason: "is \(right.type), which does not fit \(left.type) of input 0")
        }
        try inputs.checkOneQuantization(scale: 1, zero: 2, type: left.elementType, zeroIsOptional: false)
        try inputs.checkNumbers(4, of: [.float32], count: b[1])
        if inputs[5] != nil { try inputs.checkNumbers(5, of: [right.elementType], count: b[1]) }
        let shape = try SymbolicShape([a[0], b[1]]).checked("the output")
        if inputs[6] != nil, let addend = try inputs.required(6, of: [.int32]).shape {
            guard let joined = SymbolicShape.broadcast(shape, addend), joined.rank == 2,
                zip(joined.dimensions, shape.dimensions).allSatisfy({ $1.value == nil || $0 == $1 })
            else { throw .invalidInput(index: 6, reason: "is \(addend), which does not broadcast to \(shape)") }
        }
        guard inputs[8] != nil || inputs[7] != nil else { return [ValueFact(.float32, shape)] }
        try inputs.checkOneNumber(7, of: [.float32])
        try inputs.checkOneNumber(8, of: LinearTypes.eightBits)
        return [ValueFact(try inputs.required(8).elementType, shape)]
    }

    /// Rows of A give rows of the result when all else is the same for each of them.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis() else { return .mixed(RowReason.parameter) }
        guard axis == (transposesLeft ? 1 : 0) else { return .mixed(RowReason.joined) }
        if inputs[6] != nil {
            guard let addend = inputs.extents(6) else { return .mixed(RowReason.unknown) }
            guard addend.count < 2 || addend[0] == 1 else { return .mixed(RowReason.positional) }
        }
        return .rows(axis: 0, of: inputs)
    }

    /// The input's shape as it enters the product.
    private func matrix(_ fact: ValueFact, _ index: Int, transposed: Bool) throws(OperatorError) -> SymbolicShape {
        guard let shape = fact.shape else { return SymbolicShape(unknownRank: 2) }
        guard shape.rank == 2 else { throw .invalidInput(index: index, reason: "is \(shape), expected a matrix") }
        return transposed ? SymbolicShape([shape[1], shape[0]]) : shape
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let left = try context.input(0), right = try context.input(3).shape, output = context.outputs[0]
        let rows = output.shape[0], columns = output.shape[1], steps = right[transposesRight ? 1 : 0]
        let isSigned = left.elementType == .int8
        let turn = StridedCopy(
            extents: [rows, steps], sourceStrides: [1, rows], destinationStrides: [steps, 1], elementByteCount: 1)
        let result: IntegerMatMulKernel.Result =
            context.has(8)
            ? .quantized(
                scale: try MatrixParameter(context, 7, lines: 1), zero: 8, isSigned: output.elementType == .int8, limits: limits)
            : .real(bias: nil)
        return IntegerMatMulKernel(
            geometry: ProductGeometry(Shape([rows, steps]), Shape([steps, columns])),
            left: transposesLeft ? .transposed(isSigned: isSigned, turn) : .integers(isSigned: isSigned), leftInput: 0,
            weights: try IntegerOperand.matrix(
                context, input: 3, steps: steps, columns: columns, transposed: transposesRight),
            leftZero: try MatrixParameter(context, 2, lines: rows),
            rightZero: context.has(5) ? try MatrixParameter(context, 5, lines: columns) : nil,
            leftScale: try MatrixParameter(context, 1, lines: rows), rightScale: try MatrixParameter(context, 4, lines: columns),
            alpha: alpha, addend: try addend(context), result: result
        ).compiled
    }

    private func addend(_ context: CompileContext) throws(OperatorError) -> IntegerMatMulKernel.Addend? {
        guard context.has(6) else { return nil }
        let shape = try context.input(6).shape
        let columns = shape.extents.last ?? 1, rows = shape.rank > 1 ? shape[shape.rank - 2] : 1
        return IntegerMatMulKernel.Addend(input: 6, row: rows == 1 ? 0 : columns, column: columns == 1 ? 0 : 1)
    }
}
