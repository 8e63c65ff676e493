import GraphIR
import Operators
import Tensors
import Testing

/// Numbers that a hostile model or request puts where an operator expects a size, an axis or a step.
enum ExtremeNumbers {
    static let all: [Int64] = [1 << 31, 1 << 40, 1 << 48, 1 << 62, .max, -1, .min]

    /// The operator, or nil when the readers of its attributes refuse it, which is early enough.
    static func made(_ make: () throws -> any Operator) throws -> (any Operator)? {
        do {
            return try make()
        } catch is OperatorError {
            return nil
        }
    }

    /// Infers the operator's outputs, checks that they are sound, and compiles where a run would be allowed.
    ///
    /// - Returns: whether the operator took the inputs; a refusal is an `OperatorError` and fine too.
    @discardableResult
    static func meet(_ op: any Operator, _ inputs: [ValueFact?], outputs: Int = 1, _ note: String) -> Bool {
        let facts: [ValueFact]
        do {
            facts = try op.infer(OperatorInputs(inputs, outputCount: outputs))
        } catch {
            return false
        }
        for fact in facts { #expect(isSound(fact.shape), "\(note): \(fact.type)") }
        if let compiled = compile(op, inputs, facts.prefix(outputs).map(\.concrete)) {
            #expect((0...1 << 56).contains(compiled.scratchByteCount), "\(note): \(compiled.scratchByteCount) bytes of scratch")
        }
        return true
    }

    /// Whether a tensor may have the shape as far as it is known.
    private static func isSound(_ shape: SymbolicShape?) -> Bool {
        shape.map { Shape(checking: $0.dimensions.map { $0.value ?? 1 }) != nil } ?? true
    }

    /// The kernel when all types are known and no output is larger than a run may make it.
    private static func compile(_ op: any Operator, _ inputs: [ValueFact?], _ outputs: [TensorSpec?]) -> CompiledOperator? {
        let specs = outputs.compactMap(\.self), known = inputs.map { $0?.concrete }
        guard !(op is any DynamicOperator), specs.count == outputs.count, specs.allSatisfy({ $0.byteCount < 1 << 24 }),
            zip(inputs, known).allSatisfy({ $0 == nil || $1 != nil })
        else { return nil }
        let context = CompileContext(inputs: known, outputs: specs, constants: inputs.map { $0?.constant })
        // Contents that are not constant are refused here; the engine compiles only when `infer` knew them.
        do { return try op.compile(context) } catch { return nil }
    }
}
