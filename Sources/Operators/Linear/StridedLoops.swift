import GraphIR
import Tensors

/// A walk over a box in three memories at once, each with strides of its own.
struct StridedWalk: Sendable {
    struct Axis: Sendable {
        var extent: Int
        var first: Int
        var second: Int
        var target: Int
    }

    /// All axes but the last.
    private let outer: [Axis]
    private let inner: Axis
    private let isEmpty: Bool

    /// - Parameter axes: outermost first.
    init(_ axes: [Axis]) {
        isEmpty = axes.contains { $0.extent == 0 }
        var axes = axes.filter { $0.extent != 1 }
        inner = axes.popLast() ?? Axis(extent: 1, first: 0, second: 0, target: 0)
        outer = axes
    }

    @inline(__always)
    func forEachRow(_ body: (_ first: Int, _ second: Int, _ target: Int, _ inner: Axis) -> Void) {
        guard !isEmpty else { return }
        let inner = inner
        guard !outer.isEmpty else { return body(0, 0, 0, inner) }
        outer.withUnsafeBufferPointer { axes in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { counter in
                counter.initialize(repeating: 0)
                var first = 0, second = 0, target = 0
                while true {
                    body(first, second, target, inner)
                    var axis = axes.count - 1
                    while axis >= 0 {
                        first += axes[axis].first
                        second += axes[axis].second
                        target += axes[axis].target
                        counter[axis] += 1
                        if counter[axis] < axes[axis].extent { break }
                        first -= axes[axis].first * axes[axis].extent
                        second -= axes[axis].second * axes[axis].extent
                        target -= axes[axis].target * axes[axis].extent
                        counter[axis] = 0
                        axis -= 1
                    }
                    if axis < 0 { return }
                }
            }
        }
    }

    /// target = first · second at every place.
    func run<Scalar: ContractionScalar>(
        _ first: UnsafePointer<Scalar>, _ second: UnsafePointer<Scalar>, into target: UnsafeMutablePointer<Scalar>
    ) {
        forEachRow { a, b, c, inner in
            for index in 0..<inner.extent {
                target[c + index * inner.target] =
                    first[a + index * inner.first].multiplied(by: second[b + index * inner.second])
            }
        }
    }
}

/// Sums over some axes of a box.
struct StridedSum: Sendable {
    /// Kept axes, then summed ones; `second` is not used.
    private let kept: StridedWalk
    private let summed: StridedWalk

    init(kept: [StridedWalk.Axis], summed: [StridedWalk.Axis]) {
        self.kept = StridedWalk(kept)
        self.summed = StridedWalk(summed)
    }

    func run<Scalar: ContractionScalar>(_ source: UnsafePointer<Scalar>, into target: UnsafeMutablePointer<Scalar>) {
        kept.forEachRow { from, _, to, inner in
            for index in 0..<inner.extent {
                let start = source + from + index * inner.first
                var sum = Scalar.zeroElement
                summed.forEachRow { offset, _, _, row in
                    for place in 0..<row.extent { sum = sum.adding(start[offset + place * row.first]) }
                }
                target[to + index * inner.target] = sum
            }
        }
    }
}
