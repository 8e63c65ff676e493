import GraphIR
import HTTPCore
import ServableCore
import Tensors

/// Writes values of every kind: tensors as nested lists, sequences as lists of their elements, maps as objects, an optional as what
/// it holds or as null.
enum ValueWriter {
    /// - Throws: for what has no form in JSON; `name` is the output's.
    static func check(_ value: RuntimeValue, _ name: String, _ dialect: TensorJSONDialect) throws(ServableError) {
        switch value {
        case .tensor(let tensor): try check(tensor.elementType, dialect)
        case .strings, .optional(nil): break
        case .optional(let content?): try check(content, name, dialect)
        case .sequence(let elements): for element in elements { try check(element, name, dialect) }
        case .map(.integers(let entries)): for entry in entries { try check(entry.value, name, dialect) }
        case .map(.strings(let entries)): for entry in entries { try check(entry.value, name, dialect) }
        case .list, .resource:
            throw ServableError(.unimplemented, "output \"\(name)\" is \(value.kind), which has no form in JSON")
        }
    }

    static func check(_ type: ElementType, _ dialect: TensorJSONDialect) throws(ServableError) {
        guard dialect.supports(type) else {
            throw ServableError(.invalidArgument, "Failed to write JSON value for tensor type: \(type.tensorFlowName)")
        }
    }

    /// Appends a value that was checked.
    static func append(_ value: RuntimeValue, asBase64: Bool, _ nonfinite: NonfiniteForm, to buffer: inout ByteBuffer) {
        switch value {
        case .tensor(let tensor): withExtendedLifetime(tensor) { DenseWriter.append(tensor.view, row: nil, nonfinite, to: &buffer) }
        case .strings(let tensor): TextWriter.append(tensor, row: nil, asBase64: asBase64, to: &buffer)
        case .optional(let content?): append(content, asBase64: asBase64, nonfinite, to: &buffer)
        case .sequence(let elements):
            buffer.appendJSON(list: elements) { element, buffer in append(element, asBase64: asBase64, nonfinite, to: &buffer) }
        case .map(.strings(let entries)):
            append(entries, asBase64: asBase64, nonfinite, to: &buffer) { key, buffer in buffer.appendJSON(string: key) }
        case .map(.integers(let entries)):
            append(entries, asBase64: asBase64, nonfinite, to: &buffer) { key, buffer in
                buffer.append(UInt8(ascii: "\""))
                buffer.append(decimal: Int(key))
                buffer.append(UInt8(ascii: "\""))
            }
        case .optional(nil), .list, .resource: buffer.append("null")
        }
    }

    private static func append<Key>(
        _ entries: [(key: Key, value: RuntimeValue)], asBase64: Bool, _ nonfinite: NonfiniteForm, to buffer: inout ByteBuffer,
        appendKey: (Key, inout ByteBuffer) -> Void
    ) {
        buffer.append(UInt8(ascii: "{"))
        for (index, entry) in entries.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            appendKey(entry.key, &buffer)
            buffer.append(UInt8(ascii: ":"))
            append(entry.value, asBase64: asBase64, nonfinite, to: &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }
}
