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
                inputs: inputs, outputCount: node.outputs.count, allowance: allowance, resources: state.resources,
                kernels: state.kernels, subgraphs: subgraphs,
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
        return try compute(node, tensors, allowance).map(RuntimeValue.tensor)
    }

    /// The node's outputs when they may be computed ahead: nil when they are no dense tensors, larger than `maximumByteCount`, or
    /// made by subgraphs.
    func fold(_ node: Node, inputs: [Tensor?], maximumByteCount: Int) throws(OperatorError) -> [Tensor]? {
        guard node.subgraphs.isEmpty, node.effects.isDeterministic else { return nil }
        let allowance = MemoryAllowance(byteLimit: maximumByteCount, ledger: state.held)
        do throws(OperatorError) {
            if let op = node.op as? any DynamicOperator { return try fold(node, op, inputs, allowance) }
            return try compute(node, inputs, allowance)
        } catch {
            if case .memory(let refusal) = error, refusal.cause == .limit { return nil }
            throw error
        }
    }

    private func fold(
        _ node: Node, _ op: any DynamicOperator, _ inputs: [Tensor?], _ allowance: MemoryAllowance
    ) throws(OperatorError) -> [Tensor]? {
        let context = EvaluationContext(
            inputs: inputs.map { $0.map { .dense($0.view) } }, outputCount: node.outputs.count, allowance: allowance,
            kernels: state.kernels)
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

    private func compute(_ node: Node, _ inputs: [Tensor?], _ allowance: MemoryAllowance) throws(OperatorError) -> [Tensor] {
        try node.op.computed(inputs, outputCount: node.outputs.count, kernels: state.kernels, allowance: allowance)
    }
}
