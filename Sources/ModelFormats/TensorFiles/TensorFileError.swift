/// Why a tensor file cannot be read or written.
package enum TensorFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operating system refuses; `reason` carries its words.
    case inputOutput(path: String, reason: String)
    case malformed(path: String, reason: String)
    case unsupported(path: String, reason: String)

    package var description: String {
        switch self {
        case .inputOutput(let path, let reason), .malformed(let path, let reason), .unsupported(let path, let reason):
            "\"\(path)\" \(reason)"
        }
    }
}
