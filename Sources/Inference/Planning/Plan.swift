import GraphIR
package import Tensors

/// A region made ready for concrete input shapes: kernels in order and where each operand lies.
///
/// A small immutable table, shared by all threads; memory comes from the workspace that runs it.
@safe package final class Plan: Sendable {
    /// One kernel call. Noncopyable and outside an array, so that running a step copies no reference to its kernel.
    struct Step: ~Copyable, Sendable {
        let kernel: any Kernel
        /// Place of the first operand in `operands`: inputs, then outputs.
        let firstOperand: Int
        let inputCount: Int
        /// Byte offset of the scratch memory in the arena.
        let scratchOffset: Int

        /// - Parameters:
        ///   - operands: the plan's, bound to addresses.
        ///   - base: of the arena.
        @unsafe borrowing func run(
            _ operands: UnsafePointer<UnsafeMutableRawPointer>, base: UnsafeMutableRawPointer
        ) throws(OperatorError) {
            try kernel.run(
                unsafe KernelContext(operands: operands + firstOperand, inputCount: inputCount, scratch: base + scratchOffset))
        }
    }

    /// What a step is, for messages and profiles.
    package struct StepNote: Sendable {
        package let node: String
        package let operatorName: String
        package let inputs: [Location]
        package let outputs: [Location]
        package let outputSpecs: [TensorSpec]
        package let scratchByteCount: Int
    }

    /// Where a value's bytes are.
    package enum Location: Sendable {
        /// An optional input left out, or one that the kernel holds in a form of its own.
        case absent
        case constant(Tensor)
        /// The memory of input `index`.
        case input(Int)
        /// Byte offset in the arena.
        case arena(Int)
    }

    /// A location as a run needs it.
    enum Operand: Sendable {
        case arena(Int)
        case input(Int)
        case address(ConstantAddress)
    }

    /// The address of a constant, which the plan keeps alive.
    @safe struct ConstantAddress: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    struct Output: Sendable {
        let location: Location
        let spec: TensorSpec
        /// The location as a run needs it.
        let operand: Operand

        init(location: Location, spec: TensorSpec) {
            (self.location, self.spec) = (location, spec)
            operand = Operand(location)
        }
    }

    package let inputs: [TensorSpec]
    let stepCount: Int
    /// In order.
    nonisolated(unsafe) let steps: UnsafeMutablePointer<Step>
    package let notes: [StepNote]
    let operands: [Operand]
    package let arenaByteCount: Int
    /// Bytes at the start of the arena that hold the outputs.
    let keptByteCount: Int
    let outputs: [Output]
    /// About what the plan's tables take.
    let tableByteCount: Int
    /// Tables and the constants that only this plan has.
    let byteCount: Int

    /// - Parameter constantByteCount: bytes of constants that belong to this plan alone.
    init(
        inputs: [TensorSpec], kernels: [(kernel: any Kernel, note: StepNote, scratchOffset: Int)], arenaByteCount: Int,
        keptByteCount: Int, outputs: [Output], constantByteCount: Int
    ) {
        self.inputs = inputs
        self.arenaByteCount = arenaByteCount
        self.keptByteCount = keptByteCount
        self.outputs = outputs
        notes = kernels.map(\.note)
        stepCount = kernels.count
        unsafe steps = .allocate(capacity: kernels.count)
        var operands: [Operand] = []
        for (index, (kernel, note, scratchOffset)) in kernels.enumerated() {
            let step = Step(
                kernel: kernel, firstOperand: operands.count, inputCount: note.inputs.count, scratchOffset: scratchOffset)
            unsafe (steps + index).initialize(to: step)
            operands += (note.inputs + note.outputs).map(Operand.init)
        }
        self.operands = operands
        tableByteCount = kernels.count * Self.stepByteCount + operands.count * Self.operandByteCount
        byteCount = constantByteCount + tableByteCount
    }

    deinit {
        unsafe steps.deinitialize(count: stepCount)
        unsafe steps.deallocate()
    }

    /// About what a step takes: its entry, its note with the names, the kernel's own fields.
    private static let stepByteCount = 512
    private static let operandByteCount = 96
}

extension Plan.Operand {
    fileprivate init(_ location: Plan.Location) {
        switch location {
        case .absent: self = .arena(0)
        case .constant(let tensor):
            // The plan's notes hold the tensor.
            self = unsafe .address(Plan.ConstantAddress(pointer: tensor.storage.baseAddress))
        case .input(let index): self = .input(index)
        case .arena(let offset): self = .arena(offset)
        }
    }

    /// In a run whose arena is at `base`.
    @inline(__always)
    @unsafe func address(
        base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>
    ) -> UnsafeMutableRawPointer {
        switch self {
        case .arena(let offset): unsafe base + offset
        case .input(let index): unsafe UnsafeMutableRawPointer(mutating: inputs[index])
        case .address(let constant): unsafe constant.pointer
        }
    }
}
