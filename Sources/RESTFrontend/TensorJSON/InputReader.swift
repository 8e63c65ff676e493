import Tensors

/// Reads the values of one input of a signature.
struct InputReader: ~Copyable {
    private var reader: DenseReader
    private let limits: TensorJSONLimits
    private var firstCount = -1

    /// - Parameters:
    ///   - textByteCount: bytes of text that may hold the values.
    ///   - levels: made for these limits.
    init(
        _ type: ElementType, dialect: TensorJSONDialect, limits: TensorJSONLimits, textByteCount: Int, levels: ListLevels
    ) {
        // In a small text every two bytes may hold an element. In a large one a float takes around ten, so that this is room for
        // nearly all and no more than half the text's own size.
        let capacity = textByteCount <= 4096 ? textByteCount / 2 + 1 : max(2048, textByteCount / 8)
        reader = DenseReader(
            type, dialect, capacity: min(capacity, limits.maximumElementCount), limits,
            levels: levels)
        self.limits = limits
    }

    /// Reads a tensor as it is written.
    mutating func readWhole(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) throws(DecodeFault) {
        try unsafe reader.read(&position, text)
    }

    /// Reads the tensor of one more instance, which must have the shape of the first one.
    mutating func readInstance(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) throws(DecodeFault) {
        guard firstCount >= 0 else {
            try unsafe reader.read(&position, text)
            firstCount = reader.column.count
            return
        }
        let before = reader.column.count
        do {
            try unsafe reader.read(&position, text)
        } catch {
            reader.truncate(to: before)
            throw unsafe differing(position, text, before, otherwise: error)
        }
    }

    /// When instances are scalars: reads as many of them, separated by commas, as there are.
    ///
    /// - Returns: nil when they are no scalars. `unreadable` leaves `position` at a value that `readInstance` is to judge.
    mutating func readScalarInstances(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) -> (end: RunEnd, count: Int)? {
        guard firstCount >= 0, reader.rank == 0 else { return nil }
        let before = reader.column.count
        let outcome = unsafe reader.readScalars(&position, text)
        return (outcome, reader.column.count - before)
    }

    /// What was read with `readWhole`.
    consuming func whole() throws(DecodeFault) -> TensorValue {
        try value(reader.extents(behind: nil))
    }

    /// What was read with `readInstance`, stacked along a first axis.
    consuming func stacked(_ instanceCount: Int) throws(DecodeFault) -> TensorValue {
        try value(reader.extents(behind: instanceCount))
    }

    /// What was read with `readWhole`, where lists are nested as `shape`, or there is one list of all elements.
    consuming func whole(as shape: Shape) throws(DecodeFault) -> TensorValue {
        let found = reader.extents(behind: nil)
        // Lists without elements have none within.
        let nested = shape.extents.firstIndex(of: 0).map { Array(shape.extents.prefix($0 + 1)) } ?? shape.extents
        guard reader.rank > 0, found == nested || found == [shape.elementCount] else {
            throw .invalid(
                "its data is \(found.isEmpty ? "no array" : "of shape \(list(found))"), expected an array of \(shape.elementCount) elements"
                    + (nested.count > 1 ? ", flat or nested as \(list(nested))" : ""))
        }
        return reader.value(shape: shape)
    }

    private consuming func value(_ extents: [Int]) throws(DecodeFault) -> TensorValue {
        guard extents.count <= limits.maximumRank, let shape = Shape(checking: extents) else {
            throw .invalid("a tensor has more than \(limits.maximumRank) axes; flatten it, or raise the limit")
        }
        return reader.value(shape: shape)
    }

    /// Why an instance does not fit the first one: read on its own it is unsound, or has another size or shape.
    private mutating func differing(
        _ start: UnsafePointer<UInt8>, _ text: SentinelText, _ before: Int, otherwise fault: DecodeFault
    ) -> DecodeFault {
        let firstShape = reader.extents(behind: nil)
        var position = unsafe start
        reader.forgetShape()
        do { try unsafe reader.read(&position, text) } catch { return error }
        let count = reader.column.count - before
        if count != firstCount { return .invalid("Expecting tensor size: \(firstCount) but got: \(count)") }
        let shape = reader.extents(behind: nil)
        guard shape != firstShape else { return fault }
        return .invalid("Expecting shape \(list(firstShape)) but got: \(list(shape))")
    }

    private func list(_ extents: [Int]) -> String { "[" + extents.map(String.init).joined(separator: ",") + "]" }
}
