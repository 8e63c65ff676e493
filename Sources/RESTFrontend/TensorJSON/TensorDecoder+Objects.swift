import GraphIR
import ModelServing
import Tensors

/// Inputs that objects name: a reader for each, filled in whatever order the names come.
extension TensorDecoder {
    /// Instances that are objects whose keys are exactly the inputs' names.
    func readObjects(_ position: inout Position, _ text: SentinelText) throws(DecodeFault) -> CallInputs {
        let named = inputs.map { unsafe NamedReader($0, self, textByteCount: (text.end - position) / max(inputs.count, 1)) }
        var lastInstance = [Int](repeating: -1, count: inputs.count)
        var count = 0
        repeat {
            guard unsafe isObject(position, text) else {
                throw .invalid("Expecting object but got list at item \(count) of input list")
            }
            let start = unsafe position
            var found = 0, next = 0
            try unsafe readMembers(&position, text) { (name, position) throws(DecodeFault) in
                guard let index = inputIndex(name, from: next) else {
                    let message = "JSON object: does not have named input: \(name.text)"
                    throw DecodeFault.invalid(message).inElement(count, key: name.text)
                }
                next = index + 1
                guard lastInstance[index] != count else { return try unsafe skipValue(&position, text, depth: 3) }
                // The instances before left it to its default.
                guard lastInstance[index] >= 0 || count == 0 else { throw unsafe missingKeys(start, text, count) }
                lastInstance[index] = count
                found += 1
                do throws(DecodeFault) {
                    try unsafe named[index].readInstance(&position, text)
                } catch {
                    throw error.inElement(count, key: inputs[index].name)
                }
            }
            if found < inputs.count {
                // What the first instance leaves to its default, all do.
                let isComplete = inputs.indices.allSatisfy { index in
                    lastInstance[index] == count || lastInstance[index] < 0 && inputs[index].absent != nil
                }
                guard isComplete else { throw unsafe missingKeys(start, text, count) }
            }
            count += 1
        } while try unsafe skipComma(&position)
        var values = [RuntimeValue?](repeating: nil, count: inputs.count)
        for index in inputs.indices where lastInstance[index] >= 0 {
            let tensor = RuntimeValue(try named[index].surrender().stacked(count))
            values[index] = inputs[index].tensor == nil ? .optional(tensor) : tensor
        }
        return CallInputs(inputs.completed(values))
    }

    /// Tensors as they are written; of equal names the first counts, and names that are no input's are skipped.
    func readNamedColumns(_ position: inout Position, _ text: SentinelText) throws(DecodeFault) -> CallInputs {
        let named = inputs.map { unsafe NamedReader($0, self, textByteCount: (text.end - position) / max(inputs.count, 1)) }
        var isFound = [Bool](repeating: false, count: inputs.count)
        var values = [RuntimeValue?](repeating: nil, count: inputs.count)
        try unsafe readMembers(&position, text) { (name, position) throws(DecodeFault) in
            guard let index = inputIndex(name, from: 0), !isFound[index] else {
                return try unsafe skipValue(&position, text, depth: 2)
            }
            isFound[index] = true
            if inputs[index].tensor != nil, !inputs[index].isOverridable {
                try unsafe named[index].reader?.readWhole(&position, text)
            } else {
                values[index] = try unsafe readValue(of: inputs[index], &position, text)
            }
        }
        if let missing = inputs.indices.first(where: { !isFound[$0] && inputs[$0].absent == nil }) {
            throw .invalid("Missing named input: \(inputs[missing].name) in 'inputs' object.")
        }
        for index in inputs.indices where isFound[index] && values[index] == nil {
            values[index] = RuntimeValue(try named[index].surrender().whole())
        }
        return CallInputs(inputs.completed(values))
    }

    private func missingKeys(_ start: Position, _ text: SentinelText, _ instance: Int) -> DecodeFault {
        let object = unsafe JSONValue(start, text.end, maximumDepth: limits.maximumDepth).quotation
        let names = inputs.filter { !$0.isOverridable }.map(\.name).sorted().joined(separator: ",")
        return .invalid(
            "Failed to process element: \(instance) of 'instances' list. JSON object: \(object) keys must be equal to: \(names)")
    }

    /// Calls `body` with the name of each member of the object at `position`, to read the value.
    func readMembers(
        _ position: inout Position, _ text: SentinelText,
        _ body: (JSONString, inout Position) throws(DecodeFault) -> Void
    ) throws(DecodeFault) {
        unsafe skip(1, &position)
        guard unsafe position.pointee != UInt8(ascii: "}") else { return try unsafe skipBrace(&position, text) }
        while true {
            let start = unsafe position
            let validator = unsafe JSONValidator(UnsafeBufferPointer(start: start, count: text.end - start), maximumDepth: 1)
            do { unsafe position = start + (try validator.skipName(0)) } catch { throw .syntax }
            try unsafe body(JSONString(at: start, end: text.end), &position)
            unsafe skip(0, &position)
            switch unsafe position.pointee {
            case UInt8(ascii: ","): unsafe skip(1, &position)
            case UInt8(ascii: "}"): return try unsafe skipBrace(&position, text)
            default: throw .syntax
            }
        }
    }

    /// The last brace of the text stops every scan, so that it may not be taken for one of a tensor's own.
    private func skipBrace(_ position: inout Position, _ text: SentinelText) throws(DecodeFault) {
        unsafe position += 1
        guard unsafe position < text.end else { throw .syntax }
    }

    /// The input of this name; names mostly come in the signature's order, so the search starts after the last one.
    private func inputIndex(_ name: JSONString, from start: Int) -> Int? {
        for offset in inputs.indices {
            let index = (start + offset) % inputs.count
            if name.equals(inputs[index].name) { return index }
        }
        return nil
    }

    /// Moves behind a value that stands `depth` levels below the text's own.
    func skipValue(_ position: inout Position, _ text: SentinelText, depth: Int) throws(DecodeFault) {
        let value = unsafe JSONValue(position, text.end, maximumDepth: limits.maximumDepth - depth)
        guard let next = unsafe value.end, unsafe next < text.end else { throw .syntax }
        unsafe position = next
    }
}

/// One of several readers, and the owner of the memory that it borrows.
@safe private final class NamedReader {
    /// Until it is surrendered; nil for an input without rows.
    var reader: InputReader?
    private let input: Signature.Parameter
    /// Of the reader's levels.
    private let memory: UnsafeMutablePointer<Int>

    init(_ input: Signature.Parameter, _ decoder: TensorDecoder, textByteCount: Int) {
        self.input = input
        unsafe memory = .allocate(capacity: ListLevels.wordCount(decoder.limits))
        guard let type = input.rowType else { return }
        reader = unsafe InputReader(
            type.elementType, dialect: decoder.dialect, limits: decoder.limits, textByteCount: textByteCount,
            levels: ListLevels(memory, decoder.limits))
    }

    deinit { unsafe memory.deallocate() }

    func readInstance(_ position: inout TensorDecoder.Position, _ text: SentinelText) throws(DecodeFault) {
        guard reader != nil else { throw TensorDecoder.withoutRows(input) }
        try unsafe reader?.readInstance(&position, text)
    }

    /// Hands the reader over, once, for its values to be taken.
    func surrender() -> InputReader {
        guard let reader = reader.take() else { preconditionFailure("an input's values are taken twice") }
        return reader
    }
}
