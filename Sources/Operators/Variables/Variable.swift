package import GraphIR
import Synchronization
package import Tensors

/// A tensor that a model keeps from run to run and may change (TensorFlow's variables).
///
/// The tensor itself is never changed: an update puts another one in its place, so that whoever has read it keeps what was read.
/// Updates of several runs follow one another.
package final class Variable: Resource {
    package let name: String
    /// What its contents must be.
    package let type: TensorType
    /// nil before anything is assigned.
    private let contents = Mutex<RuntimeValue?>(nil)

    package init(name: String, type: TensorType) {
        self.name = name
        self.type = type
    }

    package var byteCount: Int { contents.withLock { $0?.tensorValue?.byteCount ?? 0 } }

    package var isInitialized: Bool { contents.withLock { $0 != nil } }

    package func read() throws(OperatorError) -> RuntimeValue {
        guard let value = contents.withLock({ $0 }) else { throw uninitialized }
        return value
    }

    /// Puts `value`, which must own its memory, in the place of the contents.
    package func assign(_ value: RuntimeValue) throws(OperatorError) {
        try check(value)
        contents.withLock { $0 = value }
    }

    /// Puts what `change` makes of the contents in their place; no other update comes in between.
    ///
    /// - Returns: the contents before and after.
    @discardableResult
    package func update(
        _ change: (RuntimeValue) throws(OperatorError) -> RuntimeValue
    ) throws(OperatorError) -> (before: RuntimeValue, after: RuntimeValue) {
        try contents.withLock { contents throws(OperatorError) in
            guard let before = contents else { throw uninitialized }
            let after = try change(before)
            try check(after)
            contents = after
            return (before, after)
        }
    }

    /// Forgets the contents.
    package func clear() { contents.withLock { $0 = nil } }

    private func check(_ value: RuntimeValue) throws(OperatorError) {
        guard let shape = value.tensorShape, let found = value.tensorElementType, found == type.elementType,
            type.shape?.admits(shape) ?? true
        else { throw .invalidValue("assigns \(value.kind) to the variable \"\(name)\" of type \(type)") }
    }

    private var uninitialized: OperatorError {
        .invalidValue("reads the variable \"\(name)\", which has no value: nothing that ran has initialized it")
    }
}

extension EvaluationContext {
    /// The variable whose handle input `index` is.
    func variable(_ index: Int = 0) throws(OperatorError) -> Variable {
        guard case .object(.resource(let resource)) = try value(index), let variable = resource as? Variable else {
            throw .invalidInput(index: index, reason: "is \(try value(index).kind), expected the handle of a variable")
        }
        return variable
    }

    /// The dense contents of a variable.
    func dense(_ value: RuntimeValue, of variable: Variable) throws(OperatorError) -> Tensor {
        guard case .tensor(let tensor) = value else {
            throw .unsupported("computing with the variable \"\(variable.name)\" of type \(variable.type)")
        }
        return tensor
    }
}

extension OperatorInputs {
    /// The type of the variable whose handle input `index` is.
    func variable(_ index: Int = 0) throws(OperatorError) -> TensorType {
        let fact = try required(index)
        guard case .resource(.variable(let type)) = fact.valueType else {
            throw .invalidInput(index: index, reason: "is \(fact.valueType), expected the handle of a variable")
        }
        return type
    }
}
