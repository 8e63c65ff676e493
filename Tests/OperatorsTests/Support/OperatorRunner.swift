import CKernels
import Dispatch
import GraphIR
import Synchronization
import Tensors

/// Runs one operator as the engine would: infers its outputs, compiles it, runs the kernel.
///
/// Every call also checks the contract between an operator and the engine, and throws `ContractBreach` where it is broken:
/// - inference over unknown ranks and over unknown extents answers what the concrete inference then confirms;
/// - the kernel runs with operands aligned to their element type only;
/// - it writes neither its inputs nor a byte beyond its outputs and its scratch memory;
/// - each in-place permission gives the same bytes;
/// - inputs that the kernel holds in a prepared form are constant, and it does not read them;
/// - all parts of a kernel together give what a whole run gives, in any order and at the same time.
///
/// - Parameters:
///   - inputs: nil where an optional input is left out.
///   - constants: inputs whose contents inference and compilation may see; integer inputs always are.
///   - isa: the kernel level to compile for; nil for the best of this machine.
func evaluate(
    _ op: any Operator, _ inputs: [Tensor?], outputs: Int = 1, constants: Set<Int> = [], isa: apus_isa? = nil
) throws -> [Tensor] {
    if let dynamic = op as? any DynamicOperator {
        return try evaluateDynamic(dynamic, inputs, outputs: outputs)
    }
    return try OperatorRunner(op, inputs, outputCount: outputs, constants: constants).run(isa)
}

/// Runs a dynamic operator, whose results must be dense tensors.
func evaluateDynamic(
    _ op: any DynamicOperator, _ inputs: [Tensor?], outputs: Int, subgraphs: [any SubgraphRunner] = []
) throws -> [Tensor] {
    try withExtendedLifetime(inputs) {
        let views = inputs.map { $0.map { ValueView.dense($0.view) } }
        return try op.evaluate(EvaluationContext(inputs: views, outputCount: outputs, subgraphs: subgraphs)).map { value in
            guard case .tensor(let tensor) = value else { throw ContractBreach(op, "returns \(value.kind)") }
            return tensor
        }
    }
}

/// The results of `evaluate` on every kernel level that this machine can run.
func evaluateOnEveryLevel(
    _ op: any Operator, _ inputs: [Tensor?], outputs: Int = 1, constants: Set<Int> = []
) throws -> [(isa: apus_isa, outputs: [Tensor])] {
    try KernelLevels.available.map { isa in
        (isa, try evaluate(op, inputs, outputs: outputs, constants: constants, isa: isa))
    }
}

/// What an operator promised and did not keep.
struct ContractBreach: Error, CustomStringConvertible {
    let description: String
    init(_ op: any Operator, _ what: String) { description = "\(op.name): \(what)" }
}

private struct OperatorRunner {
    let op: any Operator
    let inputs: [Tensor?]
    let outputCount: Int
    let constants: Set<Int>

    init(_ op: any Operator, _ inputs: [Tensor?], outputCount: Int, constants: Set<Int>) {
        self.op = op
        self.inputs = inputs
        self.outputCount = outputCount
        let integers = inputs.indices.filter { inputs[$0]?.elementType.isInteger == true }
        self.constants = constants.union(integers)
    }

    func run(_ isa: apus_isa?) throws -> [Tensor] {
        let facts = try op.infer(OperatorInputs(inputs.indices.map(fact), outputCount: outputCount))
        guard facts.count >= outputCount else { throw breach("infers \(facts.count) outputs of \(outputCount)") }
        let known = facts.prefix(outputCount).compactMap(\.constant)
        let results = known.count == outputCount ? known : try compileAndRun(facts, isa)
        try checkSymbolicInference(against: results)
        return results
    }

    private func fact(_ index: Int) -> ValueFact? {
        guard let tensor = inputs[index] else { return nil }
        return constants.contains(index) ? ValueFact(constant: tensor) : ValueFact(tensor.spec.type)
    }

    private func breach(_ what: String) -> ContractBreach { ContractBreach(op, what) }

    // MARK: Inference

