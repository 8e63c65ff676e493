import GraphIR
import Tensors

/// Index tuples that each address a slice of the data: GatherND reads there, ScatterND writes.
///
/// - Shapes: data [B…, k extents, slice…], indices [B…, I…, k]; the first `batch` axes run along.
struct TupleIndexing: Sendable {
    let batchCount: Int
    /// Tuples in one batch.
    let tupleCount: Int
    let tupleLength: Int
    /// Extents and byte strides of the axes that a tuple addresses.
    let extents: [Int]
    let strides: [Int]
    let batchByteCount: Int
    let sliceByteCount: Int
    let batchAxes: Int
    let indexType: ElementType
    let range: IndexRange

    init(data: TensorSpec, indices: TensorSpec, batchAxes: Int, range: IndexRange = .fromEnd) {
        self.range = range
        let shape = data.shape, width = data.elementType.byteCount
        let length = indices.shape[indices.shape.rank - 1]
        tupleLength = length
        batchCount = shape.elementCount(in: 0..<batchAxes)
        tupleCount = indices.shape.elementCount(in: batchAxes..<indices.shape.rank - 1)
        extents = Array(shape.extents[batchAxes..<batchAxes + length])
        strides = shape.strides[batchAxes..<batchAxes + length].map { $0 * width }
        batchByteCount = shape.elementCount(in: batchAxes..<shape.rank) * width
        sliceByteCount = shape.elementCount(in: batchAxes + length..<shape.rank) * width
        self.batchAxes = batchAxes
        indexType = indices.elementType
    }

    /// The extents of the slice that a tuple addresses; nil while the tuples' length is not known.
    static func slice(
        of data: SymbolicShape, indices: SymbolicShape, batchAxes: Int
    ) throws(OperatorError) -> ArraySlice<Dimension>? {
        guard indices.rank >= 1, data.rank >= 1 else {
            throw .invalidValue("needs data and indices of rank 1 or more, found \(data) and \(indices)")
        }
        guard batchAxes >= 0, batchAxes < min(data.rank, indices.rank) else {
            throw .invalidAttribute(
                name: "batch_dims", reason: "is \(batchAxes), must be below the ranks of data \(data) and indices \(indices)")
        }
        for axis in 0..<batchAxes where Dimension.unified(data[axis], indices[axis]) == nil {
            throw .invalidInput(
                index: 1, reason: "has extent \(indices[axis]) along batch axis \(axis), input 0 has \(data[axis])")
        }
        guard let length = indices[indices.rank - 1].value else { return nil }
        guard batchAxes + length <= data.rank else {
            throw .invalidInput(
                index: 1,
                reason: "has tuples of \(length), input 0 of shape \(data) has only \(data.rank - batchAxes) axes to address")
        }
        return data.dimensions[(batchAxes + length)...]
    }

    /// Calls `body` for every tuple with the tuple's number and the byte offset of its slice in the data. Tuples that are out of
    /// range are refused or, on request, left out.
    @inline(__always)
    func forEachTuple(
        _ indices: UnsafeRawPointer, _ body: (_ tuple: Int, _ byteOffset: Int) -> Void
    ) throws(OperatorError) {
        let length = tupleLength
        var position = 0
        for batch in 0..<batchCount {
            for tuple in 0..<tupleCount {
                var offset = batch * batchByteCount
                var isValid = true
                for place in 0..<length {
                    let input = IndexInput(
                        indices, indexType, axis: batchAxes + place, extent: extents[place], countsFromEnd: range == .fromEnd)
                    if range == .ignored {
                        offset += (input.valid(position) ?? 0) * strides[place]
                        isValid = isValid && input.valid(position) != nil
                    } else {
                        offset += try input.resolved(position) * strides[place]
                    }
                    position += 1
                }
                if isValid { body(batch * tupleCount + tuple, offset) }
            }
        }
    }
}

/// Which indices are good.
enum IndexRange: Sendable {
    /// Also those that count from the end.
    case fromEnd
    /// Those from 0 on alone.
    case fromStart
    /// As `fromStart`; tuples with others are left out.
    case ignored

    /// TensorFlow's attribute `bad_indices_policy`.
    init(_ reader: AttributeReader) throws(OperatorError) {
        switch try reader.string("bad_indices_policy", default: "") {
        case "", "DEFAULT", "ERROR": self = .fromStart
        case "IGNORE": self = .ignored
        case let other: throw .invalidAttribute(name: "bad_indices_policy", reason: "is \"\(other)\"")
        }
    }
}
