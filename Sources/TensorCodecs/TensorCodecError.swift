/// Why bytes are not read as tensors. Each reason is the end of a sentence that begins with what the bytes are: "the body".
package enum TensorCodecError: Error, Sendable, Equatable {
    case malformed(String)
    /// The bytes are sound, but of a kind that is not read here.
    case unsupported(String)
    case tooLarge(String)
    /// The system gives no memory for the tensor.
    case outOfMemory(byteCount: Int)

    package var reason: String {
        switch self {
        case .malformed(let reason), .unsupported(let reason), .tooLarge(let reason): reason
        case .outOfMemory(let byteCount): "needs \(byteCount) bytes of memory, and the system gave none"
        }
    }
}
