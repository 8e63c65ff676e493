import CKernels
import GraphIR
import Tensors

/// An activation function of each element by itself.
///
/// - Types: floating point; Relu also signed integers.
/// - Numerics: at −inf the functions that multiply by a vanishing factor answer −0, their limit, where the formula has NaN.
/// - Source: ONNX operators of the functions' names, up to opset 24.
struct Activation: FusableActivation {
    enum Function: Sendable, Hashable {
        /// max(x, 0)
        case relu
        /// x < 0 ? alpha·x : x
        case leakyRelu(alpha: Float)
        /// x < 0 ? alpha·(eˣ − 1) : x
        case elu(alpha: Float)
        /// x < 0 ? alpha·(e^(x/alpha) − 1) : x
        case celu(alpha: Float)
        /// gamma·(x < 0 ? alpha·(eˣ − 1) : x)
        case selu(alpha: Float, gamma: Float)
        /// 1 / (1 + e⁻ˣ)
        case sigmoid
        /// min(max(alpha·x + beta, 0), 1)
        case hardSigmoid(alpha: Float, beta: Float)
        /// x·min(max(x/6 + 1/2, 0), 1)
        case hardSwish
        case tanh
        /// ln(1 + eˣ)
        case softplus
        /// x / (1 + |x|)
        case softsign
        /// x·Φ(x), or its approximation by tanh
        case gelu(approximated: Bool)
        /// x·tanh(softplus(x))
        case mish
        /// x > alpha ? x : 0
        case thresholdedRelu(alpha: Float)
        /// x < −lambd ? x + bias : x > lambd ? x − bias : 0
        case shrink(bias: Float, lambd: Float)
        /// x·sigmoid(alpha·x)
        case swish(alpha: Float)
    }

    let function: Function

    init(_ function: Function) { self.function = function }

    var name: String {
        switch function {
        case .relu: "Relu"
        case .leakyRelu: "LeakyRelu"
        case .elu: "Elu"
        case .celu: "Celu"
        case .selu: "Selu"
        case .sigmoid: "Sigmoid"
        case .hardSigmoid: "HardSigmoid"
        case .hardSwish: "HardSwish"
        case .tanh: "Tanh"
        case .softplus: "Softplus"
        case .softsign: "Softsign"
        case .gelu: "Gelu"
        case .mish: "Mish"
        case .thresholdedRelu: "ThresholdedRelu"
        case .shrink: "Shrink"
        case .swish: "Swish"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let isRelu = function == .relu
        let types = isRelu ? ElementTypes.floatingPoint.union(ElementTypes.signedIntegers) : ElementTypes.floatingPoint
        return [ValueFact(try inputs.required(0, of: types).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            CompiledOperator(try kernel(context.outputs[0], context.functions.elementwise), inPlace: context.inPlace(0..<1))
        }
    }

    private func kernel(_ spec: TensorSpec, _ kernels: apus_elementwise_kernels) throws(OperatorError) -> any Kernel {
        let count = spec.shape.elementCount
        switch spec.elementType {
        case .float32: return floatKernel(count, kernels)
        case .float64: return LoopKernel(map: ActivationOfDouble.body(function, count))
        default: return LoopKernel(map: try IntegerRelu(count: count).make(spec.elementType, for: name))
        }
    }

    private func floatKernel(_ count: Int, _ kernels: apus_elementwise_kernels) -> any Kernel {
        func map(_ function: @escaping apus_map_f32) -> any Kernel { FloatMapKernel(function: function, count: count) }
        func map(_ function: @escaping apus_parametric_map_f32, _ first: Float, _ second: Float = 0) -> any Kernel {
            ParametricMapKernel(function: function, count: count, first: first, second: second)
        }
        return switch function {
        case .relu: map(kernels.relu_f32)
        case .leakyRelu(let alpha): map(kernels.leaky_relu_f32, alpha)
        case .elu(let alpha): map(kernels.elu_f32, alpha)
        case .celu(let alpha): map(kernels.celu_f32, alpha)
        case .selu(let alpha, let gamma): map(kernels.selu_f32, alpha, gamma)
        case .sigmoid: map(kernels.sigmoid_f32)
        case .hardSigmoid(let alpha, let beta): map(kernels.hard_sigmoid_f32, alpha, beta)
        case .hardSwish: map(kernels.hard_swish_f32)
        case .tanh: map(kernels.tanh_f32)
        case .softplus: map(kernels.softplus_f32)
        case .softsign: map(kernels.softsign_f32)
        case .gelu(let approximated): map(approximated ? kernels.gelu_tanh_f32 : kernels.gelu_f32)
        case .mish: map(kernels.mish_f32)
        case .thresholdedRelu(let alpha): map(kernels.thresholded_relu_f32, alpha)
        case .shrink(let bias, let lambd): map(kernels.shrink_f32, lambd, bias)
        case .swish(let alpha): alpha == 1 ? map(kernels.silu_f32) : map(kernels.swish_f32, alpha)
        }
    }

    private struct IntegerRelu: NumberMaker {
        let count: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
            let count = count
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in max(x, 0) } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
            throw .unsupported("an integer function of \(Scalar.elementType)")
        }
    }
}

extension Activation {
    var fusedActivation: FusedActivation? {
        switch function {
        case .relu: .relu
        case .leakyRelu(let alpha): .leakyRelu(alpha: alpha)
        case .sigmoid: .sigmoid
        case .hardSigmoid(let alpha, let beta): .hardSigmoid(alpha: alpha, beta: beta)
        case .hardSwish: .hardSwish
        case .tanh: .tanh
        case .gelu(let approximated): approximated ? .geluByTanh : .gelu
        case .swish(alpha: 1): .silu
        default: nil
        }
    }
}
