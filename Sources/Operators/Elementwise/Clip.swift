import CKernels
import GraphIR
import Tensors

/// Limits every element to a range; NaN stays NaN, and where the bounds cross the upper one wins.
///
/// - Types: every number. A bound that is left out is the end of the type's range.
/// - Source: ONNX Clip: bounds are attributes in opset 1–10, optional scalar inputs 1 (`min`) and 2 (`max`) from opset 11.
struct Clip: FusableActivation {
    enum Bounds: Sendable {
        case attributes(low: Float?, high: Float?)
        case inputs
    }

    let bounds: Bounds

    /// Whether the bounds are among the node's inputs.
    private var takesBounds: Bool {
        if case .inputs = bounds { true } else { false }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...(takesBounds ? 3 : 1))
        let data = try inputs.required(0, of: takesBounds ? ElementTypes.numbers : ElementTypes.floatingPoint)
        for index in 1..<3 where inputs[index] != nil {
            try inputs.checkSameType(index, as: 0)
            if let shape = try inputs.required(index).concrete?.shape, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a scalar")
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        // The ends of binary16 are narrower than those of the float32 that it is computed in.
        let ends: Float = try context.input(0).elementType == .float16 ? 65504 : .greatestFiniteMagnitude
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), count = data.shape.elementCount
            let inPlace = context.inPlace(0..<1)
            let given = (low: context.has(1), high: context.has(2))
            if case .attributes(let low, let high) = bounds {
                return CompiledOperator(try Self.kernel(context, count, low ?? -ends, high ?? ends), inPlace: inPlace)
            }
            if data.elementType == .float32 {
                let function = context.functions.elementwise.clip_f32
                return CompiledOperator(FloatClip(function: function, count: count, ends: ends, given: given), inPlace: inPlace)
            }
            let kernel = try Maker(count: count, given: given).make(data.elementType, for: name)
            return CompiledOperator(kernel, inPlace: inPlace)
        }
    }

    private static func kernel(
        _ context: CompileContext, _ count: Int, _ low: Float, _ high: Float
    ) throws(OperatorError) -> any Kernel {
        if try context.input(0).elementType == .float32 {
            let function = context.functions.elementwise.clip_f32
            return ParametricMapKernel(function: function, count: count, first: low, second: high)
        }
        let low = low == -.greatestFiniteMagnitude ? -Double.greatestFiniteMagnitude : Double(low)
        let high = high == .greatestFiniteMagnitude ? Double.greatestFiniteMagnitude : Double(high)
        return LoopKernel(map: { y, x in Loops.map(y, x, count) { (x: Double) in clipped(x, low, high) } })
    }

    private struct Maker: NumberMaker {
        let count: Int
        let given: (low: Bool, high: Bool)

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
            kernel(Scalar.min, Scalar.max)
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            kernel(-Scalar.greatestFiniteMagnitude, Scalar.greatestFiniteMagnitude)
        }

        @inline(__always)
        private func kernel<Scalar: Comparable & Sendable>(_ lowest: Scalar, _ highest: Scalar) -> LoopKernel {
            let count = count, given = given
            return LoopKernel { context in
                let low = given.low ? context.input(1, as: Scalar.self).pointee : lowest
                let high = given.high ? context.input(2, as: Scalar.self).pointee : highest
                Loops.map(context.output(0), context.input(0), count) { (x: Scalar) in clipped(x, low, high) }
            }
        }
    }
}

@inline(__always)
private func clipped<Scalar: Comparable>(_ x: Scalar, _ low: Scalar, _ high: Scalar) -> Scalar {
    let raised = x < low ? low : x
    return raised > high ? high : raised
}

/// Bounds are read when it runs, since they may be computed.
private struct FloatClip: Kernel {
    let function: apus_parametric_map_f32
    let count: Int
    let ends: Float
    let given: (low: Bool, high: Bool)

    func run(_ context: KernelContext) {
        let low = given.low ? context.input(1, as: Float.self).pointee : -ends
        let high = given.high ? context.input(2, as: Float.self).pointee : ends
        function(context.output(0, as: Float.self), context.input(0, as: Float.self), count, low, high)
    }
}

extension Clip {
    var fusedActivation: FusedActivation? {
        guard case .attributes(let low, let high) = bounds else { return nil }
        return .clip(low: low ?? -.greatestFiniteMagnitude, high: high ?? .greatestFiniteMagnitude)
    }

    func fusedActivation(of inputs: OperatorInputs) -> FusedActivation? {
        guard takesBounds else { return fusedActivation }
        guard let low = Self.constant(inputs, 1, absent: -.greatestFiniteMagnitude),
            let high = Self.constant(inputs, 2, absent: .greatestFiniteMagnitude)
        else { return nil }
        return .clip(low: low, high: high)
    }

    private static func constant(_ inputs: OperatorInputs, _ index: Int, absent: Float) -> Float? {
        guard let fact = inputs[index] else { return absent }
        guard let tensor = fact.constant, tensor.elementType == .float32, tensor.elementCount == 1 else { return nil }
        return tensor.values(Float.self)[0]
    }
}
