import GraphIR
import Tensors

/// Keys with a value each: the contents of a lookup table at one moment.
///
/// Copies share their memory until one of them changes, so that a reader keeps what it has read.
struct TableContents: Sendable {
    /// Where the value of each key is among the values.
    private enum Places: Sendable {
        case numbers([Int64: Int])
        case texts([TextKey: Int])
        /// Keys that are lists of numbers.
        case lists([[Int64]: Int])
    }

    /// The values of all keys in the order of `keys`.
    private enum Values: Sendable {
        case dense([UInt8])
        case strings([[UInt8]])
    }

    let keyType: ElementType
    let keyShape: Shape
    let valueType: ElementType
    let valueShape: Shape
    private var places: Places
    private var values: Values
    /// The bytes of dense keys, or strings, in the order of insertion.
    private var keyBytes: [UInt8] = []
    private var keyTexts: [[UInt8]] = []
    private(set) var count = 0
    private var textByteCount = 0

    init(keyType: ElementType, keyShape: Shape = .scalar, valueType: ElementType, valueShape: Shape = .scalar) {
        (self.keyType, self.keyShape, self.valueType, self.valueShape) = (keyType, keyShape, valueType, valueShape)
        places = keyType == .string ? .texts([:]) : keyShape.elementCount == 1 ? .numbers([:]) : .lists([:])
        values = valueType == .string ? .strings([]) : .dense([])
    }

    private var keyWidth: Int { keyShape.elementCount * keyType.byteCount }
    private var valueWidth: Int { valueShape.elementCount * valueType.byteCount }

    /// Bytes of keys and values, and about what finding them takes.
    var byteCount: Int {
        let held: Int
        switch values {
        case .dense(let bytes): held = bytes.count
        case .strings(let texts): held = texts.count * MemoryLayout<[UInt8]>.stride
        }
        return held + keyBytes.count + keyTexts.count * MemoryLayout<[UInt8]>.stride + textByteCount + count * Self.placeByteCount
    }

    /// About what a place among the keys takes.
    private static let placeByteCount = 48

    /// What `byteCount` grows by, at most, when these entries are added.
    func byteCount(adding keys: ElementList, _ values: ElementList, count: Int) -> Int {
        count * Self.placeByteCount + keys.byteCount + values.byteCount
    }

    // MARK: Finding

    /// Where the value of key `position` of `keys` is; nil when the table has no such key.
    func place(_ keys: ElementList, _ position: Int) -> Int? {
        switch (places, keys) {
        case (.texts(let places), .strings(let texts)): places[TextKey(texts.elements[position])]
        case (.numbers(let places), .dense(let view)): places[view.keyNumber(position)]
        case (.lists(let places), .dense(let view)): places[list(view, position)]
        default: nil
        }
    }

    private func list(_ view: TensorView, _ position: Int) -> [Int64] {
        let width = keyShape.elementCount
        return (0..<width).map { view.keyNumber(position * width + $0) }
    }

    /// The values at `places`, or those of `blank` where there is none.
    ///
    /// - Parameter blank: one value, or one for each place.
    func gathered(
        _ found: [Int?], blank: ElementList, _ shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let each = valueShape.elementCount, isOne = blank.count == each
        switch (values, blank) {
        case (.strings(let texts), .strings(let blank)):
            return try context.withScratch(ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                var elements: [[UInt8]] = []
                elements.reserveCapacity(shape.elementCount)
                for (number, place) in found.enumerated() {
                    if let place {
                        elements += texts[place * each..<(place + 1) * each]
                    } else {
                        let first = isOne ? 0 : number * each
                        elements += blank.elements[first..<first + each]
                    }
                }
                return .strings(StringTensor(shape: shape, elements: elements))
            }
        case (.dense(let bytes), .dense(let blank)):
            let width = valueWidth
            return .tensor(
                try context.makeTensor(TensorSpec(valueType, shape)) { target in
                    bytes.withUnsafeBytes { bytes in
                        guard var target = target.baseAddress else { return }
                        for (number, place) in found.enumerated() {
                            if let place, let base = bytes.baseAddress {
                                target.copyMemory(from: base + place * width, byteCount: width)
                            } else {
                                target.copyMemory(from: blank.baseAddress + (isOne ? 0 : number * width), byteCount: width)
                            }
                            target += width
                        }
                    }
                })
        default: throw .invalidValue("the table's values are \(valueType), the default is \(blank.elementType)")
        }
    }

