import GraphIR
import ProtobufWire
import Tensors

/// The values of one feature of a record: TensorFlow's message `Feature`.
enum FeatureValues {
    case texts([[UInt8]])
    case floats([Float])
    case integers([Int64])
    /// A feature without a list.
    case none

    var count: Int {
        switch self {
        case .texts(let values): values.count
        case .floats(let values): values.count
        case .integers(let values): values.count
        case .none: 0
        }
    }

    /// The type as messages name it; nil for a feature without a list.
    var type: ElementType? {
        switch self {
        case .texts: .string
        case .floats: .float32
        case .integers: .int64
        case .none: nil
        }
    }
}

/// Reads TensorFlow's messages `Example` and `SequenceExample`.
struct ExampleRecord {
    private let bytes: UnsafeRawBufferPointer

    /// - Parameter bytes: must outlive the record.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Calls `body` with the name and the place of each entry of a map that is field `map` of the message that is field `field`.
    func forEach(
        field: Int, map: Int = 1, _ body: (_ name: [UInt8], _ value: Range<Int>) -> Void
    ) throws(WireError) {
        var reader = WireReader(bytes)
        while let outer = try reader.nextField() {
            guard outer.number == field else {
                try reader.skip(outer)
                continue
            }
            var entries = try reader.nested(outer)
            while let entry = try entries.nextField() {
                guard entry.number == map else {
                    try entries.skip(entry)
                    continue
                }
                var pair = try entries.nested(entry)
                var name = 0..<0, value = 0..<0
                while let part = try pair.nextField() {
                    switch part.number {
                    case 1: name = try pair.range(part)
                    case 2: value = try pair.range(part)
                    default: try pair.skip(part)
                    }
                }
                body(Array(bytes[name]), value)
            }
        }
    }

    /// The feature whose message fills `range`.
    func feature(_ range: Range<Int>) throws(WireError) -> FeatureValues {
        var reader = WireReader(bytes, range: range)
        var values = FeatureValues.none
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                var texts: [[UInt8]] = []
                if case .texts(let before) = values { texts = before }
                try Self.read(try reader.nested(field)) { list, element throws(WireError) in
                    texts.append(Array(bytes[try list.range(element)]))
                }
                values = .texts(texts)
            case 2:
                var floats: [Float] = []
                if case .floats(let before) = values { floats = before }
                try Self.read(try reader.nested(field)) { list, element throws(WireError) in
                    try list.append(element, to: &floats)
                }
                values = .floats(floats)
            case 3:
                var integers: [Int64] = []
                if case .integers(let before) = values { integers = before }
                try Self.read(try reader.nested(field)) { list, element throws(WireError) in
                    try list.append(element, to: &integers)
                }
                values = .integers(integers)
            default: try reader.skip(field)
            }
        }
        return values
    }

    private static func read(
        _ list: WireReader, _ body: (inout WireReader, WireField) throws(WireError) -> Void
    ) throws(WireError) {
        var list = list
        while let element = try list.nextField() {
            if element.number == 1 { try body(&list, element) } else { try list.skip(element) }
        }
    }

    /// The features of a list (`FeatureList`) whose message fills `range`.
    func features(_ range: Range<Int>) throws(WireError) -> [FeatureValues] {
        var reader = WireReader(bytes, range: range)
        var features: [FeatureValues] = []
        while let field = try reader.nextField() {
            if field.number == 1 { features.append(try feature(try reader.range(field))) } else { try reader.skip(field) }
        }
        return features
    }
}

/// Values of one type that features give, one after another.
struct FeatureColumnValues {
    private(set) var values: FeatureValues
    private let type: ElementType

    init(_ type: ElementType) throws(OperatorError) {
        self.type = type
        switch type {
        case .string: values = .texts([])
        case .float32: values = .floats([])
        case .int64: values = .integers([])
        default: throw .unsupported("features of type \(type)")
        }
    }

    var count: Int { values.count }

    /// - Precondition: the values are of the column's type.
    mutating func append(_ other: FeatureValues) {
        switch (values, other) {
        case (.texts(var own), .texts(let added)):
            values = .none
            own += added
            values = .texts(own)
        case (.floats(var own), .floats(let added)):
            values = .none
            own += added
            values = .floats(own)
        case (.integers(var own), .integers(let added)):
            values = .none
            own += added
            values = .integers(own)
        default: break
        }
    }

    /// Appends `count` of the elements of a tensor, again and again if it has fewer; zeros or empty strings when it has none.
    mutating func append(_ elements: ElementList?, count: Int) {
        switch (values, elements) {
        case (.texts, .strings(let texts)?) where !texts.elements.isEmpty:
            append(.texts((0..<count).map { texts.elements[$0 % texts.elements.count] }))
        case (.texts, _): append(.texts([[UInt8]](repeating: [], count: count)))
        case (.floats, .dense(let view)?) where view.elementType == .float32 && view.elementCount > 0:
            let own = view.values(Float.self)
            append(.floats((0..<count).map { own[$0 % own.count] }))
        case (.floats, _): append(.floats([Float](repeating: 0, count: count)))
        case (.integers, .dense(let view)?) where view.elementType == .int64 && view.elementCount > 0:
            let own = view.values(Int64.self)
            append(.integers((0..<count).map { own[$0 % own.count] }))
        case (.integers, _): append(.integers([Int64](repeating: 0, count: count)))
        case (.none, _): break
        }
    }

    func tensor(_ shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        switch values {
        case .floats(let values): return try context.tensor(values, shape)
        case .integers(let values): return try context.tensor(values, shape)
        case .texts(let values):
            guard values.count == shape.elementCount else { throw .invalidValue("makes \(values.count) strings for shape \(shape)") }
            return .strings(StringTensor(shape: shape, elements: values))
        case .none: throw .invalidValue("has no values")
        }
    }

    func list(_ context: EvaluationContext) throws(OperatorError) -> RuntimeValue { try tensor([count], context) }
}
