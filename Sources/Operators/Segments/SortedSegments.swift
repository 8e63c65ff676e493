import GraphIR
import Tensors

/// Joins neighbouring slices along the first axis that have equal ids.
///
/// - Shapes: data [n, S…], ids [n] in ascending order → [last id + 1, S…]. Where `isSparse`, input 1 chooses which slices of the data
///   take part, in the order of the ids that are input 2; then the number of segments may be given as input 3.
/// - Types: every number, sums, means and products complex ones too; ids and indices int32 or int64.
/// - Numerics: a segment without slices holds 0, of a product 1. Integers wrap, their means are cut towards zero.
/// - Source: TensorFlow SegmentSum, SegmentMean, SegmentProd, SegmentMin, SegmentMax; SparseSegmentSum, SparseSegmentMean,
///   SparseSegmentSqrtN and their forms WithNumSegments.
struct SortedSegments: DynamicOperator {
    let name: String
    let fold: SegmentFold
    var isSparse = false
    var hasSegmentCount = false

    private var idsInput: Int { isSparse ? 2 : 1 }
    var shapeOperands: Set<Int> { hasSegmentCount ? [3] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = idsInput + (hasSegmentCount ? 2 : 1)
        try inputs.checkCount(count...count)
        let data = try inputs.required(0, of: fold.types)
        for index in 1..<count { _ = try inputs.indices(index) }
        for index in 1...idsInput {
            if let shape = try inputs.required(index).shape, shape.rank != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a vector")
            }
        }
        guard var shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard shape.rank > 0 else { throw .invalidInput(index: 0, reason: "is a scalar, which has no axis") }
        shape[0] = .unknown
        if hasSegmentCount, let given = try inputs.required(3).integers?.first {
            guard given >= 0 else { throw .invalidInput(index: 3, reason: "is \(given), expected the number of segments") }
            shape[0] = .known(given)
            shape = try shape.checked("the result")
        }
        return [ValueFact(data.elementType, shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.required(0), ids = IntegerList(try context.required(idsInput))
        let places = isSparse ? IntegerList(try context.required(1)) : nil
        guard data.shape.rank > 0 else { throw OperatorError.invalidInput(index: 0, reason: "is a scalar, which has no axis") }
        guard ids.count == (places?.count ?? data.shape[0]) else {
            throw OperatorError.invalidInput(
                index: idsInput, reason: "has \(ids.count) ids for \(places?.count ?? data.shape[0]) slices")
        }
        let segments = try segmentCount(context, ids)
        try check(ids, segments)
        if let places { try check(places, of: data.shape[0]) }
        let shape = try Shape(checked: [segments] + data.shape.extents.dropFirst(), what: "the result")
        let work = Work(fold: fold, data: data, ids: ids, places: places, spec: TensorSpec(data.elementType, shape), context: context)
        return [.tensor(try data.elementType.dispatchSegments(work))]
    }

    private func segmentCount(_ context: EvaluationContext, _ ids: IntegerList) throws(OperatorError) -> Int {
        guard hasSegmentCount else {
            guard ids.count > 0 else { return 0 }
            let (count, overflows) = ids[ids.count - 1].addingReportingOverflow(1)
            guard !overflows, count > 0 else { throw .invalidValue("segment id \(ids[ids.count - 1]) is out of range") }
            return count
        }
        guard let count = try context.required(3).integers?.first, count >= 0 else {
            throw .invalidInput(index: 3, reason: "is no number of segments")
        }
        return count
    }

    private func check(_ ids: IntegerList, _ segments: Int) throws(OperatorError) {
        var last = 0
        for place in 0..<ids.count {
            let id = ids[place]
            guard id >= last else {
                throw id < 0
                    ? .invalidValue("segment id \(id) is below 0")
                    : .invalidValue("segment ids are not in ascending order: \(id) follows \(last)")
            }
            guard id < segments else { throw .invalidValue("segment id \(id) is outside 0..<\(segments), the segments") }
            last = id
        }
    }

    private func check(_ places: IntegerList, of rows: Int) throws(OperatorError) {
        for place in 0..<places.count where places[place] < 0 || places[place] >= rows {
            throw .indexOutOfRange(places[place], position: place, axis: 0, extent: rows)
        }
    }

    private struct Work: SegmentVisitor {
        let fold: SegmentFold
        let data: TensorView
        let ids: IntegerList
        let places: IntegerList?
        let spec: TensorSpec
        let context: EvaluationContext

        func visit<Element: SegmentNumber>(_: Element.Type) throws(OperatorError) -> Tensor {
            let slice = spec.shape.elementCount(in: 1..<spec.shape.rank)
            let source = data.baseAddress.assumingMemoryBound(to: Element.self)
            let start = fold.start(Element.self), empty = fold.empty(Element.self)
            return try context.makeTensor(spec) { bytes in
                guard let target = bytes.baseAddress?.assumingMemoryBound(to: Element.self), slice > 0 else { return }
                target.update(repeating: empty, count: spec.shape.elementCount)
                var first = 0
                while first < ids.count {
                    let id = ids[first], joined = target + id * slice
                    joined.update(repeating: start, count: slice)
                    var next = first
                    while next < ids.count, ids[next] == id {
                        fold.join(source + (places?[next] ?? next) * slice, to: joined, slice)
                        next += 1
                    }
                    if let divisor = fold.divisor(next - first) {
                        for i in 0..<slice { joined[i] = joined[i].divided(by: divisor) }
                    }
                    first = next
                }
            }
        }
    }
}
