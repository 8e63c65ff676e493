/// Why a `TensorProto` is no tensor.
package struct TensorMessageError: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// The message contradicts itself.
        case malformed
        /// It holds what Apus does not compute with.
        case unsupported
        /// It asks for more than a request may.
        case tooLarge
        /// The system gives no memory.
        case noMemory
    }

    package let kind: Kind
    /// Of the tensor: "has 8 bytes of content, …".
    package let reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}
