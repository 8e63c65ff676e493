package import Tensors

extension Operator {
    /// What the operator gives for these tensors, by itself: typed from the contents, compiled, run into memory of its own.
    ///
    /// - Parameters:
    ///   - inputs: nil where an optional input is absent; may be borrowed, which the outputs are not.
    ///   - kernels: as in `CompileContext`.
    ///   - allowance: charged with the outputs and with scratch memory.
    package func computed(
        _ inputs: [Tensor?], outputCount: Int, kernels: KernelSet?, allowance: MemoryAllowance?
    ) throws(OperatorError) -> [Tensor] {
        let facts = try infer(OperatorInputs(inputs.map { $0.map(ValueFact.init(constant:)) }, outputCount: outputCount))
        let constants = facts.compactMap(\.constant)
        if constants.count == facts.count { return try constants.map { (tensor) throws(OperatorError) in try owned(tensor, allowance) } }
        var specs: [TensorSpec] = []
        for fact in facts {
            guard let spec = fact.concrete else { throw refusal(of: fact, allowance) }
            specs.append(spec)
        }
        // Before the kernel computes anything from the sizes.
        var results: [Tensor] = []
        for spec in specs { results.append(try tensor(spec, allowance)) }
        let compiled = try compile(
            CompileContext(inputs: inputs.map { $0?.spec }, outputs: specs, constants: inputs, kernels: kernels))
        switch compiled.body {
        case .view(let input):
            guard input < inputs.count, let tensor = inputs[input] else {
                throw .invalidInput(index: input, reason: "is missing")
            }
            guard tensor.storage.isBorrowed else { return [tensor.reshaped(specs[0].shape)] }
            results[0].storage.baseAddress.copyMemory(from: tensor.storage.baseAddress, byteCount: specs[0].byteCount)
            return [results[0]]
        case .kernel(let kernel):
            let scratch = try storage(max(compiled.scratchByteCount, 1), allowance)
            try run(kernel, inputs: inputs, outputs: results, scratch: scratch)
            return results
        }
    }

    private func refusal(of fact: ValueFact, _ allowance: MemoryAllowance?) -> OperatorError {
        guard fact.valueType.isDense else { return .unsupported("an output of type \(fact.valueType) of a kernel") }
        if let shape = fact.shape, shape.dimensions.allSatisfy({ $0.value != nil }) {
            return .memory(MemoryRefusal(.limit, byteCount: .max, available: allowance?.byteLimit ?? .max))
        }
        return .unsupported("an output shape that does not follow from the inputs (\(fact.type))")
    }

    private func owned(_ tensor: Tensor, _ allowance: MemoryAllowance?) throws(OperatorError) -> Tensor {
        do { return try tensor.owned(allowance: allowance) } catch { throw .memory(error) }
    }

    private func tensor(_ spec: TensorSpec, _ allowance: MemoryAllowance?) throws(OperatorError) -> Tensor {
        do { return try Tensor(spec, allowance: allowance) { _ in } } catch { throw .memory(error) }
    }

    private func storage(_ byteCount: Int, _ allowance: MemoryAllowance?) throws(OperatorError) -> TensorStorage {
        do { return try TensorStorage(byteCount: byteCount, allowance: allowance) } catch { throw .memory(error) }
    }

    private func run(
        _ kernel: any Kernel, inputs: [Tensor?], outputs: [Tensor], scratch: TensorStorage
    ) throws(OperatorError) {
        var operands = inputs.map { $0?.storage.baseAddress ?? scratch.baseAddress }
        for output in outputs { operands.append(output.storage.baseAddress) }
        let outcome: Result<Void, OperatorError> = operands.withUnsafeBufferPointer { operands in
            // An empty buffer may have no address; a kernel without operands reads none.
            let base = operands.baseAddress ?? UnsafePointer(scratch.baseAddress.assumingMemoryBound(to: UnsafeMutableRawPointer.self))
            let context = KernelContext(operands: base, inputCount: inputs.count, scratch: scratch.baseAddress)
            return Result { () throws(OperatorError) in try kernel.run(context) }
        }
        withExtendedLifetime((inputs, outputs, scratch)) {}
        try outcome.get()
    }
}
