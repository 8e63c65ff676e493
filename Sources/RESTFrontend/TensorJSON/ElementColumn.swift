import Tensors

/// How reading values came to an end.
enum RunEnd {
    /// At the closing bracket; or, for one value, behind it.
    case closed
    /// At a value that is not of the column's type, or that is one element too many.
    case unreadable
    /// At a byte that cannot follow a value.
    case misplaced
}

/// What is read at once.
enum ReadAmount {
    case value
    /// The values of a list from the first one to the closing bracket.
    case list
    /// As `list`; and when it has this length, lists of the same length that follow it, up to the closing bracket of the last.
    case lists(length: Int)
}

/// What was read at once.
struct ReadResult {
    var end: RunEnd
    /// Whole lists before the last one.
    var extraLists = 0
    /// Values of the last list, as far as it was read.
    var lastLength = 0
}

/// Where the elements of one tensor go while they are read.
///
/// The element type is checked once a run, so that the loop over its values is compiled for the type.
struct ElementColumn: ~Copyable {
    private let type: ElementType
    private let isText: Bool
    private let checksRanges: Bool
    private var numbers: NumberColumn
    private var strings: StringColumn

    /// - Parameter capacity: elements for which memory is taken at first.
    init(_ type: ElementType, _ dialect: TensorJSONDialect, capacity: Int, limits: TensorJSONLimits) {
        self.type = type
        checksRanges = dialect.checksRanges
        isText = if case .string = type { true } else { false }
        strings = StringColumn(maximumDepth: limits.maximumDepth, takesBase64: dialect.takesBase64)
        numbers = NumberColumn(elementByteCount: type.byteCount, capacity: isText ? 0 : capacity)
    }

    /// Why there was no memory for further elements; nil while there was.
    var refusal: MemoryRefusal? { numbers.refusal }

    /// Elements so far.
    var count: Int { isText ? strings.elements.count : numbers.count }

    /// Reads from `position` and moves it to where that ended; values are separated by commas and whitespace.
    @inline(__always)
    mutating func read(
        _ amount: ReadAmount, _ position: inout UnsafePointer<UInt8>, _ text: SentinelText, limit: Int
    ) -> ReadResult {
        let end = unsafe text.readableEnd
        return switch type {
        case .float32: unsafe numbers.read(ElementReaders.Float32.self, amount, &position, end, limit: limit)
        case .float64: unsafe numbers.read(ElementReaders.Float64.self, amount, &position, end, limit: limit)
        case .float16: unsafe numbers.read(ElementReaders.Float16.self, amount, &position, end, limit: limit)
        case .bfloat16: unsafe numbers.read(ElementReaders.BFloat16.self, amount, &position, end, limit: limit)
        case .int8 where checksRanges: unsafe numbers.read(ElementReaders.Integer<Int8>.self, amount, &position, end, limit: limit)
        case .int16 where checksRanges: unsafe numbers.read(ElementReaders.Integer<Int16>.self, amount, &position, end, limit: limit)
        case .uint8 where checksRanges: unsafe numbers.read(ElementReaders.Integer<UInt8>.self, amount, &position, end, limit: limit)
        case .int8: unsafe numbers.read(ElementReaders.NarrowInteger<Int8>.self, amount, &position, end, limit: limit)
        case .int16: unsafe numbers.read(ElementReaders.NarrowInteger<Int16>.self, amount, &position, end, limit: limit)
        case .int32: unsafe numbers.read(ElementReaders.Integer<Int32>.self, amount, &position, end, limit: limit)
        case .int64: unsafe numbers.read(ElementReaders.Integer<Int64>.self, amount, &position, end, limit: limit)
        case .uint8: unsafe numbers.read(ElementReaders.NarrowInteger<UInt8>.self, amount, &position, end, limit: limit)
        case .uint16: unsafe numbers.read(ElementReaders.Integer<UInt16>.self, amount, &position, end, limit: limit)
        case .uint32: unsafe numbers.read(ElementReaders.Integer<UInt32>.self, amount, &position, end, limit: limit)
        case .uint64: unsafe numbers.read(ElementReaders.Integer<UInt64>.self, amount, &position, end, limit: limit)
        case .bool: unsafe numbers.read(ElementReaders.Boolean.self, amount, &position, end, limit: limit)
        case .float8e4m3fn: unsafe narrow(NarrowElements.Float8E4M3FN.self, amount, &position, end, limit: limit)
        case .float8e4m3fnuz: unsafe narrow(NarrowElements.Float8E4M3FNUZ.self, amount, &position, end, limit: limit)
        case .float8e5m2: unsafe narrow(NarrowElements.Float8E5M2.self, amount, &position, end, limit: limit)
        case .float8e5m2fnuz: unsafe narrow(NarrowElements.Float8E5M2FNUZ.self, amount, &position, end, limit: limit)
        case .float8e8m0: unsafe narrow(NarrowElements.Float8E8M0.self, amount, &position, end, limit: limit)
        case .float4e2m1: unsafe narrow(NarrowElements.Float4E2M1.self, amount, &position, end, limit: limit)
        case .int4: unsafe narrow(NarrowElements.Int4.self, amount, &position, end, limit: limit)
        case .uint4: unsafe narrow(NarrowElements.UInt4.self, amount, &position, end, limit: limit)
        case .int2: unsafe narrow(NarrowElements.Int2.self, amount, &position, end, limit: limit)
        case .uint2: unsafe narrow(NarrowElements.UInt2.self, amount, &position, end, limit: limit)
        case .complex64, .complex128: preconditionFailure("\(type) is not read from JSON")
        case .string: unsafe strings.read(amount, &position, text, limit: limit)
        }
    }

    @inline(never)
    private mutating func narrow<Element: NarrowElement>(
        _: Element.Type, _ amount: ReadAmount, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> ReadResult {
        unsafe numbers.read(ElementReaders.Narrow<Element>.self, amount, &position, end, limit: limit)
    }

    /// Forgets the elements after the first `count`.
    mutating func truncate(to count: Int) {
        if isText { strings.truncate(to: count) } else { numbers.truncate(to: count) }
    }

    /// - Precondition: `shape` has as many elements as were read.
    consuming func value(shape: Shape) -> TensorValue {
        guard !isText else { return .strings(StringTensor(shape: shape, elements: strings.elements)) }
        guard let tensor = Tensor(TensorSpec(type, shape), storage: numbers.storage) else {
            preconditionFailure("\(count) elements were read for \(shape)")
        }
        return .dense(tensor)
    }
}
