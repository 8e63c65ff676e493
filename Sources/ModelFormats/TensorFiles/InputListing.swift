import FoundationEssentials
package import GraphIR
import Tensors

/// The inputs of one run as files: a directory with `inputs.json` and beside it a file or two for each tensor, one for each element
/// of a sequence.
package struct InputListing: Sendable {
    /// One input: `{"index": 0, "name": "x", "kind": "tensor", "dtype": "float", "shape": [2, 3], "npy": "input_0.npy", "pb": "input_0.pb"}`.
    struct Entry: Decodable {
        let name: String
        /// `tensor`, `sequence`, or `none` for an optional input that is left out.
        let kind: String
        /// Files of the same value; one suffices.
        let npy: String?
        let pb: String?
        /// The elements of a sequence, in order.
        let items: [Item]?
    }

    /// One element of a sequence: `{"npy": "input_0_1.npy", "shape": [2]}`.
    struct Item: Decodable {
        let npy: String?
        let pb: String?
    }

    private static let maximumByteCount = 16 << 20

    private let directory: String
    private let path: String
    private let entries: [Entry]

    /// Reads `directory/inputs.json`.
    package init(directory: String) throws(TensorFileError) {
        self.directory = directory
        path = directory + "/inputs.json"
        let file: FileContents
        do throws(FileError) { file = try FileContents(path: path) } catch {
            throw .inputOutput(path: path, reason: "cannot be read: \(error.description)")
        }
        guard file.byteCount <= Self.maximumByteCount else {
            throw .malformed(path: path, reason: "has \(file.byteCount) bytes, the limit is \(Self.maximumByteCount)")
        }
        do { entries = try JSONDecoder().decode([Entry].self, from: unsafe Data(file.bytes)) } catch {
            throw .malformed(
                path: path, reason: "is no list of inputs ({\"name\", \"kind\", \"npy\", …}): \(Self.explain(error))")
        }
    }

    /// One NumPy file for each input, by name.
    package init(files: [(name: String, path: String)]) {
        directory = ""
        path = "--input"
        entries = files.map { Entry(name: $0.name, kind: "tensor", npy: $0.path, pb: nil, items: nil) }
    }

    /// The values in the order of the signature's inputs; behind them, where one of these is listed, all constants that a request may
    /// replace.
    package func values(for signature: Signature) throws(TensorFileError) -> [RuntimeValue] {
        let accepted = signature.accepted
        let expected = accepted.map { "\"\($0.name)\"" }.joined(separator: ", ")
        var values = [RuntimeValue?](repeating: nil, count: accepted.count)
        for entry in entries {
            guard let index = accepted.firstIndex(where: { $0.name == entry.name }) else {
                throw .malformed(path: path, reason: "lists \"\(entry.name)\", the model's inputs are \(expected)")
            }
            guard values[index] == nil else { throw .malformed(path: path, reason: "lists \"\(entry.name)\" twice") }
            values[index] = try value(entry, accepted[index])
        }
        for (parameter, value) in zip(accepted, values) where value == nil && parameter.absent == nil {
            throw .malformed(path: path, reason: "lacks the input \"\(parameter.name)\"; the model's inputs are \(expected)")
        }
        return accepted.completed(values)
    }

    private func value(_ entry: Entry, _ parameter: Signature.Parameter) throws(TensorFileError) -> RuntimeValue {
        let value = try value(entry, of: parameter.type)
        // Tensors are compared with what the graph takes, where TensorFlow's shapes do not count.
        if parameter.tensor == nil, let reason = parameter.type.mismatch(value) {
            throw .malformed(path: path, reason: "gives \"\(entry.name)\", which \(reason)")
        }
        return value
    }

    private func value(_ entry: Entry, of type: ValueType) throws(TensorFileError) -> RuntimeValue {
        switch (type, entry.kind) {
        case (.tensor(let type), "tensor"):
            return RuntimeValue(try tensor(npy: entry.npy, pb: entry.pb, type.elementType, of: entry.name))
        case (.optional, "none"): return .optional(nil)
        case (.optional(let content), _): return .optional(try value(entry, of: content))
        case (.sequence(.tensor(let type)), "sequence"):
            guard let items = entry.items else { throw .malformed(path: path, reason: "lists no items of the sequence \"\(entry.name)\"") }
            var elements: [RuntimeValue] = []
            for item in items {
                elements.append(RuntimeValue(try tensor(npy: item.npy, pb: item.pb, type.elementType, of: entry.name)))
            }
            return .sequence(elements)
        case (.tensor, _), (.sequence(.tensor), _):
            throw .malformed(path: path, reason: "gives \"\(entry.name)\" as \(entry.kind), the model takes \(type)")
        default:
            throw .unsupported(path: path, reason: "gives \"\(entry.name)\", which is \(type); Apus reads tensors and sequences of them")
        }
    }

    private func tensor(
        npy: String?, pb: String?, _ type: ElementType, of name: String
    ) throws(TensorFileError) -> TensorValue {
        // A TensorProto keeps zeros at the end of a string.
        if let pb, !type.isDense || npy == nil { return try TensorProtoFile.readValue(located(pb)) }
        guard let npy else { throw .malformed(path: path, reason: "names no file for \"\(name)\" (npy or pb)") }
        return type.isDense
            ? .dense(try NumPyFile.read(located(npy), expected: type)) : .strings(try NumPyStrings.read(located(npy)))
    }

    private func located(_ name: String) -> String { directory.isEmpty ? name : directory + "/" + name }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context))lacks \"\(key.stringValue)\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return "\(place(context))\(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "entry \($0)" } ?? "\"\($0.stringValue)\"" }
        return path.isEmpty ? "" : path.joined(separator: ", ") + ": "
    }
}
