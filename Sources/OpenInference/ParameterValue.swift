import ServableCore

/// The value of a parameter: of a request, an input, an output, or a request to the repository.
package enum ParameterValue: Sendable, Equatable {
    case bool(Bool)
    case integer(Int64)
    /// Beyond `Int64`.
    case unsigned(UInt64)
    case double(Double)
    case string(String)

    /// As messages quote it.
    var quotation: String {
        switch self {
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): "\"\(value.prefix(64))\""
        }
    }

    func bool(of name: String) throws(ServableError) -> Bool {
        guard case .bool(let value) = self else { throw mistyped(name, "true or false") }
        return value
    }

    /// A whole number of at least 0; one that `Int` cannot hold becomes the largest that it can.
    func unsigned(of name: String) throws(ServableError) -> Int {
        switch self {
        case .integer(let value) where value >= 0: return Int(value)
        case .unsigned: return .max
        default: throw mistyped(name, "a whole number of at least 0")
        }
    }

    func requireIdentifier(of name: String) throws(ServableError) {
        switch self {
        case .integer, .unsigned, .string: return
        case .bool, .double: throw mistyped(name, "a whole number or a string")
        }
    }

    func mistyped(_ name: String, _ expected: String) -> ServableError {
        ServableError(.invalidArgument, "the parameter \"\(name)\" is \(quotation); expected \(expected)")
    }
}

extension ParameterValue {
    /// Keys of this beginning are the server's own.
    private static let reservedPrefix = "triton_"

    static func requireUnreserved(_ name: String) throws(ServableError) {
        guard name.hasPrefix(reservedPrefix) else { return }
        throw ServableError(
            .invalidArgument,
            "the parameter \"\(name.prefix(128))\" begins with \"\(reservedPrefix)\", which is reserved; name it otherwise")
    }

    static func refuseSharedMemory(_ name: String) throws(ServableError) {
        guard ["shared_memory_region", "shared_memory_offset", "shared_memory_byte_size"].contains(name) else { return }
        throw ServableError(
            .invalidArgument,
            "the parameter \"\(name)\" asks for shared memory, which this server does not offer; send the tensor in the request, binary or as JSON"
        )
    }
}
