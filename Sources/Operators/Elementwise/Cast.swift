import GraphIR
import Tensors

/// Converts every element to another type.
///
/// - Numerics: a float becomes the integer part, the nearest end of the range beyond it and 0 for NaN; an integer too wide
///   for its new type loses its high bits; to bool, everything but 0 is true; floats round to nearest, ties to even.
///   What becomes a `NarrowType` is limited as `rounding` says; one of its codes is exact in every float.
/// - Source: ONNX Cast (opset 1–25); `TextCast` is for strings.
struct Cast: TextCounterpart {
    let target: ElementType
    var rounding = NarrowType.Rounding()

    var onStrings: (any Operator)? { TextCast(target: target, rounding: rounding) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(target, try inputs.dense(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try Self.compile(context, to: target, rounding)
    }

    /// The conversion of input 0; a view when there is nothing to convert.
    static func compile(
        _ context: CompileContext, to target: ElementType, _ rounding: NarrowType.Rounding
    ) throws(OperatorError) -> CompiledOperator {
        let source = try context.input(0).elementType
        guard source != target else { return .view(of: 0) }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let source = try context.input(0), target = context.outputs[0].elementType
            let body = try body(from: source.elementType, to: target, rounding, source.shape.elementCount, context.functions)
            return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
        }
    }

    private static func body(
        from source: ElementType, to target: ElementType, _ rounding: NarrowType.Rounding, _ count: Int, _ functions: KernelFunctions
    ) throws(OperatorError) -> MapBody {
        guard source.narrow == nil, target.narrow == nil else {
            return try NarrowCast.body(from: source, to: target, rounding, count: count, functions)
        }
        return try Conversions.body(from: source, to: target, count: count, functions)
    }
}

/// Converts every element to the type of a second operand, whose contents do not matter.
///
/// - Source: ONNX CastLike (opset 15–25).
struct CastLike: TextCounterpart {
    var rounding = NarrowType.Rounding()

    var onStrings: (any Operator)? { TextCast(target: nil, rounding: rounding) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        return [ValueFact(try inputs.dense(1).elementType, try inputs.dense(0).shape)]
    }

    /// Of the second operand only the type matters.
    func rows(_ inputs: RowInputs) -> RowFlow { .all(inputs[0] ?? .shared, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try Cast.compile(context, to: context.outputs[0].elementType, rounding)
    }
}

extension Cast {
    /// The operator that the attribute `to` asks for: a number of `TensorProto.DataType`, before opset 6 its name.
    static func make(_ node: AttributeReader) throws(OperatorError) -> any Operator {
        let target = try target(node)
        return target == .string ? TextCast(target: .string) : Cast(target: target, rounding: try NarrowType.Rounding(node))
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

extension NarrowType.Rounding {
    /// Reads `saturate` (opset 19) and `round_mode` (opset 24).
    init(_ node: AttributeReader) throws(OperatorError) {
        self.init(
            saturates: try node.flag("saturate", default: true), exponent: try node.choice("round_mode", default: .up))
    }
}
