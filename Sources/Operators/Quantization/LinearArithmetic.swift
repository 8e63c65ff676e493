import CKernels
import GraphIR
import Tensors

/// Sums and products of 8-bit integers with scales and zero points, with broadcasting.
///
/// - Shapes: two operands, each followed by its scale and zero point, then the scale and zero point of the result (one number
///   each) → the broadcast shape.
/// - Types: int8 or uint8, all the same. An absent zero point is 0.
/// - Source: com.microsoft's QLinearAdd and QLinearMul.
struct LinearArithmetic: Operator {
    enum Function: String, Sendable { case add = "QLinearAdd", multiply = "QLinearMul" }

    let function: Function
    /// Limits of the result beside those of its type: an activation that passes have put in.
    var limits: ClosedRange<Int32>?

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(7...8)
        let first = try inputs.required(0, of: LinearTypes.eightBits), type = first.elementType
        let second = try inputs.required(3, of: [type])
        for scale in [1, 4, 6] { try inputs.checkOneQuantization(scale: scale, zero: scale + 1, type: type) }
        guard let a = first.shape, let b = second.shape else { return [ValueFact(type, nil as SymbolicShape?)] }
        return [ValueFact(type, try Broadcasting.joined(a, b, index: 3).checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 3) else { return .mixed(RowReason.parameter) }
        return inputs.broadcast([RowOperand(inputs, 0), RowOperand(inputs, 3)].compactMap(\.self))
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let first = try context.input(0), second = try context.input(3).shape
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second])
        let zeros = (context.present(2), context.present(5), context.present(7))
        return CompiledOperator(
            LinearPairKernel(
                kernels: context.functions, function: function, walk: walk, zeros: zeros, isSigned: first.elementType == .int8,
                limits: limits))
    }
}

private struct LinearPairKernel: Kernel {
    let kernels: KernelFunctions
    let function: LinearArithmetic.Function
    let walk: BroadcastWalk
    let zeros: (Int?, Int?, Int?)
    let isSigned: Bool
    let limits: ClosedRange<Int32>?

    func run(_ context: KernelContext) {
        let a = context.input(0, as: UInt8.self), b = context.input(3, as: UInt8.self)
        var y = context.output(0, as: UInt8.self), pair = pair(context)
        let rows = walk.rows, columns = walk.columns
        let kernel = function == .add ? kernels.quantized.add : kernels.quantized.multiply
        pair.a_step = columns.steps.0
        pair.b_step = columns.steps.1
        walk.forEachBlock { aOffset, bOffset, _ in
            for row in 0..<rows.extent {
                kernel(y, a + aOffset + row * rows.steps.0, b + bOffset + row * rows.steps.1, columns.extent, &pair)
                y += columns.extent
            }
        }
    }

    private func pair(_ context: KernelContext) -> apus_quantized_pair {
        let left = context.number(1), right = context.number(4), result = context.number(6)
        var pair = apus_quantized_pair()
        pair.is_signed = isSigned
        pair.a_zero = context.smallInteger(zeros.0, isSigned: isSigned)
        pair.b_zero = context.smallInteger(zeros.1, isSigned: isSigned)
        pair.zero = context.smallInteger(zeros.2, isSigned: isSigned)
        pair.a_factor = function == .add ? left / result : left * right / result
        pair.b_factor = right / result
        (pair.lowest, pair.highest) = LinearRounding.limits(isSigned: isSigned, zero: pair.zero, within: limits)
        return pair
    }
}

/// A function of one real number, of 8-bit integers with a scale and a zero point.
///
/// - Shapes: data [D…], its scale and zero point, those of the result (one number each) → [D…].
/// - Types: int8 or uint8, all the same. An absent zero point is 0.
/// - Numerics: computed in float32 once for each of the 256 integers.
/// - Source: com.microsoft's QLinearSigmoid and QLinearLeakyRelu.
struct LinearFunction: Operator {
    enum Function: Sendable {
        case sigmoid
        case leakyRelu(Float)

        @inline(__always)
        func callAsFunction(_ value: Float) -> Float {
            switch self {
            case .sigmoid: 1 / (1 + (-value).applying(.exp))
            case .leakyRelu(let slope): value < 0 ? slope * value : value
            }
        }
    }

    let function: Function