    /// Inference that knows less must not contradict what came out.
    private func checkSymbolicInference(against results: [Tensor]) throws {
        let unranked = inputs.map { $0.map { ValueFact($0.elementType, nil) } }
        let unsized = inputs.map { tensor in
            tensor.map { ValueFact($0.elementType, SymbolicShape($0.shape.extents.map { _ in .unknown })) }
        }
        for (kind, facts) in [("unknown ranks", unranked), ("unknown extents", unsized)] {
            let inferred: [ValueFact]
            do {
                inferred = try op.infer(OperatorInputs(facts, outputCount: outputCount))
            } catch {
                throw breach("refuses \(kind): \(error)")
            }
            for (index, result) in results.enumerated() where index < inferred.count {
                let type = inferred[index].type
                guard type.elementType == result.elementType, type.shape?.admits(result.shape) ?? true else {
                    throw breach("with \(kind) output \(index) is inferred as \(type), it is \(result.spec)")
                }
            }
        }
    }

    // MARK: Compilation

    private func compileAndRun(_ facts: [ValueFact], _ isa: apus_isa?) throws -> [Tensor] {
        let specs = try facts.prefix(outputCount).enumerated().map { index, fact in
            guard let spec = fact.concrete else { throw breach("output \(index) is inferred only as \(fact.type)") }
            return spec
        }
        let context = CompileContext(
            inputs: inputs.map { $0?.spec }, outputs: specs,
            constants: inputs.indices.map { constants.contains($0) ? inputs[$0] : nil },
            kernels: try isa?.kernels(), store: ConstantStore(), constantKeys: inputs.indices.map { constants.contains($0) ? $0 : nil }
        )
        let compiled = try op.compile(context)
        switch compiled.body {
        case .view(let input):
            guard input < inputs.count, let tensor = inputs[input], tensor.elementCount == specs[0].shape.elementCount,
                tensor.elementType == specs[0].elementType
            else { throw breach("is a view of input \(input), which does not fit \(specs[0])") }
            return [tensor.reshaped(specs[0].shape)]
        case .kernel(let kernel):
            guard compiled.preparedInputs.isSubset(of: constants) else {
                throw breach("holds inputs \(compiled.preparedInputs) in a prepared form, constant are \(constants)")
            }
            return try run(kernel, compiled, specs)
        }
    }

    // MARK: Running

    private func run(_ kernel: any Kernel, _ compiled: CompiledOperator, _ specs: [TensorSpec]) throws -> [Tensor] {
        let results = try call(kernel, compiled, specs, sharing: nil)
        for permission in compiled.inPlace {
            guard permission.input < inputs.count, let input = inputs[permission.input] else {
                throw breach("permits output \(permission.output) over the absent input \(permission.input)")
            }
            guard input.spec.byteCount == specs[permission.output].byteCount else {
                throw breach("permits \(specs[permission.output]) over \(input.spec)")
            }
            let shared = try call(kernel, compiled, specs, sharing: permission)
            for (index, (plain, inPlace)) in zip(results, shared).enumerated() where !haveEqualBytes(plain, inPlace) {
                throw breach("output \(index) differs when output \(permission.output) lies on input \(permission.input)")
            }
        }
        if kernel.parts > 1 { try checkParts(kernel, compiled, specs, against: results) }
        return results
    }

    /// Memory with the contents of an input; with marks in place of contents when the kernel must not read it.
    private func source(_ index: Int, _ compiled: CompiledOperator) -> GuardedMemory {
        guard compiled.preparedInputs.contains(index), let spec = inputs[index]?.spec else { return GuardedMemory(inputs[index]) }
        return GuardedMemory(byteCount: spec.byteCount, misalignment: spec.elementType.byteCount)
    }

