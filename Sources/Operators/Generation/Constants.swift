import GraphIR
import Tensors

/// A tensor that is part of the model.
///
/// - Source: ONNX operator Constant, in every attribute form but sparse tensors; `TextConstant` is for strings.
struct Constant: Operator {
    let tensor: Tensor

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(0...0)
        return [ValueFact(constant: tensor)]
    }

    func compile(_ context: CompileContext) -> CompiledOperator { CompiledOperator(ConstantKernel(tensor: tensor)) }

    /// The one form that the node has.
    static func read(_ reader: AttributeReader) throws(OperatorError) -> any Operator {
        if let texts = try TextConstant.read(reader) { return texts }
        if let tensor = try reader.tensor("value") { return Constant(tensor: tensor) }
        if let value = try reader.float("value_float") { return Constant(tensor: Tensor(scalar: value)) }
        if let value = try reader.integer("value_int") { return Constant(tensor: Tensor(scalar: Int64(value))) }
        if let values = try reader.floats("value_floats") {
            return Constant(tensor: Tensor(values, shape: [values.count]))
        }
        if let values = try reader.integers("value_ints") {
            return Constant(tensor: Tensor(values.map(Int64.init), shape: [values.count]))
        }
        guard !reader.has("sparse_value") else { throw .unsupported("a constant given as sparse_value") }
        throw .invalidAttribute(name: "value", reason: "is missing, and so is every other form of the constant")
    }
}

/// A tensor of strings that is part of the model.
///
/// - Source: ONNX operator Constant.
struct TextConstant: DynamicOperator {
    let tensor: StringTensor

    /// nil when the node's constant is no string.
    fileprivate static func read(_ reader: AttributeReader) throws(OperatorError) -> TextConstant? {
        if case .strings(let tensor)? = try reader.tensorValue("value") { return TextConstant(tensor: tensor) }
        if let text = try reader.string("value_string") {
            return TextConstant(tensor: StringTensor(shape: .scalar, elements: [Array(text.utf8)]))
        }
        return try reader.strings("value_strings").map { texts in
            TextConstant(tensor: StringTensor(shape: [texts.count], elements: texts.map { Array($0.utf8) }))
        }
    }

    var name: String { "Constant" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(0...0)
        return [ValueFact(constant: .strings(tensor))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { [.strings(tensor)] }
}

/// A tensor of the wanted shape, filled with one value.
///
/// - Shapes: shape int64 [r] → a tensor of rank r; without a value float32 zeros.
/// - Source: ONNX operator ConstantOfShape.
struct ConstantOfShape: Operator {
    let value: Tensor

    init(value: Tensor?) throws(OperatorError) {
        let value = value ?? Tensor([0] as [Float], shape: [1])
        guard value.elementCount == 1, value.elementType != .string else {
            throw .invalidAttribute(name: "value", reason: "is \(value.spec), expected a single number")
        }
        self.value = value
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let wanted = try inputs.parameters(0) else {
            _ = try inputs.required(0)
            let rank = try inputs.parameterCount(0)
            return [ValueFact(value.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        return [ValueFact(value.elementType, try Shape(checked: wanted, what: "the output"))]
    }

    var shapeOperands: Set<Int> { [0] }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.parameter) }

    func compile(_ context: CompileContext) -> CompiledOperator {
        CompiledOperator(FillKernel(value: value, count: context.outputs[0].shape.elementCount))
    }
}

private struct FillKernel: Kernel {
    let value: Tensor
    let count: Int

    func run(_ context: KernelContext) {
        fillElements(
            context.output(0), count: count, elementByteCount: value.elementType.byteCount,
            UnsafeRawPointer(value.storage.baseAddress))
    }
}