    var name: String { if case .sigmoid = function { "QLinearSigmoid" } else { "QLinearLeakyRelu" } }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...5)
        let data = try inputs.required(0, of: LinearTypes.eightBits)
        for scale in [1, 3] { try inputs.checkOneQuantization(scale: scale, zero: scale + 1, type: data.elementType) }
        return [ValueFact(data.elementType, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), count = data.shape.elementCount, isSigned = data.elementType == .int8
        let zeros = (context.present(2), context.present(4)), function = function
        let kernel = LoopKernel { context in
            let table = ByteTable(context.scratch)
            let scale = context.number(1), zero = context.smallInteger(zeros.0, isSigned: isSigned), resultScale = context.number(3)
            let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(zeros.1, isSigned: isSigned))
            table.fill(isSigned: isSigned) { rounding.integer(function(scale * Float($0 &- zero)) / resultScale) }
            table.map(context.output(0), context.input(0), count)
        }
        return CompiledOperator(kernel, scratchByteCount: ByteTable.byteCount)
    }
}

/// 8-bit integers with scales and zero points of their own one after the other along an axis, under one scale.
///
/// - Shapes: the result's scale and zero point (one number each), then k times [d0, …, d(axis), …, dn] with its scale and zero
///   point → the sum along `axis`.
/// - Types: int8 or uint8, all the same.
/// - Source: com.microsoft's QLinearConcat.
struct LinearConcat: Operator {
    let axis: Int

    var name: String { "QLinearConcat" }

    init(axis: Int) { self.axis = axis }

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let axis = try reader.integer("axis") else { throw .invalidAttribute(name: "axis", reason: "is missing") }
        self.axis = axis
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 5, inputs.count % 3 == 2 else {
            throw .wrongInputCount(found: inputs.count, expected: 5...Int(Int32.max))
        }
        let type = try inputs.required(1, of: LinearTypes.eightBits).elementType
        try inputs.checkOneQuantization(scale: 0, zero: 1, type: type, zeroIsOptional: false)
        let parts = Array(stride(from: 2, to: inputs.count, by: 3))
        for index in parts {
            _ = try inputs.required(index, of: [type])
            try inputs.checkOneQuantization(scale: index + 1, zero: index + 2, type: type, zeroIsOptional: false)
        }
        return try Concat(axis: axis).infer(OperatorInputs(parts.map { inputs[$0] }))
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let parts = Array(stride(from: 2, to: inputs.count, by: 3))
            let isParameter = inputs.states.indices.filter { !parts.contains($0) }.allSatisfy { inputs.axis($0) == nil }
            guard let first = parts.first, let axis = inputs.axis(first), let rank = inputs.extents(first)?.count, isParameter,
                parts.allSatisfy({ inputs.axis($0) == axis }), try Axes.resolve(self.axis, rank: rank) != axis
            else { return .mixed(RowReason.positional) }
            return .rows(axis: axis, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let output = context.outputs[0], place = try Axes.resolve(axis, rank: output.shape.rank)
        let isSigned = output.elementType == .int8, whole = AxisLines(output.shape, axis: place)
        var parts: [LinearPart] = []
        var start = 0
        for input in stride(from: 2, to: context.inputs.count, by: 3) {
            let lines = AxisLines(try context.input(input).shape, axis: place)
            parts.append(LinearPart(input: input, count: lines.extent * lines.innerCount, start: start * lines.innerCount))
            start += lines.extent
        }
        let kernel = LoopKernel { [parts] context in
            let table = ByteTable(context.scratch), resultScale = context.number(0)
            let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(1, isSigned: isSigned))
            for part in parts {
                let scale = context.number(part.input + 1), zero = context.smallInteger(part.input + 2, isSigned: isSigned)
                table.fill(isSigned: isSigned) { rounding.integer(scale * Float($0 &- zero) / resultScale) }
                for outer in 0..<whole.outerCount {
                    let target = outer * whole.extent * whole.innerCount + part.start
                    table.map(context.output(0) + target, context.input(part.input) + outer * part.count, part.count)
                }
            }
        }
        return CompiledOperator(kernel, scratchByteCount: ByteTable.byteCount)
    }
}

/// An input of a concatenation: how many elements follow one another, and where the first of them go.
private struct LinearPart: Sendable {
    let input: Int
    let count: Int
    let start: Int
}
