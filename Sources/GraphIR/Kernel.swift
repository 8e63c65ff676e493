package import Tensors

/// What compiling an operator gives.
package struct CompiledOperator: Sendable {
    package enum Body: Sendable {
        /// Output 0 is input `input` under another shape: no code, no copy.
        case view(input: Int)
        case kernel(any Kernel)
    }

    package let body: Body
    /// Scratch memory that each part of the kernel may write while it runs; contents do not survive.
    package let scratchByteCount: Int
    /// Outputs that may lie on the bytes of an input when nobody reads that input later.
    package let inPlace: [InPlace]
    /// Constant inputs that the kernel does not read, since it holds a prepared form of them.
    package let preparedInputs: Set<Int>

    package init(
        _ kernel: any Kernel, scratchByteCount: Int = 0, inPlace: [InPlace] = [], preparedInputs: Set<Int> = []
    ) {
        body = .kernel(kernel)
        self.scratchByteCount = scratchByteCount
        self.inPlace = inPlace
        self.preparedInputs = preparedInputs
    }

    private init(view input: Int) {
        body = .view(input: input)
        scratchByteCount = 0
        inPlace = []
        preparedInputs = []
    }

    package static func view(of input: Int) -> CompiledOperator { CompiledOperator(view: input) }
}

/// Permission to compute output `output` over input `input`, which then has the same byte count.
package struct InPlace: Sendable {
    package let output: Int
    package let input: Int

    package init(output: Int, input: Int) {
        self.output = output
        self.input = input
    }
}

/// Code for one node with concrete types: sizes, strides and packed constants are its stored values.
///
/// Allocates nothing, keeps nothing between runs; several threads may run the same kernel over different memory at once.
///
/// A kernel may be made of *parts* that write different places of the outputs, so that several threads can share one call.
package protocol Kernel: Sendable {
    /// Runs the whole kernel on the calling thread.
    ///
    /// - Throws: `.invalidValue` for contents that the operator refuses (an index out of range).
    func run(_ context: KernelContext) throws(OperatorError)

    /// Into how many parts a call can be split; 1 by default.
    var parts: Int { get }

    /// Runs part `part` of `parts`, in any order and at the same time as others, each with scratch memory of its own. All parts
    /// together do what `run(_:)` does.
    func run(part: Int, _ context: KernelContext) throws(OperatorError)
}

extension Kernel {
    package var parts: Int { 1 }

    package func run(part: Int, _ context: KernelContext) throws(OperatorError) {
        precondition(part == 0, "a kernel of one part was asked for part \(part)")
        try run(context)
    }
}

/// The memory of one kernel call: addresses of its inputs, then of its outputs.
///
/// Element counts and types are those the kernel was compiled for. Addresses are aligned to the element type only
/// (to 64 bytes when they lie in the arena). An absent optional input has an address that must not be read.
package struct KernelContext {
    package let operands: UnsafePointer<UnsafeMutableRawPointer>
    package let inputCount: Int
    package let scratch: UnsafeMutableRawPointer

    package init(
        operands: UnsafePointer<UnsafeMutableRawPointer>, inputCount: Int, scratch: UnsafeMutableRawPointer
    ) {
        self.operands = operands
        self.inputCount = inputCount
        self.scratch = scratch
    }

    @inline(__always)
    package func input<Scalar>(_ index: Int, as _: Scalar.Type) -> UnsafePointer<Scalar> {
        UnsafePointer(UnsafeRawPointer(operands[index]).assumingMemoryBound(to: Scalar.self))
    }

    @inline(__always)
    package func output<Scalar>(_ index: Int, as _: Scalar.Type) -> UnsafeMutablePointer<Scalar> {
        operands[inputCount + index].assumingMemoryBound(to: Scalar.self)
    }

    @inline(__always) package func input(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(operands[index]) }
    @inline(__always) package func output(_ index: Int) -> UnsafeMutableRawPointer { operands[inputCount + index] }
}

/// What a kernel is compiled for: concrete input and output types, and the inputs that are constant.
package struct CompileContext: Sendable {
    /// nil where an optional input is absent.
    package let inputs: [TensorSpec?]
    package let outputs: [TensorSpec]
    /// The machine code to build kernels of; nil for the best that the processor runs.
    package let kernels: KernelSet?
    private let constants: [Tensor?]
    private let store: ConstantStore?
    private let constantKeys: [Int?]
    /// Ends the name of every prepared form.
    private let formSuffix: String

    /// - Parameters:
    ///   - constants: contents of constant inputs, by input.
    ///   - constantKeys: for each constant input a number that names it within `store`, so that prepared forms are shared.
    package init(
        inputs: [TensorSpec?], outputs: [TensorSpec], constants: [Tensor?], kernels: KernelSet? = nil, store: ConstantStore? = nil,
        constantKeys: [Int?] = [], formSuffix: String = ""
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.constants = constants
        self.kernels = kernels
        self.store = store
        self.constantKeys = constantKeys
        self.formSuffix = formSuffix
    }

    package func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

    /// The input's type; the operator's `infer` has made sure that it is there.
    package func input(_ index: Int) throws(OperatorError) -> TensorSpec {
        guard index < inputs.count, let spec = inputs[index] else {
            throw .invalidInput(index: index, reason: "is missing")
        }
        return spec
    }

    package func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

    /// The same inputs and outputs under other types, with the same constants' keys: for a kernel that converts its operands
    /// around an inner one. Prepared forms of the inner kernel are named with `suffix`, since they are made of other contents.
    package func retyped(
        inputs: [TensorSpec?], outputs: [TensorSpec], constants: [Tensor?], suffix: String
    ) -> CompileContext {
        CompileContext(
            inputs: inputs, outputs: outputs, constants: constants, kernels: kernels, store: store, constantKeys: constantKeys,
            formSuffix: formSuffix + suffix)
    }

    /// A prepared form (packed, transposed) of the constant input `index`, made once for all plans of a model.
    ///
    /// - Parameters:
    ///   - form: names the preparation and everything it depends on: `"gemm-b/avx512"`.
    ///   - make: makes the form with `preparedTensor`.
    package func prepared(
        _ index: Int, form: String, make: (Tensor) throws(OperatorError) -> Tensor
    ) throws(OperatorError) -> Tensor? {
        guard let tensor = constant(index) else { return nil }
        guard let store, index < constantKeys.count, let key = constantKeys[index] else { return try make(tensor) }
        return try store.prepared(tensor, key: key, form: "\(form)\(formSuffix) of \(tensor.spec)") { () throws(OperatorError) in
            try make(tensor)
        }
    }

    /// Memory for a prepared form, counted against the model's, whose every byte `fill` must write.
    package func preparedTensor(
        _ spec: TensorSpec, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(OperatorError) -> Tensor {
        do {
            return try Tensor(spec, placement: .pages, allowance: store?.allowance, fill: fill)
        } catch {
            throw .memory(error)
        }
    }
}
