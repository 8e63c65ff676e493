import FoundationEssentials
package import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The outputs of one run as files, in the order of the signature's outputs.
///
/// A tensor is `output_<i>.npy`, of strings `output_<i>.pb`; a sequence `output_<i>_<j>.npy`, or `output_<i>.empty` when it has no
/// element; an optional without a value `output_<i>.none`; a sequence of maps `output_<i>.npy` of [maps, keys] (one map: [keys])
/// with the list of keys in `output_<i>.keys.json`.
package struct OutputFiles {
    private let directory: String

    /// Writes into `directory`, which is made if it is missing (its parent is not).
    ///
    /// - Parameter parameters: what the signature says of the outputs.
    package static func write(
        _ outputs: [RuntimeValue], of parameters: [Signature.Parameter], to directory: String
    ) throws(TensorFileError) {
        guard unsafe mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw .inputOutput(path: directory, reason: unsafe "cannot be made: \(String(cString: strerror(errno)))")
        }
        let files = OutputFiles(directory: directory)
        for (index, (output, parameter)) in zip(outputs, parameters).enumerated() {
            try files.write(output, of: parameter.type, "output_\(index)")
        }
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// - Parameter name: of the files, without what follows the first point.
    private func write(_ value: RuntimeValue, of type: ValueType, _ name: String) throws(TensorFileError) {
        switch value {
        case .tensor(let tensor): try NumPyFile.write(tensor, to: path("\(name).npy"))
        case .strings(let tensor): try TensorProtoFile.write(tensor, name: "", to: path("\(name).pb"))
        case .optional(nil): try mark("\(name).none")
        case .optional(let content?): try write(content, of: type.content, name)
        case .map(let map): try write([map], isSingle: true, of: type, name)
        case .sequence(let elements): try write(elements, of: type.content, name)
        case .list, .resource: throw unsupported(name, "is \(value.kind), which has no form in files")
        }
    }

    private func write(_ elements: [RuntimeValue], of type: ValueType, _ name: String) throws(TensorFileError) {
        if case .map = type {
            let maps = elements.compactMap { if case .map(let map) = $0 { map } else { nil } }
            guard maps.count == elements.count else { throw unsupported(name, "has elements that are no maps") }
            return try write(maps, isSingle: false, of: type, name)
        }
        if elements.isEmpty { try mark("\(name).empty") }
        for (index, element) in elements.enumerated() {
            switch element {
            case .tensor(let tensor): try NumPyFile.write(tensor, to: path("\(name)_\(index).npy"))
            case .strings(let tensor): try NumPyStrings.write(tensor, to: path("\(name)_\(index).npy"))
            default: throw unsupported(name, "has an element that is \(element.kind), which has no form in files")
            }
        }
    }

    private func write(_ maps: [RuntimeMap], isSingle: Bool, of type: ValueType, _ name: String) throws(TensorFileError) {
        var valueType = ElementType.float32
        if case .map(_, .tensor(let value)) = type { valueType = value.elementType }
        let table: MapTable
        do throws(MapTable.Failure) { table = try MapTable(maps, valueType: valueType) } catch { throw unsupported(name, error.reason) }
        let shape = isSingle ? Shape([table.values.shape[1]]) : table.values.shape
        switch table.values {
        case .dense(let tensor): try NumPyFile.write(tensor.reshaped(shape), to: path("\(name).npy"))
        case .strings(let tensor): try TensorProtoFile.write(tensor.reshaped(shape), name: "", to: path("\(name).pb"))
        }
        try write(table.keys, "\(name).keys.json")
    }

    private func write(_ keys: MapTable.Keys, _ name: String) throws(TensorFileError) {
        let text: Data
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            switch keys {
            case .integers(let keys): text = try encoder.encode(keys)
            case .strings(let keys): text = try encoder.encode(keys)
            }
        } catch {
            throw .unsupported(path: path(name), reason: "cannot be written as JSON: \(error)")
        }
        try FileOutput.create(at: path(name)) { output throws(TensorFileError) in try output.append(Array(text)) }
    }

    /// An empty file that says something by being there.
    private func mark(_ name: String) throws(TensorFileError) {
        try FileOutput.create(at: path(name)) { _ throws(TensorFileError) in }
    }

    private func unsupported(_ name: String, _ reason: String) -> TensorFileError {
        .unsupported(path: path(name), reason: reason)
    }
}

extension ValueType {
    /// What an optional or a sequence holds; the type itself for anything else.
    fileprivate var content: ValueType {
        switch self {
        case .optional(let content), .sequence(let content): content
        default: self
        }
    }
}
