import ProtobufWire
import ServableCore

/// A JSON object as a serialized `tf.Example`: a feature for each member.
///
/// Source: TensorFlow `core/example/example.proto` and `feature.proto`: Example { 1 Features { 1 map<string, Feature> } }, Feature
/// { 1 BytesList, 2 FloatList, 3 Int64List }, each with its values in field 1.
enum ExampleMessage {
    /// - Parameter start: at the first byte of the value, in a text that was found to be sound.
    static func serialize(_ text: ExampleText, at start: Int) throws -> [UInt8] {
        guard text.validator.byte(start) == UInt8(ascii: "{") else {
            throw ServableError(.invalidArgument, "Example must be JSON object but got JSON \(text.value(start).kindName)")
        }
        var features = WireWriter()
        try text.forEachMember(of: start) { name, value in
            let feature = try Feature(text, at: value, name: name)
            features.message(1) { entry in
                entry.delimited(1, name.bytes)
                entry.message(2, feature.message)
            }
        }
        var example = WireWriter()
        example.message(1, features)
        return example.bytes
    }
}

/// A feature's values; the first one decides the kind.
private struct Feature {
    private enum Values {
        /// Of an empty list.
        case none
        case bytes([[UInt8]])
        case floats([Float])
        case integers([Int64])

        var kind: String {
            switch self {
            case .none: ""
            case .bytes: "bytes"
            case .floats: "float"
            case .integers: "int64"
            }
        }
    }

    private var values = Values.none
    private let name: JSONString

    init(_ text: ExampleText, at start: Int, name: JSONString) throws {
        self.name = name
        if text.validator.byte(start) == UInt8(ascii: "[") {
            try text.forEachElement(of: start) { try append(text, at: $0) }
        } else {
            try append(text, at: start)
        }
    }

    private mutating func append(_ text: ExampleText, at start: Int) throws {
        switch text.validator.byte(start) {
        case UInt8(ascii: "\""): try append(text.string(start).bytes)
        case UInt8(ascii: "t"), UInt8(ascii: "f"): try append(Int64(text.validator.byte(start) == UInt8(ascii: "t") ? 1 : 0))
        case UInt8(ascii: "{"):
            guard let (string, _) = unsafe text.value(start).base64 else { throw unexpected(text, start) }
            guard let bytes = Base64.decode(string.bytes) else {
                throw ServableError(.invalidArgument, "Feature: \(name.text) has a \"b64\" value that is no base64")
            }
            try append(bytes)
        case UInt8(ascii: "["), UInt8(ascii: "n"): throw unexpected(text, start)
        default: try append(number: try text.token(start))
        }
    }

    /// A number with a point or an exponent, or no finite one, is a float; others are integers.
    private mutating func append(number: String) throws {
        if let integer = Int64(number) { return try append(integer) }
        let isInteger = number.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-") }
        if isInteger, UInt64(number) != nil {
            throw ServableError(.invalidArgument, "Feature: \(name.text) has uint64_t element. Only int64_t is supported.")
        }
        let text = number == "Infinity" || number == "Inf" ? "inf" : number == "-Infinity" || number == "-Inf" ? "-inf" : number
        guard let value = Double(text) else {
            throw ServableError(.invalidArgument, "Feature: \(name.text) has the number \(number), which cannot be read")
        }
        switch values {
        case .none: values = .floats([Float(value)])
        case .floats(var list):
            values = .none
            list.append(Float(value))
            values = .floats(list)
        default: throw mixed()
        }
    }

    private mutating func append(_ bytes: [UInt8]) throws(ServableError) {
        switch values {
        case .none: values = .bytes([bytes])
        case .bytes(var list):
            values = .none
            list.append(bytes)
            values = .bytes(list)
        default: throw mixed()
        }
    }

    private mutating func append(_ integer: Int64) throws(ServableError) {
        switch values {
        case .none: values = .integers([integer])
        case .integers(var list):
            values = .none
            list.append(integer)
            values = .integers(list)
        default: throw mixed()
        }
    }

    private func mixed() -> ServableError {
        ServableError(.invalidArgument, "Unexpected element type in feature: \(name.text) expecting type: \(values.kind)")
    }

    private func unexpected(_ text: ExampleText, _ start: Int) -> ServableError {
        ServableError(
            .invalidArgument, "Feature: \(name.text) has element with unexpected JSON type: \(text.value(start).kindName)")
    }

    var message: WireWriter {
        var feature = WireWriter()
        switch values {
        case .none: break
        case .bytes(let list): feature.message(1) { values in for bytes in list { values.delimited(1, bytes) } }
        case .floats(let list):
            feature.message(2) { $0.packedFloats(1, list) }
        case .integers(let list): feature.message(3) { $0.packed(1, list) }
        }
        return feature
    }
}
