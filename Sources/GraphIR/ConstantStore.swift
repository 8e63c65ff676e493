import Synchronization
package import Tensors

/// Makes the contents of a constant, which may have been given back after their last use, readable.
package protocol ConstantAccess: AnyObject, Sendable {
    /// Calls `body` while the contents of `constant` are there.
    func withContents<Result>(
        of constant: Tensor, _ body: () throws(OperatorError) -> Result
    ) throws(OperatorError) -> Result
}

/// Prepared forms of a model's constants (weights packed for a kernel), shared by all plans of the model.
package final class ConstantStore: Sendable {
    private struct Key: Hashable {
        let constant: Int
        let form: String
    }

    /// What the forms are charged to.
    package let allowance: MemoryAllowance?
    private let access: (any ConstantAccess)?
    private let entries = Mutex<[Key: Tensor]>([:])

    /// - Parameter access: nil when the contents of constants are always there.
    package init(allowance: MemoryAllowance? = nil, access: (any ConstantAccess)? = nil) {
        self.allowance = allowance
        self.access = access
    }

    /// Bytes held by all prepared forms.
    package var byteCount: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.spec.byteCount } } }

    /// The form of `constant`, made on first use. Two threads may make it at once; one result is kept.
    package func prepared(
        _ constant: Tensor, key: Int, form: String, make: () throws(OperatorError) -> Tensor
    ) throws(OperatorError) -> Tensor {
        let key = Key(constant: key, form: form)
        if let known = entries.withLock({ $0[key] }) { return known }
        let made: Tensor
        if let access { made = try access.withContents(of: constant, make) } else { made = try make() }
        return entries.withLock { entries in
            if let known = entries[key] { return known }
            entries[key] = made
            return made
        }
    }
}
