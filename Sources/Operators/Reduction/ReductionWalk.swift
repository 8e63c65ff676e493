import Tensors

/// How a dense tensor is reduced in as few axes as possible: neighbours that are both kept or both reduced are one axis,
/// and axes of extent 1 are none.
struct ReductionWalk: Sendable {
    struct Axis: Sendable {
        var extent: Int
        /// Elements from one step to the next in the input.
        let step: Int
    }

    /// Outermost first.
    let kept: [Axis]
    let reduced: [Axis]
    let isInnermostReduced: Bool
    let resultCount: Int
    /// Elements that one result stands for.
    let reducedCount: Int
    /// Outer part of the walk in input order: everything but the two innermost axes, as `MatrixReduction` needs it.
    let outer: [OuterAxis]
    let rows: Int
    let columns: Int

    struct OuterAxis: Sendable {
        let extent: Int
        let inputStep: Int
        /// 0 along reduced axes.
        let resultStep: Int
    }

    /// - Parameter axes: ascending, each below the rank.
    init(_ shape: Shape, axes: [Int]) {
        reducedCount = axes.reduce(1) { $0 * shape[$1] }
        resultCount = shape.extents.indices.reduce(1) { axes.contains($1) ? $0 : $0 * shape[$1] }
        let all = Self.collapsed(shape, axes)
        kept = all.filter { !$0.isReduced }.map(\.axis)
        reduced = all.filter(\.isReduced).map(\.axis)
        isInnermostReduced = all.last?.isReduced ?? false
        columns = all.last?.axis.extent ?? 1
        rows = all.count > 1 ? all[all.count - 2].axis.extent : 1
        outer = Self.outerAxes(all)
    }

    private typealias MarkedAxis = (axis: Axis, isReduced: Bool)

    private static func collapsed(_ shape: Shape, _ axes: [Int]) -> [MarkedAxis] {
        var result: [MarkedAxis] = []
        let strides = shape.strides
        for axis in shape.extents.indices.reversed() where shape[axis] != 1 {
            let isReduced = axes.contains(axis)
            if let inner = result.last, inner.isReduced == isReduced {
                result[result.count - 1].axis.extent *= shape[axis]
            } else {
                result.append((Axis(extent: shape[axis], step: strides[axis]), isReduced))
            }
        }
        return result.reversed()
    }

    private static func outerAxes(_ all: [MarkedAxis]) -> [OuterAxis] {
        var resultStep = all.suffix(2).reduce(1) { $1.isReduced ? $0 : $0 * $1.axis.extent }
        var outer: [OuterAxis] = []
        for marked in all.dropLast(2).reversed() {
            outer.append(
                OuterAxis(
                    extent: marked.axis.extent, inputStep: marked.axis.step, resultStep: marked.isReduced ? 0 : resultStep))
            if !marked.isReduced { resultStep *= marked.axis.extent }
        }
        return outer.reversed()
    }

    /// Calls `body` with input and result offsets of each matrix of the two innermost axes.
    @inline(__always)
    func forEachMatrix(_ body: (Int, Int) -> Void) {
        let count = outer.reduce(1) { $0 * $1.extent }
        for index in 0..<count {
            var rest = index, input = 0, result = 0
            for axis in outer.reversed() {
                let (quotient, position) = rest.quotientAndRemainder(dividingBy: axis.extent)
                input += position * axis.inputStep
                result += position * axis.resultStep
                rest = quotient
            }
            body(input, result)
        }
    }

    /// Calls `body` with the input offset that each result's elements start at, in the order of the results.
    @inline(__always)
    func forEachResult(_ body: (Int) -> Void) { Self.forEachOffset(kept, resultCount, from: 0, body) }

    /// Calls `body` with the input offset of each element that belongs to the result starting at `start`, in input order.
    @inline(__always)
    func forEachElement(from start: Int, _ body: (Int) -> Void) {
        Self.forEachOffset(reduced, reducedCount, from: start, body)
    }

    @inline(__always)
    private static func forEachOffset(_ axes: [Axis], _ count: Int, from start: Int, _ body: (Int) -> Void) {
        guard count > 0 else { return }
        guard let inner = axes.last else { return body(start) }
        for run in 0..<count / inner.extent {
            var rest = run, offset = start
            for axis in axes.dropLast().reversed() {
                let (quotient, position) = rest.quotientAndRemainder(dividingBy: axis.extent)
                offset += position * axis.step
                rest = quotient
            }
            for position in 0..<inner.extent { body(offset + position * inner.step) }
        }
    }
}
