import CKernels
import Tensors

/// How up to three dense operands move while a broadcast result is written from its first element to its last.
///
/// Neighbouring axes along which every operand moves evenly are one axis here, and axes of extent 1 are none, so that
/// equal shapes make a single run. The two innermost axes, `rows` of `columns` elements, are a kernel's; the outer ones
/// are walked by `forEachBlock`.
struct BroadcastWalk: Sendable {
    struct Axis: Sendable {
        var extent: Int
        /// Elements from one step to the next in each operand; 0 where an operand is stretched.
        var steps: (Int, Int, Int)
    }

    /// Outermost first.
    let outer: [Axis]
    let rows: Axis
    let columns: Axis
    let blockCount: Int

    /// - Precondition: there are one to three operands and each broadcasts to `result`.
    init(result: Shape, operands: [Shape]) {
        var axes = Self.collapsedAxes(result, operands)
        columns = axes.popLast() ?? Axis(extent: min(result.elementCount, 1), steps: (0, 0, 0))
        rows = axes.popLast() ?? Axis(extent: 1, steps: (0, 0, 0))
        outer = axes
        blockCount = axes.reduce(1) { $0 * $1.extent }
    }

    /// Axes of the walk, outermost first.
    private static func collapsedAxes(_ result: Shape, _ operands: [Shape]) -> [Axis] {
        guard result.elementCount > 0 else { return [] }
        var collapsed: [Axis] = []
        for axis in result.extents.indices.reversed() where result[axis] != 1 {
            let steps = operands.map { step(of: $0, alongAxis: axis, of: result) } + [0, 0]
            let current = Axis(extent: result[axis], steps: (steps[0], steps[1], steps[2]))
            if let inner = collapsed.last, continues(current, inner) {
                collapsed[collapsed.count - 1].extent *= current.extent
            } else {
                collapsed.append(current)
            }
        }
        return collapsed.reversed()
    }

    private static func step(of operand: Shape, alongAxis axis: Int, of result: Shape) -> Int {
        let own = axis - (result.rank - operand.rank)
        guard own >= 0, operand[own] != 1 else { return 0 }
        return operand.elementCount(in: own + 1..<operand.rank)
    }

    /// Whether a step along `outer` is, for every operand, where the last step along `inner` leads.
    private static func continues(_ outer: Axis, _ inner: Axis) -> Bool {
        outer.steps.0 == inner.steps.0 * inner.extent && outer.steps.1 == inner.steps.1 * inner.extent
            && outer.steps.2 == inner.steps.2 * inner.extent
    }

    /// Calls `body` for each block of `rows` × `columns` with the element offsets of the operands; blocks follow one
    /// another in the result.
    @inline(__always)
    func forEachBlock<Failure: Error>(_ body: (Int, Int, Int) throws(Failure) -> Void) throws(Failure) {
        if outer.isEmpty {
            try body(0, 0, 0)
            return
        }
        for block in 0..<blockCount {
            var rest = block
            var offsets = (0, 0, 0)
            for axis in outer.reversed() {
                let (quotient, index) = rest.quotientAndRemainder(dividingBy: axis.extent)
                offsets.0 += index * axis.steps.0
                offsets.1 += index * axis.steps.1
                offsets.2 += index * axis.steps.2
                rest = quotient
            }
            try body(offsets.0, offsets.1, offsets.2)
        }
    }

    /// The innermost axes in the form of the C kernels; operand 2 has no place in it.
    var pairWalk: apus_pair_walk {
        apus_pair_walk(
            rows: rows.extent, columns: columns.extent, a_row: rows.steps.0, b_row: rows.steps.1,
            a_column: columns.steps.0, b_column: columns.steps.1)
    }
}
