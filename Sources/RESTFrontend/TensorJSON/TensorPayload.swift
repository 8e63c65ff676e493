package import GraphIR
package import HTTPCore
package import ModelServing
package import ServableCore
package import Tensors

/// The outputs of a predict request, ready to be written as `"predictions": …` or `"outputs": …`, where they lie.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail. Valid as long as the outputs are.
package struct TensorPayload {
    private let format: TensorFormat
    private let nonfinite: NonfiniteForm
    /// The only output when that is dense, as most models' is: to hold and to write it takes no memory.
    private let only: TensorView?
    /// Otherwise all outputs, by name in byte order, as TensorFlow Serving's map has them.
    private let outputs: [Output]

    private enum Contents {
        case dense(TensorView)
        case strings(StringTensor)
        /// A sequence, whose elements are rows where rows are asked for.
        case elements([RuntimeValue])
        /// A map, or an optional without a value.
        case single(RuntimeValue)

        /// nil for what has no rows.
        var rowCount: Int? {
            switch self {
            case .dense(let view): view.shape.extents.first
            case .strings(let tensor): tensor.shape.extents.first
            case .elements(let elements): elements.count
            case .single: nil
            }
        }

        /// Whether all strings, if there are any, are UTF-8.
        var isText: Bool {
            guard case .strings(let tensor) = self else { return true }
            return tensor.elements.allSatisfy { String(validating: $0, as: UTF8.self) != nil }
        }
    }

    private struct Output {
        let name: String
        let contents: Contents
        /// Whether strings are written as base64: TensorFlow Serving does so for names that end with `_bytes`.
        let holdsBytes: Bool
    }

    /// - Parameters:
    ///   - parameters: the signature's outputs.
    ///   - results: in the same order.
    ///   - format: the request's.
    ///   - nonfinite: how numbers that JSON has no form for are written.
    ///   - keepsBytes: whether strings that are no UTF-8, which JSON has no form for, are written as base64 whatever the output's name.
    package init(
        _ parameters: borrowing [Signature.Parameter], _ results: borrowing CallOutputs, format: TensorFormat,
        dialect: TensorJSONDialect = .extended, nonfinite: NonfiniteForm = .bare, keepsBytes: Bool = false
    ) throws(ServableError) {
        self.format = format
        self.nonfinite = nonfinite
        let count = min(parameters.count, results.count)
        guard count > 0 else { throw ServableError(.invalidArgument, "Cannot convert empty tensor map to JSON") }
        if count == 1, case .dense(let view) = results[0] {
            try ValueWriter.check(view.elementType, dialect)
            try Self.check(parameters[0].name, view.shape.extents.first, of: nil, format)
            only = view
            outputs = []
            return
        }
        var outputs: [Output] = []
        for index in 0..<count {
            let name = parameters[index].name
            let contents = try Self.contents(results[index], name, dialect)
            if format == .row, case .single(let value) = contents {
                let reason = "is \(value.kind), which has no rows; send the request's values as 'inputs' instead of 'instances'"
                throw ServableError(.invalidArgument, "output \"\(name)\" \(reason)")
            }
            outputs.append(
                Output(name: name, contents: contents, holdsBytes: name.hasSuffix("_bytes") || keepsBytes && !contents.isText))
        }
        let rowCount = outputs[0].contents.rowCount
        for output in outputs { try Self.check(output.name, output.contents.rowCount, of: rowCount, format) }
        only = nil
        self.outputs = outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func contents(
        _ value: ValueView, _ name: String, _ dialect: TensorJSONDialect
    ) throws(ServableError) -> Contents {
        switch value {
        case .dense(let view):
            try ValueWriter.check(view.elementType, dialect)
            return .dense(view)
        case .object(.optional(let content?)): return try contents(ValueView(content), name, dialect)
        case .object(let value):
            try ValueWriter.check(value, name, dialect)
            switch value {
            case .tensor(let tensor): return .dense(tensor.view)
            case .strings(let tensor): return .strings(tensor)
            case .sequence(let elements): return .elements(elements)
            default: return .single(value)
            }
        }
    }

    private static func check(
        _ name: String, _ count: Int?, of rowCount: Int?, _ format: TensorFormat
    ) throws(ServableError) {
        guard format == .row else { return }
        guard let count else {
            throw ServableError(.invalidArgument, "Tensor name: \(name) has no shape information ")
        }
        if let rowCount, count != rowCount {
            let facts = "inconsistent batch size: \(count) expecting: \(rowCount)"
            throw ServableError(.invalidArgument, "Tensor name: \(name) has \(facts)")
        }
    }

    /// Appends outputs that the caller holds as values.
    package static func append(
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended,
        nonfinite: NonfiniteForm = .bare, to buffer: inout ByteBuffer
    ) throws(ServableError) {
        let parameters = outputs.map { output in
            Signature.Parameter(name: output.name, valueName: output.name, type: output.value.spec.type)
        }
        let results = CallOutputs(outputs.map { RuntimeValue($0.value) })
        try TensorPayload(parameters, results, format: format, dialect: dialect, nonfinite: nonfinite).append(to: &buffer)
        // The payload was a view of the values.
        withExtendedLifetime(outputs) {}
    }

    /// Appends the member, name and value.
    package func append(to buffer: inout ByteBuffer) {
        buffer.append(format == .row ? Self.predictions : Self.outputs)
        appendValue(to: &buffer)
    }

    /// Appends the value alone.
    package func appendValue(to buffer: inout ByteBuffer) {
        if let only { return DenseWriter.append(only, row: nil, nonfinite, to: &buffer) }
        guard outputs.count > 1 else { return append(outputs[0], row: nil, to: &buffer) }
        guard format == .row else { return append(outputs, row: nil, to: &buffer) }
        buffer.appendJSON(list: 0..<(outputs[0].contents.rowCount ?? 0)) { row, buffer in append(outputs, row: row, to: &buffer) }
    }

    // Named with their type, as a literal argument would be a String first.
    private static let predictions: StaticString = "\"predictions\":"
    private static let outputs: StaticString = "\"outputs\":"

    /// Appends an object of the outputs, or of one row of each.
    private func append(_ outputs: [Output], row: Int?, to buffer: inout ByteBuffer) {
        buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
            append(output, row: row, to: &buffer)
        }
    }

    /// Appends one row of an output, or all of it.
    private func append(_ output: Output, row: Int?, to buffer: inout ByteBuffer) {
        switch output.contents {
        case .dense(let view): DenseWriter.append(view, row: row, nonfinite, to: &buffer)
        case .strings(let tensor): TextWriter.append(tensor, row: row, asBase64: output.holdsBytes, to: &buffer)
        case .elements(let elements):
            let value = row.map { elements[$0] } ?? .sequence(elements)
            ValueWriter.append(value, asBase64: output.holdsBytes, nonfinite, to: &buffer)
        case .single(let value): ValueWriter.append(value, asBase64: output.holdsBytes, nonfinite, to: &buffer)
        }
    }
}
