import GraphIR
import Tensors

/// Runs one node by itself, ahead of plans or between them: infer from contents, compile, run into fresh memory.
enum NodeEvaluation {
    /// - Parameter inputs: contents; valid during the call.
    /// - Throws: `OperatorError` of the operator, or whatever a subgraph throws.
    static func evaluate(_ node: Node, inputs: [TensorView?], subgraphs: [any SubgraphRunner]) throws -> [Tensor] {
        if let op = node.op as? any DynamicOperator {
            let context = EvaluationContext(inputs: inputs, outputCount: node.outputs.count, subgraphs: subgraphs)
            return try op.evaluate(context).map(\.owned)
        }
        return try compute(node, inputs: inputs.map { $0.map { unsafe Tensor(borrowing: $0) } })
    }

    /// The node's outputs when they may be computed ahead: nil when they are larger than `maximumByteCount` or run subgraphs.
    static func fold(_ node: Node, inputs: [Tensor?], maximumByteCount: Int) throws(OperatorError) -> [Tensor]? {
        if let op = node.op as? any DynamicOperator {
            guard node.subgraphs.isEmpty else { return nil }
            let context = EvaluationContext(inputs: inputs.map { $0?.view }, outputCount: node.outputs.count)
            do {
                return try op.evaluate(context).map(\.owned)
            } catch let error as OperatorError {
                throw error
            } catch {
                throw .invalidValue("\(error)")
            }
        }
        let facts = try node.op.infer(OperatorInputs(inputs.map { $0.map(ValueFact.init(constant:)) }, outputCount: node.outputs.count))
        let byteCount = facts.reduce(0) { $0 + ($1.concrete?.byteCount ?? 0) }
        guard byteCount <= maximumByteCount else { return nil }
        return try compute(node, inputs: inputs)
    }

    private static func compute(_ node: Node, inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let facts = try node.op.infer(
            OperatorInputs(inputs.map { $0.map(ValueFact.init(constant:)) }, outputCount: node.outputs.count))
        let constants = facts.compactMap { $0.constant?.owned }
        if constants.count == facts.count { return constants }
        var specs: [TensorSpec] = []
        for fact in facts {
            guard let spec = fact.concrete else {
                throw .unsupported("an output shape that does not follow from the inputs (\(fact.type))")
            }
            specs.append(spec)
        }
        let compiled = try node.op.compile(
            CompileContext(inputs: inputs.map { $0?.spec }, outputs: specs, constants: inputs))
        switch compiled.body {
        case .view(let input):
            guard input < inputs.count, let tensor = inputs[input] else {
                throw .invalidInput(index: input, reason: "is missing")
            }
            return [tensor.owned.reshaped(specs[0].shape)]
        case .kernel(let kernel):
            return try run(kernel, inputs: inputs, outputs: specs, scratchByteCount: compiled.scratchByteCount)
        }
    }

    private static func run(
        _ kernel: any Kernel, inputs: [Tensor?], outputs: [TensorSpec], scratchByteCount: Int
    ) throws(OperatorError) -> [Tensor] {
        let results = outputs.map { Tensor($0, storage: TensorStorage(byteCount: $0.byteCount))! }
        let scratch = TensorStorage(byteCount: scratchByteCount)
        var operands = unsafe inputs.map { unsafe $0?.storage.baseAddress ?? scratch.baseAddress }
        for result in results { unsafe operands.append(result.storage.baseAddress) }
        let outcome: Result<Void, OperatorError> = unsafe operands.withUnsafeBufferPointer { operands in
            // An empty buffer may have no address; a kernel without operands reads none.
            let base =
                unsafe operands.baseAddress ?? UnsafePointer(scratch.baseAddress.assumingMemoryBound(to: UnsafeMutableRawPointer.self))
            let context = unsafe KernelContext(operands: base, inputCount: inputs.count, scratch: scratch.baseAddress)
            return Result { () throws(OperatorError) in try kernel.run(context) }
        }
        withExtendedLifetime((inputs, scratch)) {}
        try outcome.get()
        return results
    }
}