    /// Whether the value at `place` is that at `position` of `others`.
    func hasValue(_ place: Int, _ others: ElementList, _ position: Int) -> Bool {
        let each = valueShape.elementCount
        switch (values, others) {
        case (.strings(let texts), .strings(let other)):
            return texts[place * each..<(place + 1) * each] == other.elements[position * each..<(position + 1) * each]
        case (.dense(let bytes), .dense(let view)):
            let start = position * valueWidth
            return bytes[place * valueWidth..<(place + 1) * valueWidth].elementsEqual(view.bytes[start..<start + valueWidth])
        default: return false
        }
    }

    // MARK: Changing

    /// Gives key `position` of `keys` the value at the same position of `newValues`.
    mutating func insert(_ keys: ElementList, _ newValues: ElementList, _ position: Int) {
        let place = self.place(keys, position) ?? count
        switch (values, newValues) {
        case (.strings(var texts), .strings(let other)):
            values = .strings([])
            let each = valueShape.elementCount, added = other.elements[position * each..<(position + 1) * each]
            textByteCount += added.reduce(0) { $0 + $1.count }
            if place == count {
                texts += added
            } else {
                let replaced = place * each..<(place + 1) * each
                textByteCount -= texts[replaced].reduce(0) { $0 + $1.count }
                texts.replaceSubrange(replaced, with: added)
            }
            values = .strings(texts)
        case (.dense(var bytes), .dense(let view)):
            values = .dense([])
            let added = view.bytes[position * valueWidth..<(position + 1) * valueWidth]
            if place == count {
                bytes += added
            } else {
                bytes.replaceSubrange(place * valueWidth..<(place + 1) * valueWidth, with: added)
            }
            values = .dense(bytes)
        default: return
        }
        guard place == count else { return }
        switch (keys, places) {
        case (.strings(let texts), .texts(var known)):
            places = .texts([:])
            known[TextKey(texts.elements[position])] = place
            places = .texts(known)
            keyTexts.append(texts.elements[position])
            textByteCount += texts.elements[position].count
        case (.dense(let view), .numbers(var known)):
            places = .numbers([:])
            known[view.keyNumber(position)] = place
            places = .numbers(known)
            keyBytes += view.bytes[position * keyWidth..<(position + 1) * keyWidth]
        case (.dense(let view), .lists(var known)):
            places = .lists([:])
            known[list(view, position)] = place
            places = .lists(known)
            keyBytes += view.bytes[position * keyWidth..<(position + 1) * keyWidth]
        default: return
        }
        count += 1
    }

    /// The table without the keys at all positions of `keys`.
    func removing(_ keys: ElementList, count removedCount: Int) -> TableContents {
        var gone: Set<Int> = []
        for position in 0..<removedCount { if let place = place(keys, position) { gone.insert(place) } }
        guard !gone.isEmpty else { return self }
        var rest = TableContents(keyType: keyType, keyShape: keyShape, valueType: valueType, valueShape: valueShape)
        withLists { keys, values in
            for place in 0..<count where !gone.contains(place) { rest.insert(keys, values, place) }
        }
        return rest
    }

    // MARK: Everything

    /// Calls `body` with all keys and values.
    func withLists<Result>(_ body: (_ keys: ElementList, _ values: ElementList) -> Result) -> Result {
        keyBytes.withUnsafeBytes { keyBytes in
            let keys = Self.list(keyBytes, keyTexts, keyType, Shape([count] + keyShape.extents))
            let shape = Shape([count] + valueShape.extents)
            switch values {
            case .strings(let texts): return body(keys, .strings(StringTensor(shape: shape, elements: texts)))
            case .dense(let bytes): return bytes.withUnsafeBytes { body(keys, Self.list($0, [], valueType, shape)) }
            }
        }
    }

    private static func list(_ bytes: UnsafeRawBufferPointer, _ texts: [[UInt8]], _ type: ElementType, _ shape: Shape) -> ElementList {
        if type == .string { return .strings(StringTensor(shape: shape, elements: texts)) }
        // An empty buffer may have no address; nobody reads any byte of it.
        let address = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 16)
        guard let address else { return .strings(StringTensor(shape: [0], elements: [])) }
        return .dense(TensorView(TensorSpec(type, shape), address))
    }
}

/// Bytes as a key: hashed all at once.
struct TextKey: Hashable, Sendable {
    let text: [UInt8]

    init(_ text: [UInt8]) { self.text = text }

    func hash(into hasher: inout Hasher) { text.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
