import GraphIR
import Tensors

/// Sums and products of quantized numbers with broadcasting.
///
/// - Shapes: two operands, then the ends of the first one's range and those of the second's → int32 of the broadcast shape and the
///   ends of its range.
/// - Numerics: operands of a sum are brought into the result's range first, which is 2¹⁴ times (of biases 2¹⁷ times) the larger of
///   theirs and symmetrical; factors are taken from their zeros on. Integers wrap.
/// - Source: TensorFlow QuantizedAdd, QuantizedMul (uint8), QuantizedBiasAdd (uint8, int8; the second operand is a vector along the
///   last axis).
struct QuantizedArithmetic: Operator {
    enum Function: Sendable { case add, multiply, addBias }

    let function: Function

    var name: String {
        switch function {
        case .add: "QuantizedAdd"
        case .multiply: "QuantizedMul"
        case .addBias: "QuantizedBiasAdd"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        let first = try inputs.required(0, of: [.uint8, .int8]), second = try inputs.required(1, of: [.uint8, .int8])
        try inputs.checkRanges(2..<6)
        guard function == .addBias else { return inputs.quantized(.int32, try Broadcasting.resultShape(inputs, 0..<2)) }
        if let bias = second.shape, bias.rank != 1 { throw .invalidInput(index: 1, reason: "has shape \(bias), expected a vector") }
        if let shape = first.shape, let bias = second.shape {
            guard let last = shape.dimensions.last, shape.rank >= 2, Dimension.unified(last, bias[0]) != nil else {
                throw .invalidInput(index: 1, reason: "has shape \(bias), expected one bias for each last index of \(shape)")
            }
        }
        return inputs.quantized(.int32, first.shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 1), case .states(let states) = inputs.broadcast(0..<2), let first = states.first else {
            return .mixed(RowReason.parameter)
        }
        return .states([first, .shared, .shared])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let first = try context.input(0), second = try context.input(1), function = function
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
        let types = (QuantizedType(element: first.elementType), QuantizedType(element: second.elementType))
        let sum = QuantizedType(element: .int32)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let left = try context.properRange(2, 3, types.0), right = try context.properRange(4, 5, types.1)
            let a = QuantizedElements(reading: context.input(0), types.0.element)
            let b = QuantizedElements(reading: context.input(1), types.1.element)
            let y = QuantizedElements(context.output(0), .int32)
            switch function {
            case .add:
                let widest = max(min(left.low, right.low).magnitude, max(left.high, right.high).magnitude) * 16384
                let range = QuantizedRange(-widest, widest, sum)
                let first = LinearStep(left, range), second = LinearStep(right, range)
                forEach(walk) { place, i, j in y[place] = first.integer(a[i]) &+ second.integer(b[j]) }
                context.writeRange(range.low, range.high)
            case .addBias:
                let widest = max(max(left.high, -left.low), max(right.high, -right.low)) * 131072
                let range = QuantizedRange(-widest, widest, sum)
                let zero = sum.clamped(range.integer(for: 0)), writer = range.writer
                let first = left.reader, second = right.reader
                forEach(walk) { place, i, j in
                    y[place] = writer.integer(for: first.real(a[i])) &+ writer.integer(for: second.real(b[j])) &+ zero
                }
                context.writeRange(range.low, range.high)
            case .multiply:
                let first = left.integer(for: 0), second = right.integer(for: 0)
                forEach(walk) { place, i, j in y[place] = (a[i] &- first) &* (b[j] &- second) }
                let range = QuantizedRange.product(left, right, as: sum)
                context.writeRange(range.low, range.high)
            }
        }
        return CompiledOperator(kernel)
    }
}

/// Calls `body` with the place of each element of the result and of its operands.
@inline(__always)
private func forEach(_ walk: BroadcastWalk, _ body: (Int, Int, Int) -> Void) {
    var place = 0
    walk.forEachBlock { first, second, _ in
        for row in 0..<walk.rows.extent {
            for column in 0..<walk.columns.extent {
                body(
                    place, first + row * walk.rows.steps.0 + column * walk.columns.steps.0,
                    second + row * walk.rows.steps.1 + column * walk.columns.steps.1)
                place += 1
            }
        }
    }
}

/// Integers of one range as those of another in equal steps, as the first two of them stand apart.
private struct LinearStep {
    private let start: Int64
    private let step: Int64
    private let type: QuantizedType

    init(_ from: QuantizedRange, _ to: QuantizedRange) {
        type = to.type
        start = to.integer(for: from.real(0))
        step = Int64(Int32(truncatingIfNeeded: to.integer(for: from.real(1)) &- start))
    }

    @inline(__always) func integer(_ value: Int64) -> Int64 { type.clamped(start &+ value &* step) }
}
