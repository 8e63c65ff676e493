import GraphIR
import Tensors

/// For each row the numbers from a start to before a limit.
///
/// - Shapes: starts, limits and deltas, each [rows] or [] → row splits [rows + 1], values [n].
/// - Source: TensorFlow operator RaggedRange.
struct RaggedRange: DynamicOperator {
    let splitsType: ElementType

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let type = try inputs.required(0, of: [.int32, .int64, .float32, .float64, .bfloat16]).elementType
        return [.list(splitsType), .list(type)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var rowCount = 1, hasRows = false
        for index in 0..<3 {
            let shape = try context.required(index).shape
            guard shape.rank <= 1 else { throw OperatorError.invalidInput(index: index, reason: "must be a scalar or vector") }
            guard shape.rank == 1 else { continue }
            guard !hasRows || shape[0] == rowCount else {
                throw OperatorError.invalidValue("starts, limits, and deltas must have the same shape")
            }
            (rowCount, hasRows) = (shape[0], true)
        }
        let operands = [try context.required(0), try context.required(1), try context.required(2)]
        guard operands.allSatisfy({ $0.elementType == operands[0].elementType }) else {
            throw OperatorError.invalidValue("starts, limits, and deltas must have the same type")
        }
        switch operands[0].elementType {
        case .int32: return try integers(operands, rowCount, Int32.self, context)
        case .int64: return try integers(operands, rowCount, Int64.self, context)
        case .float32: return try floats(operands, rowCount, context, Float.self, { Double($0) }, { $0 + $1 })
        case .float64: return try floats(operands, rowCount, context, Double.self, { $0 }, { $0 + $1 })
        case .bfloat16:
            return try floats(operands, rowCount, context, BFloat16Element.self, { Double($0.wide) }, { $0.sum(with: $1) })
        case let other: throw OperatorError.unsupported("ranges of \(other)")
        }
    }

    private func integers<Value: FixedWidthInteger & BitwiseCopyable>(
        _ operands: [TensorView], _ rowCount: Int, _: Value.Type, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        try ranges(
            operands, rowCount, context, Value.self, { $0 &+ $1 },
            { start, limit, step throws(OperatorError) in
                guard step != 0 else { throw .invalidValue("Requires delta != 0") }
                guard step > 0 ? limit > start : limit < start else { return 0 }
                let a = Int(start), b = Int(limit), size = Int(step).magnitude
                let distance = a < b ? UInt(bitPattern: b) &- UInt(bitPattern: a) : UInt(bitPattern: a) &- UInt(bitPattern: b)
                return Int(clamping: (distance - 1) / size + 1)
            })
    }

    private func floats<Value: BitwiseCopyable>(
        _ operands: [TensorView], _ rowCount: Int, _ context: EvaluationContext, _: Value.Type, _ wide: (Value) -> Double,
        _ add: (Value, Value) -> Value
    ) throws(OperatorError) -> [RuntimeValue] {
        try ranges(operands, rowCount, context, Value.self, add) { start, limit, step throws(OperatorError) in
            let a = wide(start), b = wide(limit), step = wide(step)
            guard step != 0 else { throw .invalidValue("Requires delta != 0") }
            guard step > 0 ? b > a : b < a else { return 0 }
            let count = ((b - a) / step).rounded(.up)
            guard count.isFinite, count < Double(Shape.maximumElementCount) else {
                throw .invalidValue("Requires ((limit - start) / delta) <= a tensor's size")
            }
            return Int(count)
        }
    }

    private func ranges<Value: BitwiseCopyable>(
        _ operands: [TensorView], _ rowCount: Int, _ context: EvaluationContext, _: Value.Type, _ add: (Value, Value) -> Value,
        _ count: (Value, Value, Value) throws(OperatorError) -> Int
    ) throws(OperatorError) -> [RuntimeValue] {
        func operand(_ number: Int, _ row: Int) -> Value {
            let view = operands[number]
            return view.baseAddress.assumingMemoryBound(to: Value.self)[view.shape.rank == 0 ? 0 : row]
        }
        var splits = [0]
        for row in 0..<rowCount {
            splits.append(ByteCount.sum(splits[row], try count(operand(0, row), operand(1, row), operand(2, row))))
        }
        guard splits[rowCount] < Shape.maximumElementCount else { throw .invalidValue("makes \(splits[rowCount]) values") }
        let values = try context.makeTensor(TensorSpec(operands[0].elementType, [splits[rowCount]])) { bytes in
            let target = bytes.bindMemory(to: Value.self)
            for row in 0..<rowCount {
                var value = operand(0, row)
                let step = operand(2, row)
                for place in splits[row]..<splits[row + 1] {
                    target[place] = value
                    value = add(value, step)
                }
            }
        }
        return [try context.integers(splits, splitsType), .tensor(values)]
    }
}
