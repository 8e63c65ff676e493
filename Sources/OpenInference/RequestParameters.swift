package import ServableCore

/// What the parameters of an inference request ask for. Those that are not known are passed over.
package struct RequestParameters: Sendable {
    /// Whether outputs that say nothing about it come in binary form.
    package private(set) var isBinaryOutput = false
    /// How long the request may take, waiting and running; nil when it does not say.
    package private(set) var timeout: Duration?

    package init() {}

    /// Takes note of one.
    ///
    /// - Throws: `invalidArgument` for a reserved name, and for a known one whose value is of another type.
    package mutating func note(_ name: String, _ value: ParameterValue) throws(ServableError) {
        try ParameterValue.requireUnreserved(name)
        switch name {
        case "binary_data_output": isBinaryOutput = try value.bool(of: name)
        case "timeout":
            // 0 is what clients send that have none to give.
            let microseconds = try value.unsigned(of: name)
            timeout = microseconds > 0 ? .microseconds(min(microseconds, 1 << 50)) : nil
        // Without effect on models that keep no state; their types are checked all the same.
        case "priority": _ = try value.unsigned(of: name)
        case "sequence_id": try value.requireIdentifier(of: name)
        case "sequence_start", "sequence_end": _ = try value.bool(of: name)
        default: break
        }
    }
}

/// What the parameters of an input say.
package struct InputParameters: Sendable {
    /// Bytes of the input in the binary part of the body; nil when it is not there.
    package private(set) var binaryByteCount: Int?

    package init() {}

    /// Takes note of one; refuses shared memory, which is not offered.
    package mutating func note(_ name: String, _ value: ParameterValue) throws(ServableError) {
        try ParameterValue.requireUnreserved(name)
        try ParameterValue.refuseSharedMemory(name)
        if name == "binary_data_size" { binaryByteCount = try value.unsigned(of: name) }
    }
}

/// What a request says of one of its outputs.
package struct RequestedOutput: Sendable {
    package let name: String
    /// Whether it comes in binary form; nil when the output does not say.
    package private(set) var isBinary: Bool?
    /// How many of the highest values are wanted as classes; nil: the tensor itself.
    package private(set) var classCount: Int?

    package init(_ name: String) { self.name = name }

    /// Takes note of a parameter; refuses shared memory, which is not offered.
    package mutating func note(_ parameter: String, _ value: ParameterValue) throws(ServableError) {
        try ParameterValue.requireUnreserved(parameter)
        try ParameterValue.refuseSharedMemory(parameter)
        switch parameter {
        case "binary_data": isBinary = try value.bool(of: parameter)
        case "classification":
            let count = try value.unsigned(of: parameter)
            guard count > 0 else { throw value.mistyped(parameter, "the number of classes, at least 1") }
            classCount = count
        default: break
        }
    }
}
