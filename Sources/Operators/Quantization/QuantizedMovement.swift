import GraphIR
import Tensors

/// The same quantized numbers under another shape.
///
/// - Shapes: data, a target shape in which one extent may be −1, the ends of the range → the data reshaped and the ends.
/// - Source: TensorFlow QuantizedReshape.
struct QuantizedReshape: Operator {
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let data = try inputs.required(0, of: QuantizedType.all)
        try inputs.checkRanges(2..<4)
        guard let target = try inputs.parameters(1) else {
            return inputs.quantized(data.elementType, try inputs.parameterCount(1).map { SymbolicShape(unknownRank: $0) })
        }
        guard target.count(where: { $0 == -1 }) <= 1, target.allSatisfy({ $0 >= -1 }) else {
            throw .invalidInput(index: 1, reason: "is \(target), expected extents of which one may be −1")
        }
        var shape = SymbolicShape(target.map { $0 == -1 ? .unknown : .known($0) })
        let known = try Shape(checked: target.map { $0 == -1 ? 1 : $0 }, what: "the result").elementCount
        guard let count = data.shape?.concrete?.elementCount else { return inputs.quantized(data.elementType, shape) }
        if let open = target.firstIndex(of: -1) {
            guard known > 0, count % known == 0 else { throw refusal(data, target) }
            shape[open] = .known(count / known)
        } else if known != count {
            throw refusal(data, target)
        }
        return inputs.quantized(data.elementType, shape)
    }

    private func refusal(_ data: ValueFact, _ target: [Int]) -> OperatorError {
        .invalidInput(index: 1, reason: "is \(target), into which the elements of \(data.type) do not fit")
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let byteCount = try context.input(0).byteCount
        return CompiledOperator(
            LoopKernel { context in
                context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
                context.writeRange(context.number(2), context.number(3))
            })
    }
}

/// Quantized tensors one after the other along an axis, brought into one range.
///
/// - Shapes: a scalar axis, N tensors, the lower ends of their N ranges, the upper ones → the tensors joined and the ends of the range
///   that holds all, for signed types symmetrical.
/// - Types: uint8, int32 and the other quantized ones.
/// - Source: TensorFlow QuantizedConcat.
struct QuantizedConcat: Operator {
    let count: Int

    var shapeOperands: Set<Int> { [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let inputCount = 3 * count + 1
        try inputs.checkCount(inputCount...inputCount)
        let type = try inputs.required(1, of: QuantizedType.all).elementType
        for index in 1...count { try inputs.checkSameType(index, as: 1) }
        try inputs.checkRanges(count + 1..<inputCount)
        guard let axis = try inputs.parameters(0)?.first, var shape = try inputs.required(1).shape else {
            return inputs.quantized(type, try inputs.required(1).shape.map { SymbolicShape(unknownRank: $0.rank) })
        }
        let resolved = try Axes.resolve(axis, rank: shape.rank, input: 1)
        for index in 2..<count + 1 {
            guard let other = try inputs.required(index).shape else {
                return inputs.quantized(type, SymbolicShape(unknownRank: shape.rank))
            }
            guard other.rank == shape.rank else { throw .invalidInput(index: index, reason: "has shape \(other), input 1 has \(shape)") }
            for place in 0..<shape.rank where place != resolved {
                guard let joined = Dimension.unified(shape[place], other[place]) else {
                    throw .invalidInput(index: index, reason: "has shape \(other), input 1 has \(shape)")
                }
                shape[place] = joined
            }
            guard let left = shape[resolved].value, let right = other[resolved].value else {
                shape[resolved] = .unknown
                continue
            }
            shape[resolved] = .known(ByteCount.sum(left, right))
        }
        return inputs.quantized(type, try shape.checked("the result"))
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], type = QuantizedType(element: output.elementType), count = count
        guard let axis = context.constant(0)?.integers?.first else {
            throw .invalidInput(index: 0, reason: "must be constant when the kernel is made")
        }
        let resolved = try Axes.resolve(axis, rank: output.shape.rank)
        let outer = output.shape.elementCount(in: 0..<resolved)
        var lengths: [Int] = []
        for index in 1...count { lengths.append(try context.input(index).shape.elementCount(in: resolved..<output.shape.rank)) }
        let total = output.shape.elementCount(in: resolved..<output.shape.rank), parts = lengths
        let kernel = LoopKernel { context in
            var low = Float.greatestFiniteMagnitude, high = -Float.greatestFiniteMagnitude
            for index in 0..<count {
                low = min(low, context.number(count + 1 + index))
                high = max(high, context.number(2 * count + 1 + index))
            }
            if type.isSigned {
                high = max(low.magnitude, high.magnitude)
                low = -high
            }
            let new = QuantizedRange(low, high, type), y = QuantizedElements(context.output(0), type.element)
            var start = 0
            for index in 0..<count {
                let range = context.range(count + 1 + index, 2 * count + 1 + index, type)
                let x = QuantizedElements(reading: context.input(index + 1), type.element)
                let isSame = range.low == low && range.high == high, reader = range.reader, writer = new.writer
                for block in 0..<outer {
                    for place in 0..<parts[index] {
                        let value = x[block * parts[index] + place]
                        y[block * total + start + place] = isSame ? value : writer.integer(for: reader.real(value))
                    }
                }
                start += parts[index]
            }
            context.writeRange(low, high)
        }
        return CompiledOperator(kernel)
    }
}
