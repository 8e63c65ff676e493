import GraphIR
import Tensors

/// Hands its input on, and refuses one that holds an infinity or no number.
///
/// - Source: TensorFlow CheckNumerics, CheckNumericsV2.
struct CheckNumerics: Operator {
    let message: String

    var effects: Effects { .checks }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.floatingPoint).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), message = message
            let isDouble = data.elementType == .float64, count = data.shape.elementCount
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let found = isDouble ? found(context, count, Double.self) : found(context, count, Float.self)
                if found.nan || found.infinity {
                    let what = [found.infinity ? "Inf" : nil, found.nan ? "NaN" : nil].compactMap(\.self).joined(separator: " and ")
                    throw .invalidValue("\(message) : Tensor had \(what) values")
                }
                if context.input(0) != UnsafeRawPointer(context.output(0)) {
                    context.output(0).copyMemory(from: context.input(0), byteCount: data.byteCount)
                }
            }
            return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
        }
    }
}

@inline(__always)
private func found<Scalar: FloatingScalar>(_ context: KernelContext, _ count: Int, _: Scalar.Type) -> (nan: Bool, infinity: Bool) {
    let x = context.input(0, as: Scalar.self)
    var nan = false, infinity = false
    for i in 0..<count {
        nan = nan || x[i].isNaN
        infinity = infinity || x[i].isInfinite
    }
    return (nan, infinity)
}
