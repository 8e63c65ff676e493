import GraphIR
import Tensors

/// Runs one node by itself, ahead of plans or between them: infer from contents, compile, run into fresh memory.
struct NodeEvaluator {
    let state: ModelState

    /// - Parameters:
    ///   - inputs: contents; valid during the call.
    ///   - allowance: charged with the outputs and with scratch memory.
    /// - Throws: `OperatorError` of the operator, or whatever a subgraph throws.
    func evaluate(
        _ node: Node, inputs: [ValueView?], subgraphs: [any SubgraphRunner], allowance: MemoryAllowance, token: RunToken?
    ) throws -> [RuntimeValue] {
        if let op = node.op as? any DynamicOperator {
            let context = EvaluationContext(
                inputs: inputs, outputCount: node.outputs.count, allowance: allowance, subgraphs: subgraphs,
                checkpoint: { () throws(OperatorError) in if token?.isStopped ?? false { throw .stopped } })
            return try op.evaluate(context)
        }
        var tensors: [Tensor?] = []
        for (index, input) in inputs.enumerated() {
            switch input {
            case nil: tensors.append(nil)
            case .dense(let view): tensors.append(unsafe Tensor(borrowing: view))
            case .object(let value):
                throw OperatorError.invalidInput(index: index, reason: "is \(value.kind), expected a dense tensor")
            }
        }
        return try compute(node, inputs: tensors, allowance: allowance).map(RuntimeValue.tensor)
    }

    /// The node's outputs when they may be computed ahead: nil when they are no dense tensors, larger than `maximumByteCount`, or
    /// made by subgraphs.
    func fold(_ node: Node, inputs: [Tensor?], maximumByteCount: Int) throws(OperatorError) -> [Tensor]? {
        guard node.subgraphs.isEmpty, node.effects.isDeterministic else { return nil }
        let allowance = MemoryAllowance(byteLimit: maximumByteCount, ledger: state.held)
        do throws(OperatorError) {
            if let op = node.op as? any DynamicOperator { return try fold(node, op, inputs, allowance) }
            return try compute(node, inputs: inputs, allowance: allowance)
        } catch {
            if case .memory(let refusal) = error, refusal.cause == .limit { return nil }
            throw error
        }
    }

    private func fold(
        _ node: Node, _ op: any DynamicOperator, _ inputs: [Tensor?], _ allowance: MemoryAllowance
    ) throws(OperatorError) -> [Tensor]? {
        let context = EvaluationContext(
            inputs: inputs.map { $0.map { .dense($0.view) } }, outputCount: node.outputs.count, allowance: allowance)
        let results: [RuntimeValue]
        do {
            results = try withExtendedLifetime(inputs) { try op.evaluate(context) }
        } catch let error as OperatorError {
            throw error
        } catch {
            throw .invalidValue("\(error)")
        }
        let tensors = results.compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
        return tensors.count == results.count ? tensors : nil
    }

    private func compute(_ node: Node, inputs: [Tensor?], allowance: MemoryAllowance) throws(OperatorError) -> [Tensor] {
        let facts = try node.op.infer(
            OperatorInputs(inputs.map { $0.map(ValueFact.init(constant:)) }, outputCount: node.outputs.count))
        let constants = facts.compactMap(\.constant)
        if constants.count == facts.count { return try constants.map { (tensor) throws(OperatorError) in try owned(tensor, allowance) } }
        var specs: [TensorSpec] = []
        for fact in facts {
            guard let spec = fact.concrete else { throw refusal(of: fact) }
            specs.append(spec)
        }
        // Before the kernel computes anything from the sizes.
        var results: [Tensor] = []
        for spec in specs { results.append(try tensor(spec, allowance)) }
        let compiled = try node.op.compile(
            CompileContext(inputs: inputs.map { $0?.spec }, outputs: specs, constants: inputs, kernels: state.kernels))
        switch compiled.body {
        case .view(let input):
            guard input < inputs.count, let tensor = inputs[input] else {
                throw .invalidInput(index: input, reason: "is missing")
            }
            guard tensor.storage.isBorrowed else { return [tensor.reshaped(specs[0].shape)] }
            unsafe results[0].storage.baseAddress.copyMemory(from: tensor.storage.baseAddress, byteCount: specs[0].byteCount)
            return [results[0]]
        case .kernel(let kernel):
            let scratch = try storage(max(compiled.scratchByteCount, 1), allowance)
            try run(kernel, inputs: inputs, outputs: results, scratch: scratch)
            return results
        }
    }

    private func refusal(of fact: ValueFact) -> OperatorError {
        guard fact.valueType.isDense else { return .unsupported("an output of type \(fact.valueType) of a kernel") }
        if let shape = fact.shape, shape.dimensions.allSatisfy({ $0.value != nil }) {
            return .memory(MemoryRefusal(.limit, byteCount: .max, available: state.limits.maximumDynamicBytes))
        }
        return .unsupported("an output shape that does not follow from the inputs (\(fact.type))")
    }

    private func owned(_ tensor: Tensor, _ allowance: MemoryAllowance) throws(OperatorError) -> Tensor {
        do { return try tensor.owned(allowance: allowance) } catch { throw .memory(error) }
    }

    private func tensor(_ spec: TensorSpec, _ allowance: MemoryAllowance) throws(OperatorError) -> Tensor {
        do { return try unsafe Tensor(spec, allowance: allowance) { _ in } } catch { throw .memory(error) }
    }

    private func storage(_ byteCount: Int, _ allowance: MemoryAllowance) throws(OperatorError) -> TensorStorage {
        do { return try TensorStorage(byteCount: byteCount, allowance: allowance) } catch { throw .memory(error) }
    }

    private func run(
        _ kernel: any Kernel, inputs: [Tensor?], outputs: [Tensor], scratch: TensorStorage
    ) throws(OperatorError) {
        var operands = unsafe inputs.map { unsafe $0?.storage.baseAddress ?? scratch.baseAddress }
        for output in outputs { unsafe operands.append(output.storage.baseAddress) }
        let outcome: Result<Void, OperatorError> = unsafe operands.withUnsafeBufferPointer { operands in
            // An empty buffer may have no address; a kernel without operands reads none.
            let base =
                unsafe operands.baseAddress ?? UnsafePointer(scratch.baseAddress.assumingMemoryBound(to: UnsafeMutableRawPointer.self))
            let context = unsafe KernelContext(operands: base, inputCount: inputs.count, scratch: scratch.baseAddress)
            return Result { () throws(OperatorError) in try kernel.run(context) }
        }
        withExtendedLifetime((inputs, outputs, scratch)) {}
        try outcome.get()
    }
}
