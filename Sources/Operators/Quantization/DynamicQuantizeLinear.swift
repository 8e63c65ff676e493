import CKernels
import GraphIR
import Tensors

/// The scale and the zero point with which uint8 covers all of some numbers, and 0.
struct DynamicRange {
    let scale: Float
    let zero: Int32

    init(_ x: UnsafePointer<Float>, count: Int, _ kernels: KernelFunctions) {
        var low: Float = 0, high: Float = 0
        kernels.quantized.range_f32(&low, &high, x, count)
        scale = low == high ? 1 : (high - low) / 255
        zero = LinearRounding(UInt8.self, zero: 0).integer(0 - low / scale)
    }

    func quantize(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<UInt8>, count: Int, _ kernels: KernelFunctions) {
        let limits = LinearRounding.limits(isSigned: false, zero: zero)
        kernels.quantized.quantize_f32(y, x, count, scale, limits.lowest, limits.highest, zero)
    }
}

/// Numbers as uint8, over a range that they decide.
///
/// - Shapes: data [D…] → uint8 [D…], a scalar float32 scale, a scalar uint8 zero point.
/// - Numerics: the range holds 0; of numbers that are all 0 the scale is 1.
/// - Source: ONNX operator DynamicQuantizeLinear, opset 11.
struct DynamicQuantizeLinear: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: [.float32])
        return [ValueFact(.uint8, data.shape), ValueFact(.float32, Shape.scalar), ValueFact(.uint8, Shape.scalar)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount, kernels = context.functions
        return CompiledOperator(
            LoopKernel { context in
                let x = context.input(0, as: Float.self), range = DynamicRange(x, count: count, kernels)
                range.quantize(x, to: context.output(0, as: UInt8.self), count: count, kernels)
                context.output(1, as: Float.self).pointee = range.scale
                context.output(2, as: UInt8.self).pointee = UInt8(truncatingIfNeeded: range.zero)
            })
    }
}
