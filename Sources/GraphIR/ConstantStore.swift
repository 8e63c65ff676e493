import Synchronization
package import Tensors

/// Prepared forms of a model's constants (weights packed for a kernel), shared by all plans of the model.
package final class ConstantStore: Sendable {
    private struct Key: Hashable {
        let constant: Int
        let form: String
    }

    /// What the forms are charged to.
    package let allowance: MemoryAllowance?
    private let entries = Mutex<[Key: Tensor]>([:])

    package init(allowance: MemoryAllowance? = nil) { self.allowance = allowance }

    /// Bytes held by all prepared forms.
    package var byteCount: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.spec.byteCount } } }

    /// The form, made on first use. Two threads may make it at once; one result is kept.
    package func prepared(
        key: Int, form: String, make: () throws(OperatorError) -> Tensor
    ) throws(OperatorError) -> Tensor {
        let key = Key(constant: key, form: form)
        if let known = entries.withLock({ $0[key] }) { return known }
        let made = try make()
        return entries.withLock { entries in
            if let known = entries[key] { return known }
            entries[key] = made
            return made
        }
    }
}
