/// Why a tensor file cannot be read or written.
package enum TensorFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operating system refuses; `reason` carries its words.
    case inputOutput(path: String, reason: String)
    case malformed(path: String, reason: String)
    case unsupported(path: String, reason: String)
    /// The system gives no memory for the tensor.
    case outOfMemory(path: String, byteCount: Int)

    package var description: String {
        switch self {
        case .inputOutput(let path, let reason), .malformed(let path, let reason), .unsupported(let path, let reason):
            "\"\(path)\" \(reason)"
        case .outOfMemory(let path, let byteCount):
            "\"\(path)\" needs \(byteCount) bytes of memory, and the system gave none"
        }
    }
}
