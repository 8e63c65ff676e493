import GraphIR
import Tensors

/// The distinct elements, or the distinct slices along an axis.
///
/// - Shapes: data → values (flat, or as the data with another extent along the axis) and three int64 lists: where
///   each value stood first, which value each element has, how often each value occurs.
/// - Order: ascending (NaN last), or of first occurrence when `isSorted` is false.
/// - Source: ONNX operator Unique.
struct Unique: DynamicOperator {
    var axis: Int?
    var isSorted = true

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: ElementTypes.dense)
        var values: SymbolicShape? = SymbolicShape([.unknown])
        var inverse: Dimension = Dimension.product(data.shape?.dimensions ?? [.unknown])
        if let axis {
            values = data.shape
            if let shape = data.shape {
                let axis = try Axes.resolve(axis, rank: shape.rank)
                inverse = shape[axis]
                values?[axis] = .unknown
            }
        }
        let list = ValueFact(.int64, SymbolicShape([.unknown]))
        return [ValueFact(data.elementType, values), list, ValueFact(.int64, SymbolicShape([inverse])), list]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.required(0)
        let shape = axis == nil ? Shape([data.elementCount]) : data.shape
        let axis = try Axes.resolve(axis ?? 0, rank: shape.rank)
        let slices = Slices(data: data, shape: shape, axis: axis)
        // The lists hold at most seven numbers a slice at a time: an order, its sort, the groups and their renaming.
        let (byteCount, overflows) = slices.count.multipliedReportingOverflow(by: 7 * MemoryLayout<Int>.size)
        return try context.withScratch(overflows ? .max : byteCount) { () throws(OperatorError) in
            let groups = try data.elementType.dispatch(Grouping(slices: slices, isSorted: isSorted, context: context))
            let outputs = [
                try slices.gathered(groups.first, context), try Self.list(groups.first, context),
                try Self.list(groups.inverse, context), try Self.list(groups.counts, context),
            ]
            return outputs.prefix(context.outputCount).map(RuntimeValue.tensor)
        }
    }

    private static func list(_ values: [Int], _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        try context.makeTensor(TensorSpec(.int64, [values.count])) { bytes in
            let list = bytes.bindMemory(to: Int64.self)
            for (index, value) in values.enumerated() { list[index] = Int64(value) }
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Unique", since: 11) { reader throws(OperatorError) in
            Unique(axis: try reader.integer("axis"), isSorted: try reader.flag("sorted", default: true))
        }
    ]
}

/// The data as a list of slices along one axis.
private struct Slices {
    let data: TensorView
    let shape: Shape
    let axis: Int

    var count: Int { shape[axis] }
    var outerCount: Int { shape.elementCount(in: 0..<axis) }
    var innerCount: Int { shape.elementCount(in: axis + 1..<shape.rank) }

    /// The slices at `positions`, in that order.
    func gathered(_ positions: [Int], _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let run = innerCount * data.elementType.byteCount
        return try context.makeTensor(TensorSpec(data.elementType, shape.replacing(axis: axis, with: positions.count))) { bytes in
            guard var target = bytes.baseAddress else { return }
            for outer in 0..<outerCount {
                for position in positions {
                    target.copyMemory(from: data.baseAddress + (outer * count + position) * run, byteCount: run)
                    target += run
                }
            }
        }
    }
}

/// Which slices are equal.
private struct Groups {
    /// The first slice of each group.
    var first: [Int] = []
    /// The group of each slice.
    var inverse: [Int] = []
    var counts: [Int] = []
}

private struct Grouping: NumericVisitor {
    let slices: Slices
    let isSorted: Bool
    let context: EvaluationContext

    /// Comparisons of elements after which a sort looks whether its run is to end.
    private static var workBetweenChecks: Int { 1 << 20 }

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> Groups {
        let elements = slices.data.baseAddress.assumingMemoryBound(to: Element.self)
        let outer = slices.outerCount, inner = slices.innerCount, count = slices.count
        /// Below 0, 0 or above, by the first pair of elements that differ.
        func compare(_ left: Int, _ right: Int) -> Int {
            for block in 0..<outer {
                for place in 0..<inner {
                    let a = elements[(block * count + left) * inner + place]
                    let b = elements[(block * count + right) * inner + place]
                    if a.isBelow(b) { return -1 }
                    if b.isBelow(a) { return 1 }
                }
            }
            return 0
        }
        var work = 0, stop: OperatorError?
        let order = (0..<count).sorted { left, right in
            work += outer * inner
            if work >= Self.workBetweenChecks, stop == nil {
                work = 0
                do throws(OperatorError) { try context.checkStop() } catch { stop = error }
            }
            // A run that is to end ends its sort with comparisons that cost nothing.
            guard stop == nil else { return false }
            let result = compare(left, right)
            return result == 0 ? left < right : result < 0
        }
        if let stop { throw stop }
        var groups = Groups()
        groups.inverse = [Int](repeating: 0, count: count)
        for (rank, slice) in order.enumerated() {
            if rank == 0 || compare(order[rank - 1], slice) != 0 {
                groups.first.append(slice)
                groups.counts.append(0)
            }
            groups.counts[groups.counts.count - 1] += 1
            groups.inverse[slice] = groups.first.count - 1
        }
        return isSorted ? groups : inOrderOfOccurrence(groups)
    }

    private func inOrderOfOccurrence(_ groups: Groups) -> Groups {
        let order = groups.first.indices.sorted { groups.first[$0] < groups.first[$1] }
        var place = [Int](repeating: 0, count: order.count)
        for (position, group) in order.enumerated() { place[group] = position }
        return Groups(
            first: order.map { groups.first[$0] }, inverse: groups.inverse.map { place[$0] },
            counts: order.map { groups.counts[$0] })
    }
}
