import GraphIR
import Tensors

/// Converts every element to another type.
///
/// - Numerics: a float becomes the integer part, the nearest end of the range beyond it and 0 for NaN; an integer too wide
///   for its new type loses its high bits; to bool, everything but 0 is true; floats round to nearest, ties to even.
/// - Source: ONNX Cast (opset 1–25), without 8-bit floats; `TextCast` is for strings.
struct Cast: TextCounterpart {
    let target: ElementType

    var onStrings: (any Operator)? { TextCast(target: target) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(target, try inputs.dense(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try Self.compile(context, to: target)
    }

    /// The conversion of input 0; a view when there is nothing to convert.
    static func compile(_ context: CompileContext, to target: ElementType) throws(OperatorError) -> CompiledOperator {
        let source = try context.input(0).elementType
        guard source != target else { return .view(of: 0) }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let source = try context.input(0), target = context.outputs[0].elementType
            let body = try Conversions.body(
                from: source.elementType, to: target, count: source.shape.elementCount, context.functions)
            return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
        }
    }
}

/// Converts every element to the type of a second operand, whose contents do not matter.
///
/// - Source: ONNX CastLike (opset 15–25).
struct CastLike: TextCounterpart {
    var onStrings: (any Operator)? { TextCast(target: nil) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        return [ValueFact(try inputs.dense(1).elementType, try inputs.dense(0).shape)]
    }

    /// Of the second operand only the type matters.
    func rows(_ inputs: RowInputs) -> RowFlow { .all(inputs[0] ?? .shared, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try Cast.compile(context, to: context.outputs[0].elementType)
    }
}

extension Cast {
    /// The operator that the attribute `to` asks for: a number of `TensorProto.DataType`, before opset 6 its name.
    static func make(_ node: AttributeReader) throws(OperatorError) -> any Operator {
        let target = try target(node)
        return target == .string ? TextCast(target: .string) : Cast(target: target)
    }

    private static func target(_ node: AttributeReader) throws(OperatorError) -> ElementType {
        if node.version < 6 {
            let text = try node.string("to", default: "")
            guard let type = types[text.uppercased()] else {
                throw .invalidAttribute(name: "to", reason: "is \"\(text)\", expected the name of an element type")
            }
            return type
        }
        guard let number = try node.integer("to") else {
            throw .invalidAttribute(name: "to", reason: "is missing, expected an element type")
        }
        guard let type = ElementType(onnxNumber: number) else { throw .unsupported("a cast to TensorProto data type \(number)") }
        return type
    }

    private static let types: [String: ElementType] = [
        "FLOAT": .float32, "DOUBLE": .float64, "FLOAT16": .float16, "BOOL": .bool,
        "INT8": .int8, "INT16": .int16, "INT32": .int32, "INT64": .int64,
        "UINT8": .uint8, "UINT16": .uint16, "UINT32": .uint32, "UINT64": .uint64, "STRING": .string,
    ]
}
