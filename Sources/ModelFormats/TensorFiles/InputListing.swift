import FoundationEssentials
package import GraphIR
package import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The inputs of one run as files: a directory with `inputs.json` and beside it a file or two for each tensor.
package struct InputListing: Sendable {
    /// One input: `{"index": 0, "name": "x", "kind": "tensor", "dtype": "float", "shape": [2, 3], "npy": "input_0.npy", "pb": "input_0.pb"}`.
    struct Entry: Decodable {
        let name: String
        /// `tensor`, `sequence`, or `none` for an optional input that is left out.
        let kind: String
        /// Files of the same value; one suffices.
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

    /// The tensors in the order of the signature's inputs.
    package func tensors(for signature: Signature) throws(TensorFileError) -> [TensorValue] {
        let expected = signature.inputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
        var tensors = [TensorValue?](repeating: nil, count: signature.inputs.count)
        for entry in entries {
            guard let index = signature.inputIndex(entry.name) else {
                throw .malformed(path: path, reason: "lists \"\(entry.name)\", the model's inputs are \(expected)")
            }
            guard tensors[index] == nil else { throw .malformed(path: path, reason: "lists \"\(entry.name)\" twice") }
            tensors[index] = try tensor(entry, signature.inputs[index].type.elementType)
        }
        var result: [TensorValue] = []
        for (parameter, tensor) in zip(signature.inputs, tensors) {
            guard let tensor = tensor ?? parameter.fallback else {
                throw .malformed(path: path, reason: "lacks the input \"\(parameter.name)\"; the model's inputs are \(expected)")
            }
            result.append(tensor)
        }
        return result
    }

    private func tensor(_ entry: Entry, _ type: ElementType) throws(TensorFileError) -> TensorValue {
        guard entry.kind == "tensor" else {
            throw .unsupported(path: path, reason: "gives \"\(entry.name)\" as \(entry.kind); Apus takes tensors")
        }
        if let npy = entry.npy, type.isDense { return .dense(try NumPyFile.read(directory + "/" + npy, expected: type)) }
        if let pb = entry.pb { return try TensorProtoFile.readValue(directory + "/" + pb) }
        guard type.isDense else {
            throw .unsupported(path: path, reason: "gives \"\(entry.name)\" without a pb file; Apus reads strings from those alone")
        }
        throw .malformed(path: path, reason: "names no file for \"\(entry.name)\" (npy or pb)")
    }

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

/// The outputs of one run as files `output_<i>.npy`, strings as `output_<i>.pb`, in the order of the signature's outputs.
package enum OutputFiles {
    /// Writes into `directory`, which is made if it is missing (its parent is not).
    package static func write(_ outputs: [TensorValue], to directory: String) throws(TensorFileError) {
        guard unsafe mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw .inputOutput(path: directory, reason: unsafe "cannot be made: \(String(cString: strerror(errno)))")
        }
        for (index, output) in outputs.enumerated() {
            switch output {
            case .dense(let tensor): try NumPyFile.write(tensor, to: "\(directory)/output_\(index).npy")
            case .strings(let tensor): try TensorProtoFile.write(tensor, name: "", to: "\(directory)/output_\(index).pb")
            }
        }
    }
}
