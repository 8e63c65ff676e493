import Tensors

/// Reads the values of one input of a signature, whatever its element type.
protocol InputReading: AnyObject {
    /// Reads a tensor as it is written.
    func readWhole(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) throws(DecodeFault)

    /// Reads the tensor of one more instance, which must have the shape of the first one.
    func readInstance(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) throws(DecodeFault)

    /// When instances are scalars: reads as many of them, separated by commas, as there are.
    ///
    /// - Returns: nil when they are no scalars. `unreadable` leaves `position` at a value that `readInstance` is to judge.
    func readScalarInstances(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (end: RunEnd, count: Int)?

    /// What was read with `readWhole`.
    func whole() throws(DecodeFault) -> TensorValue
    /// What was read with `readInstance`, stacked along a first axis.
    func stacked(_ instanceCount: Int) throws(DecodeFault) -> TensorValue
}

final class InputReader<Column: ElementColumn>: InputReading {
    private var reader: DenseReader<Column>
    private let limits: TensorJSONLimits
    private var firstCount = -1

    init(_ type: ElementType, _ column: Column, _ limits: TensorJSONLimits) {
        reader = DenseReader(type, column, limits)
        self.limits = limits
    }

    func readWhole(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) throws(DecodeFault) {
        try reader.read(&position, end)
    }

    func readInstance(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) throws(DecodeFault) {
        guard firstCount >= 0 else {
            try reader.read(&position, end)
            firstCount = reader.column.count
            return
        }
        let before = reader.column.count
        do {
            try reader.read(&position, end)
        } catch {
            reader.column.truncate(to: before)
            throw differing(position, end, before, otherwise: error)
        }
    }

    func readScalarInstances(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (end: RunEnd, count: Int)? {
        guard firstCount >= 0, reader.rank == 0 else { return nil }
        let before = reader.column.count
        let outcome = reader.column.readRun(&position, end, limit: limits.maximumElementCount)
        return (outcome, reader.column.count - before)
    }

    func whole() throws(DecodeFault) -> TensorValue {
        try value(reader.shape)
    }

    func stacked(_ instanceCount: Int) throws(DecodeFault) -> TensorValue {
        try value([instanceCount] + reader.shape)
    }

    private func value(_ extents: [Int]) throws(DecodeFault) -> TensorValue {
        guard extents.count <= limits.maximumRank, let shape = Shape(checking: extents) else {
            throw .invalid("a tensor has more than \(limits.maximumRank) axes; flatten it, or raise the limit")
        }
        return reader.column.value(shape: shape)
    }

    /// Why an instance does not fit the first one: read on its own it is unsound, or has another size or shape.
    private func differing(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ before: Int, otherwise fault: DecodeFault
    ) -> DecodeFault {
        let firstShape = reader.shape
        var position = start
        reader.forgetShape()
        do { try reader.read(&position, end) } catch { return error }
        let count = reader.column.count - before
        if count != firstCount { return .invalid("Expecting tensor size: \(firstCount) but got: \(count)") }
        guard reader.shape != firstShape else { return fault }
        return .invalid("Expecting shape \(text(firstShape)) but got: \(text(reader.shape))")
    }

    private func text(_ extents: [Int]) -> String { "[" + extents.map(String.init).joined(separator: ",") + "]" }
}

/// Makes the reader of an element type.
enum InputReaders {
    /// - Parameter textByteCount: bytes of text that may hold the values; memory for fewer elements than fit there is taken at first.
    static func make(
        _ type: ElementType, dialect: TensorJSONDialect, limits: TensorJSONLimits, textByteCount: Int
    ) -> any InputReading {
        // A float takes around ten bytes of text, so this is room for nearly all and no more than half the text's own size.
        let capacity = min(textByteCount / 8 + 4, limits.maximumElementCount)
        func numeric<Reader: ElementReading>(_ reader: Reader.Type) -> any InputReading {
            InputReader(type, NumericColumn(type, reader, capacity: capacity), limits)
        }
        guard dialect.supports(type) else { return InputReader(type, UnsupportedColumn(type: type), limits) }
        return switch type {
        case .float32: numeric(ElementReaders.Float32.self)
        case .float64: numeric(ElementReaders.Float64.self)
        case .float16: numeric(ElementReaders.Float16.self)
        case .bfloat16: numeric(ElementReaders.BFloat16.self)
        case .int8: numeric(ElementReaders.NarrowInteger<Int8>.self)
        case .int16: numeric(ElementReaders.NarrowInteger<Int16>.self)
        case .int32: numeric(ElementReaders.Integer<Int32>.self)
        case .int64: numeric(ElementReaders.Integer<Int64>.self)
        case .uint8: numeric(ElementReaders.NarrowInteger<UInt8>.self)
        case .uint16: numeric(ElementReaders.Integer<UInt16>.self)
        case .uint32: numeric(ElementReaders.Integer<UInt32>.self)
        case .uint64: numeric(ElementReaders.Integer<UInt64>.self)
        case .bool: numeric(ElementReaders.Boolean.self)
        case .string: InputReader(type, StringColumn(maximumDepth: limits.maximumDepth), limits)
        }
    }
}
