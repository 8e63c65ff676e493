import CKernels
import GraphIR
import Tensors

/// Lets an operator that computes in float32 take and give float16 and bfloat16.
///
/// The operator is compiled as if those operands were float32; around its kernel the inputs are widened into scratch
/// memory (constant ones once, when the kernel is made, and weights only while they are packed) and the outputs are rounded back.
enum HalfPrecisionBridge {
    /// Compiles with `make`, which sees float32 wherever `context` has a 16-bit float.
    ///
    /// - Parameter weights: inputs whose constant contents `make` reads through `CompileContext.prepared` alone. It meets them in
    ///   their own type there, so that no float32 copy of them stays beside what is packed of them.
    static func compile(
        _ context: CompileContext, weights: Set<Int> = [],
        _ make: (CompileContext) throws(OperatorError) -> CompiledOperator
    ) throws(OperatorError) -> CompiledOperator {
        let specs = context.inputs.compactMap(\.self) + context.outputs
        guard let half = specs.first(where: \.elementType.isHalfPrecision)?.elementType else { return try make(context) }
        var constants = context.inputs.indices.map { context.constant($0) }
        for index in constants.indices where !weights.contains(index) { constants[index] = try widenedConstant(index, context) }
        let wide = context.retyped(
            inputs: context.inputs.map { $0.map(widened) }, outputs: context.outputs.map(widened), constants: constants,
            suffix: "/from-\(half)")
        let compiled = try make(wide)
        guard case .kernel(let kernel) = compiled.body else { return compiled }
        for index in weights where index < constants.count && !compiled.preparedInputs.contains(index) {
            constants[index] = try widenedConstant(index, context)
        }
        return bridged(kernel, compiled, context, constants)
    }

    private static func widened(_ spec: TensorSpec) -> TensorSpec {
        spec.elementType.isHalfPrecision ? TensorSpec(.float32, spec.shape) : spec
    }

    private static func widenedConstant(_ index: Int, _ context: CompileContext) throws(OperatorError) -> Tensor? {
        guard let constant = context.constant(index), constant.elementType.isHalfPrecision else { return context.constant(index) }
        // Every level widens exactly, so the form needs no level in its name.
        return try context.prepared(index, form: "float32") { (tensor) throws(OperatorError) in try widened(tensor, context) }
    }

    /// The tensor itself, or in float32 when it is of a 16-bit float type.
    static func widened(_ tensor: Tensor, _ context: CompileContext) throws(OperatorError) -> Tensor {
        guard tensor.elementType.isHalfPrecision else { return tensor }
        let convert = Conversion(tensor.elementType, context.functions.cast)
        return try context.preparedTensor(TensorSpec(.float32, tensor.shape)) { bytes in
            tensor.withBytes { source in
                guard let from = source.baseAddress, let to = bytes.baseAddress else { return }
                convert.widen(to, from, tensor.elementCount)
            }
        }
    }

    private static func bridged(
        _ kernel: any Kernel, _ compiled: CompiledOperator, _ context: CompileContext, _ constants: [Tensor?]
    ) -> CompiledOperator {
        let cast = context.functions.cast
        var layout = ScratchLayout(operandCount: context.inputs.count + context.outputs.count)
        let inputs = context.inputs.enumerated().map { index, spec -> BridgedKernel.Operand in
            guard let spec, spec.elementType.isHalfPrecision, !compiled.preparedInputs.contains(index) else { return .asIs }
            if let constant = constants[index] { return .constant(constant) }
            return .converted(Conversion(spec.elementType, cast), spec.shape.elementCount, offset: layout.reserve(spec))
        }
        let outputs = context.outputs.map { spec -> BridgedKernel.Operand in
            guard spec.elementType.isHalfPrecision else { return .asIs }
            return .converted(Conversion(spec.elementType, cast), spec.shape.elementCount, offset: layout.reserve(spec))
        }
        let bridged = BridgedKernel(kernel: kernel, inputs: inputs, outputs: outputs, innerScratch: layout.byteCount)
        let held = inputs.indices.filter { if case .constant = inputs[$0] { true } else { false } }
        return CompiledOperator(
            bridged, scratchByteCount: ByteCount.sum(layout.byteCount, compiled.scratchByteCount),
            preparedInputs: compiled.preparedInputs.union(held))
    }
}

/// Where the widened operands lie in scratch memory: after the table of their addresses.
private struct ScratchLayout {
    private(set) var byteCount: Int

    init(operandCount: Int) {
        byteCount = Self.aligned(operandCount * MemoryLayout<UnsafeMutableRawPointer>.stride)
    }

    mutating func reserve(_ spec: TensorSpec) -> Int {
        defer { byteCount = ByteCount.sum(byteCount, Self.aligned(ByteCount.of(Float.self, spec.shape.elementCount))) }
        return byteCount
    }

    private static func aligned(_ byteCount: Int) -> Int { ByteCount.aligned(byteCount, to: TensorStorage.alignment) }
}

/// Both directions between one 16-bit float type and float32.
private struct Conversion: Sendable {
    private let toFloat: @Sendable @convention(c) (UnsafeMutablePointer<Float>, UnsafePointer<UInt16>, Int) -> Void
    private let toHalf: @Sendable @convention(c) (UnsafeMutablePointer<UInt16>, UnsafePointer<Float>, Int) -> Void

    init(_ type: ElementType, _ kernels: apus_cast_kernels) {
        toFloat = type == .float16 ? kernels.f16_to_f32 : kernels.bf16_to_f32
        toHalf = type == .float16 ? kernels.f32_to_f16 : kernels.f32_to_bf16
    }

    func widen(_ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int) {
        toFloat(to.assumingMemoryBound(to: Float.self), from.assumingMemoryBound(to: UInt16.self), count)
    }

    func narrow(_ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int) {
        toHalf(to.assumingMemoryBound(to: UInt16.self), from.assumingMemoryBound(to: Float.self), count)
    }
}

/// Widens, runs the kernel for float32, rounds.
private struct BridgedKernel: Kernel {
    enum Operand: Sendable {
        case asIs
        case constant(Tensor)
        case converted(Conversion, Int, offset: Int)
    }

    let kernel: any Kernel
    let inputs: [Operand]
    let outputs: [Operand]
    /// Where the inner kernel's scratch memory begins in ours.
    let innerScratch: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let table = context.scratch.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        for index in inputs.indices {
            switch inputs[index] {
            case .asIs:
                table[index] = context.operands[index]
            case .constant(let tensor):
                table[index] = UnsafeMutableRawPointer(mutating: tensor.view.baseAddress)
            case .converted(let conversion, let count, let offset):
                table[index] = context.scratch + offset
                conversion.widen(table[index], context.input(index), count)
            }
        }
        for index in outputs.indices {
            if case .converted(_, _, let offset) = outputs[index] {
                table[inputs.count + index] = context.scratch + offset
            } else {
                table[inputs.count + index] = context.output(index)
            }
        }
        try kernel.run(
            KernelContext(operands: table, inputCount: inputs.count, scratch: context.scratch + innerScratch))
        for index in outputs.indices {
            if case .converted(let conversion, let count, _) = outputs[index] {
                conversion.narrow(context.output(index), table[inputs.count + index], count)
            }
        }
    }
}
