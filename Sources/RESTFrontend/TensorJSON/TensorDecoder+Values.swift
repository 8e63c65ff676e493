import GraphIR
import Tensors

/// Values that are no tensors of rows: a sequence is a list of its elements, a map an object with integers as strings for keys, an
/// optional its value or null.
extension TensorDecoder {
    /// Reads the value of `parameter` at `position` and moves behind it.
    func readValue(
        of parameter: Signature.Parameter, _ position: inout Position, _ text: SentinelText
    ) throws(DecodeFault) -> RuntimeValue {
        var room = limits.maximumEntryCount
        return try unsafe readValue(parameter.type, parameter, &position, text, &room)
    }

    /// - Parameter room: how many further elements of sequences and entries of maps the input may have.
    private func readValue(
        _ type: ValueType, _ parameter: Signature.Parameter, _ position: inout Position, _ text: SentinelText, _ room: inout Int
    ) throws(DecodeFault) -> RuntimeValue {
        switch type {
        case .tensor(let type): return RuntimeValue(try unsafe readTensor(type.elementType, &position, text))
        case .optional(let content):
            guard unsafe position.pointee == UInt8(ascii: "n") else {
                return .optional(try unsafe readValue(content, parameter, &position, text, &room))
            }
            try unsafe skipValue(&position, text, depth: 2)
            return .optional(nil)
        case .sequence(let element): return try unsafe readSequence(element, parameter, &position, text, &room)
        case .map(let key, let content): return .map(try unsafe readMap(key, content, parameter, &position, text, &room))
        case .list, .resource: throw .invalid("input \"\(parameter.name)\" is \(type), which has no form in JSON")
        }
    }

    private func readSequence(
        _ type: ValueType, _ parameter: Signature.Parameter, _ position: inout Position, _ text: SentinelText, _ room: inout Int
    ) throws(DecodeFault) -> RuntimeValue {
        guard unsafe position.pointee == UInt8(ascii: "[") else { throw unsafe unexpected("a list", parameter, position, text) }
        unsafe skip(1, &position)
        guard unsafe position.pointee != UInt8(ascii: "]") else {
            unsafe position += 1
            return .sequence([])
        }
        var elements: [RuntimeValue] = []
        repeat {
            try take(&room, parameter)
            elements.append(try unsafe readValue(type, parameter, &position, text, &room))
        } while try unsafe skipComma(&position)
        return .sequence(elements)
    }

    /// Of equal keys the first counts.
    private func readMap(
        _ key: ElementType, _ type: ValueType, _ parameter: Signature.Parameter, _ position: inout Position, _ text: SentinelText,
        _ room: inout Int
    ) throws(DecodeFault) -> RuntimeMap {
        guard unsafe position.pointee == UInt8(ascii: "{") else { throw unsafe unexpected("an object", parameter, position, text) }
        var entries: [(key: [UInt8], value: RuntimeValue)] = [], known: Set<[UInt8]> = []
        var remaining = room
        try unsafe readMembers(&position, text) { (name, position) throws(DecodeFault) in
            try take(&remaining, parameter)
            let key = name.bytes
            guard known.insert(key).inserted else { return try unsafe skipValue(&position, text, depth: 2) }
            entries.append((key, try unsafe readValue(type, parameter, &position, text, &remaining)))
        }
        room = remaining
        guard key == .int64 else { return .strings(entries) }
        var numbered: [(key: Int64, value: RuntimeValue)] = []
        for (key, value) in entries {
            let name = String(decoding: key, as: UTF8.self)
            guard let number = Int64(name) else {
                throw .invalid("input \"\(parameter.name)\" has the key \"\(name)\", expected an integer such as \"1\"")
            }
            numbered.append((number, value))
        }
        return .integers(numbered)
    }

    /// A tensor of whatever shape. Its text is measured first, so that many small ones take no more memory than they need.
    private func readTensor(
        _ type: ElementType, _ position: inout Position, _ text: SentinelText
    ) throws(DecodeFault) -> TensorValue {
        let value = unsafe JSONValue(position, text.end, maximumDepth: limits.maximumDepth - 2)
        guard let end = unsafe value.end, unsafe end < text.end else { throw .syntax }
        let byteCount = unsafe end - position
        return try unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: ListLevels.wordCount(limits)) {
            (memory) throws(DecodeFault) in
            // Temporary memory always has an address.
            let levels = unsafe ListLevels(memory.baseAddress.unsafelyUnwrapped, limits)
            var reader = InputReader(type, dialect: dialect, limits: limits, textByteCount: byteCount, levels: levels)
            try unsafe reader.readWhole(&position, text)
            return try reader.whole()
        }
    }

    private func take(_ room: inout Int, _ parameter: Signature.Parameter) throws(DecodeFault) {
        guard room > 0 else {
            throw .invalid("input \"\(parameter.name)\" has more than \(limits.maximumEntryCount) elements and entries; send fewer")
        }
        room -= 1
    }

    private func unexpected(
        _ expected: String, _ parameter: Signature.Parameter, _ position: Position, _ text: SentinelText
    ) -> DecodeFault {
        let found = unsafe JSONValue(position, text.end, maximumDepth: limits.maximumDepth).kindName
        return .invalid("input \"\(parameter.name)\" is \(parameter.type), expecting \(expected) but got: \(found)")
    }
}
