import CKernels
import GraphIR
import Tensors

/// Normalisation of channels-last data by the energy of neighbouring channels: x / (bias + alpha · Σ x²)^beta.
///
/// - Shapes: `x` [N, H, W, C] → as `x`; the sum takes `radius` channels on each side.
/// - Source: TensorFlow operator LRN.
struct NeighbourNormalization: Operator {
    let radius: Int
    let bias: Float
    let alpha: Float
    let beta: Float
    var name: String { "LRN" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        radius = try reader.integer("depth_radius", default: 5)
        bias = try reader.float("bias", default: 1)
        alpha = try reader.float("alpha", default: 1)
        beta = try reader.float("beta", default: 0.5)
        guard (0...WindowAttributes.limit).contains(radius) else {
            throw .invalidAttribute(name: "depth_radius", reason: "is \(radius), expected 0 to \(WindowAttributes.limit)")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        if let shape = x.shape, shape.rank != 4 {
            throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 4")
        }
        return [ValueFact(x.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0, 1, 2]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = try context.input(0).shape
            return CompiledOperator(
                NeighbourNormKernel(
                    kernels: context.functions, rows: shape.elementCount(in: 0..<3), channels: shape[3], before: radius, after: radius,
                    alpha: alpha, beta: beta, bias: bias))
        }
    }
}

/// Channels-last data, single precision.
struct NeighbourNormKernel: Kernel {
    let kernels: KernelFunctions
    let rows: Int
    let channels: Int
    let before: Int
    let after: Int
    let alpha: Float
    let beta: Float
    let bias: Float

    func run(_ context: KernelContext) {
        kernels.channelsLast.neighbour_norm_rows_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self), rows, channels, before, after, alpha, beta, bias)
    }
}
