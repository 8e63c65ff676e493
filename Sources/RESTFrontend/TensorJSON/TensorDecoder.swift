import GraphIR
import ModelServing
import Tensors

/// Reads the tensors of a predict request: `instances` (rows) or `inputs` (columns).
///
/// TensorFlow Serving's rules, sections 5.2 to 5.5 of its REST contract.
///
/// Most models have one input, written as it is: its reader needs no memory but the tensor's. Inputs that are named by objects
/// are in `TensorDecoder+Objects.swift`.
struct TensorDecoder {
    typealias Position = UnsafePointer<UInt8>

    /// Everything that the request may give.
    let inputs: [Signature.Parameter]
    let dialect: TensorJSONDialect
    let limits: TensorJSONLimits
    /// For the reader of an only input.
    let levels: ListLevels

    /// Reads the value at `position` and moves behind it.
    func read(_ format: TensorFormat, _ position: inout Position, _ text: SentinelText) throws(DecodeFault) -> CallInputs {
        switch format {
        case .row: try unsafe readRows(&position, text)
        case .columnar: try unsafe readColumns(&position, text)
        }
    }

    /// Reads the value of `instances`: one element an instance; every tensor gets a first axis that counts them.
    private func readRows(_ position: inout Position, _ text: SentinelText) throws(DecodeFault) -> CallInputs {
        guard unsafe position.pointee == UInt8(ascii: "[") else {
            throw .invalid("Expecting 'instances' to be an list/array")
        }
        unsafe skip(1, &position)
        guard unsafe position.pointee != UInt8(ascii: "]") else { throw .invalid("No values in 'instances' array") }
        guard unsafe !isObject(position, text) else { return try unsafe readObjects(&position, text) }
        guard hasPlainInput else {
            throw .invalid(
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"
            )
        }
        guard let type = inputs[0].rowType else { throw Self.withoutRows(inputs[0]) }
        var reader = unsafe onlyReader(type.elementType, position, text)
        let count = try unsafe readPlainRows(&reader, &position, text)
        let tensor = try reader.stacked(count)
        return inputs[0].tensor == nil ? CallInputs([.optional(RuntimeValue(tensor))]) : CallInputs(tensor)
    }

    /// Reads the value of `inputs`: tensors as they are written.
    private func readColumns(_ position: inout Position, _ text: SentinelText) throws(DecodeFault) -> CallInputs {
        guard unsafe !isObject(position, text) else { return try unsafe readNamedColumns(&position, text) }
        guard hasPlainInput else {
            throw .invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map")
        }
        guard let type = inputs[0].tensor else { return CallInputs([try unsafe readValue(of: inputs[0], &position, text)]) }
        var reader = unsafe onlyReader(type.elementType, position, text)
        try unsafe reader.readWhole(&position, text)
        return CallInputs(try reader.whole())
    }

    /// Whether a value without a name means the first input, as there is no other but the constants that a request may replace.
    private var hasPlainInput: Bool {
        inputs.count == 1 || inputs.count > 1 && inputs[1].isOverridable && !inputs[0].isOverridable
    }

    /// A reader of the only input, whose values begin at `start`.
    private func onlyReader(_ type: ElementType, _ start: Position, _ text: SentinelText) -> InputReader {
        unsafe InputReader(type, dialect: dialect, limits: limits, textByteCount: text.end - start, levels: levels)
    }

    static func withoutRows(_ input: Signature.Parameter) -> DecodeFault {
        let what = input.isOverridable ? "replaces a constant of the model" : "is \(input.type)"
        return .invalid("input \"\(input.name)\" \(what), which has no rows; send all inputs as 'inputs' instead of 'instances'")
    }

    /// Instances that are values or lists.
    private func readPlainRows(
        _ reader: inout InputReader, _ position: inout Position, _ text: SentinelText
    ) throws(DecodeFault) -> Int {
        var count = 0
        while true {
            guard unsafe !isObject(position, text) else {
                throw .invalid("Expecting value/list but got object at item \(count) of input list")
            }
            do { try unsafe reader.readInstance(&position, text) } catch { throw error.inElement(count) }
            count += 1
            guard try unsafe skipComma(&position) else { return count }
            guard let run = unsafe reader.readScalarInstances(&position, text) else { continue }
            count += run.count
            switch run.end {
            case .closed:
                unsafe position += 1
                return count
            case .misplaced: throw .syntax
            case .unreadable: continue
            }
        }
    }

    /// Whether an object stands at `position` that is not the base64 form of a string.
    func isObject(_ position: Position, _ text: SentinelText) -> Bool {
        guard unsafe position.pointee == UInt8(ascii: "{") else { return false }
        return unsafe JSONValue(position, text.end, maximumDepth: limits.maximumDepth).base64 == nil
    }

    /// After an element of a list: true, at the next element, when a comma stands there; false, after the list, at its end.
    func skipComma(_ position: inout Position) throws(DecodeFault) -> Bool {
        unsafe skip(0, &position)
        switch unsafe position.pointee {
        case UInt8(ascii: ","):
            unsafe skip(1, &position)
            return true
        case UInt8(ascii: "]"):
            unsafe position += 1
            return false
        default: throw .syntax
        }
    }

    @inline(__always)
    func skip(_ count: Int, _ position: inout Position) {
        unsafe position += count
        unsafe JSONBytes.skipWhitespace(&position)
    }
}

extension Signature.Parameter {
    /// The tensor that instances give a row of; nil for what has no rows.
    var rowType: TensorType? {
        if isOverridable { return nil }
        if case .optional(let content) = type { return content.tensor }
        return tensor
    }
}
