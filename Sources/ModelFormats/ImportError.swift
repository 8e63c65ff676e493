/// Why a model cannot be imported. Every text names the file, the place in it, what was found and what helps.
package enum ImportError: Error, Sendable, Equatable {
    /// The operating system does not give the file.
    case unreadable(path: String, reason: String)
    /// What lies at the path is no model that Apus knows.
    case unrecognized(path: String, reason: String)
    /// The file breaks its format's rules, or is damaged.
    case malformed(path: String, place: String, reason: String)
    /// The file is sound and needs what this version does not do.
    case unsupported(path: String, place: String, feature: String)
    /// The file needs more than `ImportLimits` allow.
    case limitExceeded(path: String, place: String, quantity: String, found: Int, limit: Int)
    /// The system gives no memory for what the file needs, within `ImportLimits`.
    case outOfMemory(path: String, place: String, byteCount: Int)

    package var path: String {
        switch self {
        case .unreadable(let path, _), .unrecognized(let path, _), .malformed(let path, _, _),
            .unsupported(let path, _, _), .limitExceeded(let path, _, _, _, _), .outOfMemory(let path, _, _):
            path
        }
    }
}

extension ImportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "model \"\(path)\": \(reason)"
        case .unrecognized(let path, let reason): "model \"\(path)\": \(reason)"
        case .malformed(let path, let place, let reason): "model \"\(path)\": \(place) \(reason)"
        case .unsupported(let path, let place, let feature): "model \"\(path)\": \(place) \(feature)"
        case .limitExceeded(let path, let place, let quantity, let found, let limit):
            "model \"\(path)\": \(place) has \(found) \(quantity), the limit is \(limit)"
        case .outOfMemory(let path, let place, let byteCount):
            "model \"\(path)\": \(place) needs \(byteCount) bytes of memory, and the system gave none; free some or unload other models"
        }
    }
}
