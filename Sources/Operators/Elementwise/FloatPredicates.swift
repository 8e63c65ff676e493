import GraphIR
import Tensors

/// Tells element by element whether a floating-point number is of a special kind; the result is bool.
///
/// - Source: ONNX IsNaN (opset 9–20), IsInf (opset 10–20); TensorFlow IsNan, IsInf, IsFinite.
struct FloatPredicate: Operator {
    enum Kind: Sendable {
        case nan
        case finite
        case infinity(positive: Bool, negative: Bool)
    }

    let kind: Kind

    var name: String {
        switch kind {
        case .nan: "IsNaN"
        case .finite: "IsFinite"
        case .infinity: "IsInf"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let types = ElementTypes.floatingPoint.union(ElementTypes.eightBitFloats)
        return [ValueFact(.bool, try inputs.required(0, of: types).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let input = try context.input(0), count = input.shape.elementCount
            if let narrow = input.elementType.narrow { return CompiledOperator(LoopKernel(map: try body(count, narrow))) }
            let isDouble = input.elementType == .float64
            return CompiledOperator(LoopKernel(map: isDouble ? body(count, Double.self) : body(count, Float.self)))
        }
    }

    private func body(_ count: Int, _ narrow: NarrowType) throws(OperatorError) -> MapBody {
        try CodeTable(of: .bool, from: narrow.values, body(CodeTable.codeCount, Float.self)).body(count: count, for: name)
    }

    @inline(__always)
    private func body<Scalar: FloatingScalar>(_ count: Int, _: Scalar.Type) -> MapBody {
        switch kind {
        case .nan:
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.isNaN } }
        case .finite:
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.isFinite } }
        case .infinity(let positive, let negative):
            return { y, x in
                Loops.map(y, x, count) { (x: Scalar) in x == .infinity && positive || x == -.infinity && negative }
            }
        }
    }
}
