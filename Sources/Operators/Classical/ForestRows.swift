import Tensors

/// A table's rows in the form that walks read.
struct ForestRows<Number: ForestNumber>: Sendable {
    private let type: ElementType
    private let columns: Int
    /// Whether each feature is followed by itself with -inf where it is missing.
    private let raisesMissing: Bool

    init(_ type: ElementType, columns: Int, raisesMissing: Bool) {
        (self.type, self.columns, self.raisesMissing) = (type, columns, raisesMissing)
    }

    /// Whether the table's rows are read where they lie.
    private var areInPlace: Bool { !raisesMissing && type == (Number.self == Float.self ? .float32 : .float64) }

    /// Bytes of a row that is not read where it lies.
    var rowByteCount: Int { areInPlace ? 0 : ByteCount.of(Number.self, ByteCount.product(columns, raisesMissing ? 2 : 1)) }

    /// The address of row `first` of `count` rows, and the distance from row to row; `scratch` has room for `count` rows.
    func block(
        _ table: UnsafeRawPointer, _ first: Int, _ count: Int, scratch: UnsafeMutableRawPointer
    ) -> (rows: UnsafePointer<Number>, stride: Int) {
        guard !areInPlace else { return (table.assumingMemoryBound(to: Number.self) + first * columns, columns) }
        let rows = scratch.assumingMemoryBound(to: Number.self)
        switch type {
        case .float32: convert(table.assumingMemoryBound(to: Float.self), first, count, into: rows)
        case .float64: convert(table.assumingMemoryBound(to: Double.self), first, count, into: rows)
        case .int32: convert(table.assumingMemoryBound(to: Int32.self), first, count, into: rows)
        default: convert(table.assumingMemoryBound(to: Int64.self), first, count, into: rows)
        }
        return (UnsafePointer(rows), columns * (raisesMissing ? 2 : 1))
    }

    @inline(__always)
    private func convert<Element: NumericElement>(
        _ table: UnsafePointer<Element>, _ first: Int, _ count: Int, into rows: UnsafeMutablePointer<Number>
    ) {
        let source = table + first * columns
        guard raisesMissing else {
            for index in 0..<count * columns { rows[index] = Number(feature: source[index]) }
            return
        }
        for index in 0..<count * columns {
            let feature = Number(feature: source[index])
            rows[2 * index] = feature
            rows[2 * index + 1] = feature.isNaN ? -.infinity : feature
        }
    }
}
