import GraphIR
import Tensors

/// Reads the tensors of a predict request: `instances` (rows) or `inputs` (columns).
///
/// TensorFlow Serving's rules, sections 5.2 to 5.5 of its REST contract. The byte at `end − 1` of the text must be the closing
/// brace of the object that holds the value.
struct TensorDecoder {
    typealias Position = UnsafePointer<UInt8>

    private let inputs: [Signature.Parameter]
    private let readers: [InputReader]
    private let limits: TensorJSONLimits

    init(
        _ inputs: [Signature.Parameter], dialect: TensorJSONDialect, limits: TensorJSONLimits, textByteCount: Int
    ) {
        self.inputs = inputs
        self.limits = limits
        readers = inputs.map {
            InputReader(
                $0.type.elementType, dialect: dialect, limits: limits, textByteCount: textByteCount / max(inputs.count, 1))
        }
    }

    /// Reads the value of `instances`: one element an instance; every tensor gets a first axis that counts them.
    func readRows(_ position: inout Position, _ end: Position) throws(DecodeFault) -> [TensorValue] {
        guard position.pointee == UInt8(ascii: "[") else {
            throw .invalid("Expecting 'instances' to be an list/array")
        }
        skip(1, &position)
        guard position.pointee != UInt8(ascii: "]") else { throw .invalid("No values in 'instances' array") }
        let count = isObject(position, end) ? try readObjects(&position, end) : try readPlainRows(&position, end)
        var values: [TensorValue] = []
        for reader in readers { values.append(try reader.stacked(count)) }
        return values
    }

    /// Reads the value of `inputs`: tensors as they are written.
    func readColumns(_ position: inout Position, _ end: Position) throws(DecodeFault) -> [TensorValue] {
        if isObject(position, end) {
            try readNamedColumns(&position, end)
        } else if readers.count == 1 {
            try readers[0].readWhole(&position, end)
        } else {
            throw .invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map")
        }
        var values: [TensorValue] = []
        for reader in readers { values.append(try reader.whole()) }
        return values
    }

    /// Instances that are values or lists, for the only input.
    private func readPlainRows(_ position: inout Position, _ end: Position) throws(DecodeFault) -> Int {
        guard readers.count == 1 else {
            throw .invalid(
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"
            )
        }
        let reader = readers[0]
        var count = 0
        while true {
            guard !isObject(position, end) else {
                throw .invalid("Expecting value/list but got object at item \(count) of input list")
            }
            do { try reader.readInstance(&position, end) } catch { throw error.inElement(count) }
            count += 1
            guard try skipComma(&position) else { return count }
            guard let run = reader.readScalarInstances(&position, end) else { continue }
            count += run.count
            switch run.end {
            case .closed:
                position += 1
                return count
            case .misplaced: throw .syntax
            case .unreadable: continue
            }
        }
    }

    /// Instances that are objects whose keys are exactly the inputs' names.
    private func readObjects(_ position: inout Position, _ end: Position) throws(DecodeFault) -> Int {
        var lastInstance = [Int](repeating: -1, count: inputs.count)
        var count = 0
        repeat {
            guard isObject(position, end) else {
                throw .invalid("Expecting object but got list at item \(count) of input list")
            }
            let start = position
            var found = 0, next = 0
            try readMembers(&position, end) { (name, position) throws(DecodeFault) in
                guard let index = inputIndex(name, from: next) else {
                    let message = "JSON object: does not have named input: \(name.text)"
                    throw DecodeFault.invalid(message).inElement(count, key: name.text)
                }
                next = index + 1
                guard lastInstance[index] != count else { return try skipValue(&position, end, depth: 3) }
                lastInstance[index] = count
                found += 1
                try readInstance(&position, end, of: index, count)
            }
            guard found == inputs.count else { throw missingKeys(start, end, count) }
            count += 1
        } while try skipComma(&position)
        return count
    }