    private func call(
        _ kernel: any Kernel, _ compiled: CompiledOperator, _ specs: [TensorSpec], sharing: InPlace?
    ) throws -> [Tensor] {
        let sources = inputs.indices.map { source($0, compiled) }
        let targets = specs.enumerated().map { index, spec in
            if let sharing, sharing.output == index { return sources[sharing.input] }
            return GuardedMemory(byteCount: spec.byteCount, misalignment: spec.elementType.byteCount)
        }
        let scratch = GuardedMemory(byteCount: compiled.scratchByteCount, misalignment: 0)
        let operands = sources.map(\.address) + targets.map(\.address)
        try operands.withUnsafeBufferPointer { operands in
            // An operator without inputs and outputs does not exist.
            try kernel.run(KernelContext(operands: operands.baseAddress!, inputCount: inputs.count, scratch: scratch.address))
        }
        for (index, source) in sources.enumerated() where index != sharing?.input {
            guard let tensor = inputs[index] else { continue }
            guard source.isIntact, compiled.preparedInputs.contains(index) || source.holdsBytes(of: tensor) else {
                throw breach("writes its input \(index)")
            }
        }
        for (index, target) in targets.enumerated() where !target.isIntact { throw breach("writes beyond output \(index)") }
        guard scratch.isIntact else { throw breach("writes beyond its scratch memory") }
        return try zip(specs, targets).map { spec, target in try target.tensor(spec) }
    }

    /// Runs every part on a thread of its own, in a shuffled order, each with its own scratch memory.
    private func checkParts(
        _ kernel: any Kernel, _ compiled: CompiledOperator, _ specs: [TensorSpec], against results: [Tensor]
    ) throws {
        let sources = inputs.indices.map { source($0, compiled) }
        let targets = specs.map { GuardedMemory(byteCount: $0.byteCount, misalignment: $0.elementType.byteCount) }
        let scratch = (0..<kernel.parts).map { _ in GuardedMemory(byteCount: compiled.scratchByteCount, misalignment: 0) }
        var numbers = TestNumbers()
        let work = PartWork(
            kernel: kernel, order: (0..<kernel.parts).shuffled(using: &numbers), operands: (sources + targets).map(\.address),
            inputCount: inputs.count, scratch: scratch.map(\.address))
        try work.run()
        guard sources.allSatisfy(\.isIntact) else { throw breach("a part writes beyond an input") }
        for (index, target) in targets.enumerated() where !target.isIntact { throw breach("parts write beyond output \(index)") }
        guard scratch.allSatisfy(\.isIntact) else { throw breach("a part writes beyond its scratch memory") }
        for (index, (whole, target)) in zip(results, targets).enumerated() {
            let parts = try target.tensor(specs[index])
            let isClose = zip(whole.numbers, parts.numbers).allSatisfy { areClose($0, $1, specs[index].elementType) }
            guard isClose else { throw breach("output \(index) of all parts differs from that of a whole run") }
        }
    }

    /// Sums may be added up in another order.
    private func areClose(_ left: Double, _ right: Double, _ type: ElementType) -> Bool {
        left == right || left.isNaN && right.isNaN || type == .float32 && abs(left - right) <= 1e-4 * max(1, abs(left))
    }

    private func haveEqualBytes(_ left: Tensor, _ right: Tensor) -> Bool {
        left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }
}

/// The parts of one kernel call over memory that outlives it.
///
/// Unchecked, since addresses are not Sendable: the parts write different places, which is what is tested.
private struct PartWork: @unchecked Sendable {
    let kernel: any Kernel
    let order: [Int]
    let operands: [UnsafeMutableRawPointer]
    let inputCount: Int
    let scratch: [UnsafeMutableRawPointer]

    func run() throws(OperatorError) {
        let failure = Mutex<OperatorError?>(nil)
        DispatchQueue.concurrentPerform(iterations: order.count) { index in
            do throws(OperatorError) { try run(part: order[index]) } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock(\.self) { throw error }
    }

    private func run(part: Int) throws(OperatorError) {
        var error: OperatorError?
        operands.withUnsafeBufferPointer { operands in
            guard let base = operands.baseAddress else { return }
            let context = KernelContext(operands: base, inputCount: inputCount, scratch: scratch[part])
            do throws(OperatorError) { try kernel.run(part: part, context) } catch let caught { error = caught }
        }
        if let error { throw error }
    }
}
