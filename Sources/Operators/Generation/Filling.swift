import GraphIR
import Tensors

/// A tensor of the wanted shape, filled with one value.
///
/// - Shapes: shape [r], value: one element of any type → a tensor of rank r.
/// - Source: TensorFlow's Fill.
struct Fill: ElementMover {
    func movesElements(ofInput index: Int) -> Bool { index == 1 }
    var shapeOperands: Set<Int> { [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let value = try inputs.dense(1)
        if let shape = value.shape?.concrete, shape.elementCount != 1 {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected a single value")
        }
        guard let wanted = try inputs.parameters(0) else {
            let rank = try inputs.parameterCount(0)
            return [ValueFact(value.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        return [ValueFact(value.elementType, try Shape(checked: wanted, what: "the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.parameter) }

    func compile(_ context: CompileContext) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount, width = context.outputs[0].elementType.byteCount
        return CompiledOperator(
            LoopKernel { context in
                fillElements(context.output(0), count: count, elementByteCount: width, context.input(1))
            })
    }
}

/// A tensor of the wanted shape of zeros (of empty strings), where TensorFlow leaves the contents open.
///
/// - Source: TensorFlow's Empty.
struct Empty: Operator {
    let elementType: ElementType
    var shapeOperands: Set<Int> { [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let wanted = try inputs.parameters(0) else {
            let rank = try inputs.parameterCount(0)
            return [ValueFact(elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        return [ValueFact(elementType, try Shape(checked: wanted, what: "the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.parameter) }

    func compile(_ context: CompileContext) -> CompiledOperator {
        let byteCount = context.outputs[0].byteCount
        return CompiledOperator(
            LoopKernel { context in context.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) })
    }
}

/// Empty strings.
struct EmptyStrings: DynamicOperator {
    var name: String { "Empty" }
    var shapeOperands: Set<Int> { [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try Empty(elementType: .string).infer(inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let wanted = try context.required(0).integers ?? []
        let shape = try Shape(checked: wanted, what: "the output")
        let byteCount = ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)
        return try context.withScratch(byteCount) { () throws(OperatorError) in
            [.strings(StringTensor(shape: shape, elements: [[UInt8]](repeating: [], count: shape.elementCount)))]
        }
    }
}

/// Numbers at equal distances from start to stop, both among them.
///
/// - Shapes: start and stop (one number each), count → [count]; a single number is the start.
/// - Source: TensorFlow's LinSpace.
struct LinSpace: Operator {
    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let start = try inputs.required(0, of: ElementTypes.floatingPoint)
        try inputs.checkSameType(1, as: 0)
        for index in 0..<3 {
            if let shape = inputs[index]?.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a single number")
            }
        }
        guard let count = try inputs.parameters(2)?.first else { return [ValueFact(start.elementType, SymbolicShape([.unknown]))] }
        guard count > 0 else { throw .invalidValue("has \(count) numbers to give, expected at least one") }
        return [ValueFact(start.elementType, try Shape(checked: [count], what: "the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            let count = context.outputs[0].shape.elementCount
            return context.outputs[0].elementType == .float64
                ? Self.kernel(Double.self, count) : Self.kernel(Float.self, count)
        }
    }

    private static func kernel<Scalar: FloatingScalar>(_: Scalar.Type, _ count: Int) -> CompiledOperator {
        CompiledOperator(
            LoopKernel { context in
                let output = context.output(0, as: Scalar.self)
                let start = context.input(0, as: Scalar.self).pointee, stop = context.input(1, as: Scalar.self).pointee
                guard count > 1 else { return output[0] = start }
                let step = (stop - start) / Scalar(count - 1)
                for index in 0..<count - 1 { output[index] = start + step * Scalar(index) }
                output[count - 1] = stop
            })
    }
}

enum FillingOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Fill") { _ throws(OperatorError) in Fill() },
        .tensorFlow("Empty") { reader throws(OperatorError) in
            guard let type = try reader.elementType("dtype") else { throw .invalidAttribute(name: "dtype", reason: "is missing") }
            return type == .string ? EmptyStrings() : Empty(elementType: type)
        },
        .tensorFlow("LinSpace") { _ throws(OperatorError) in LinSpace() },
    ]
}