    private func readInstance(
        _ position: inout Position, _ end: Position, of input: Int, _ instance: Int
    ) throws(DecodeFault) {
        do {
            try readers[input].readInstance(&position, end)
        } catch {
            throw error.inElement(instance, key: inputs[input].name)
        }
    }

    private func readNamedColumns(_ position: inout Position, _ end: Position) throws(DecodeFault) {
        var isFound = [Bool](repeating: false, count: inputs.count)
        try readMembers(&position, end) { (name, position) throws(DecodeFault) in
            guard let index = inputIndex(name, from: 0), !isFound[index] else {
                return try skipValue(&position, end, depth: 2)
            }
            isFound[index] = true
            try readers[index].readWhole(&position, end)
        }
        if let missing = isFound.firstIndex(of: false) {
            throw .invalid("Missing named input: \(inputs[missing].name) in 'inputs' object.")
        }
    }

    private func missingKeys(_ start: Position, _ end: Position, _ instance: Int) -> DecodeFault {
        let object = JSONValue(start, end, maximumDepth: limits.maximumDepth).quotation
        let names = inputs.map(\.name).sorted().joined(separator: ",")
        return .invalid(
            "Failed to process element: \(instance) of 'instances' list. JSON object: \(object) keys must be equal to: \(names)")
    }

    /// Calls `body` with the name of each member of the object at `position`, to read the value.
    private func readMembers(
        _ position: inout Position, _ end: Position,
        _ body: (JSONString, inout Position) throws(DecodeFault) -> Void
    ) throws(DecodeFault) {
        skip(1, &position)
        guard position.pointee != UInt8(ascii: "}") else { return try skipBrace(&position, end) }
        while true {
            let start = position
            let validator = JSONValidator(UnsafeBufferPointer(start: start, count: end - start), maximumDepth: 1)
            do { position = start + (try validator.skipName(0)) } catch { throw .syntax }
            try body(JSONString(at: start, end: end), &position)
            skip(0, &position)
            switch position.pointee {
            case UInt8(ascii: ","): skip(1, &position)
            case UInt8(ascii: "}"): return try skipBrace(&position, end)
            default: throw .syntax
            }
        }
    }

    /// The last brace of the text stops every scan, so that it may not be taken for one of a tensor's own.
    private func skipBrace(_ position: inout Position, _ end: Position) throws(DecodeFault) {
        position += 1
        guard position < end else { throw .syntax }
    }

    /// The input of this name; names mostly come in the signature's order, so the search starts after the last one.
    private func inputIndex(_ name: JSONString, from start: Int) -> Int? {
        for offset in inputs.indices {
            let index = (start + offset) % inputs.count
            if name.equals(inputs[index].name) { return index }
        }
        return nil
    }

    /// Whether an object stands at `position` that is not the base64 form of a string.
    private func isObject(_ position: Position, _ end: Position) -> Bool {
        guard position.pointee == UInt8(ascii: "{") else { return false }
        return JSONValue(position, end, maximumDepth: limits.maximumDepth).base64 == nil
    }

    /// Moves behind a value that stands `depth` levels below the text's own.
    private func skipValue(_ position: inout Position, _ end: Position, depth: Int) throws(DecodeFault) {
        let value = JSONValue(position, end, maximumDepth: limits.maximumDepth - depth)
        guard let next = value.end, next < end else { throw .syntax }
        position = next
    }

    /// After an element of a list: true, at the next element, when a comma stands there; false, after the list, at its end.
    private func skipComma(_ position: inout Position) throws(DecodeFault) -> Bool {
        skip(0, &position)
        switch position.pointee {
        case UInt8(ascii: ","):
            skip(1, &position)
            return true
        case UInt8(ascii: "]"):
            position += 1
            return false
        default: throw .syntax
        }
    }

    private func skip(_ count: Int, _ position: inout Position) {
        position += count
        JSONBytes.skipWhitespace(&position)
    }
}
