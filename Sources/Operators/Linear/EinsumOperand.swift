import Tensors

/// A tensor whose axes have labels. Axes of extent 1 have none: they do not matter, and they are what broadcasts.
struct EinsumOperand: Sendable {
    let place: EinsumPlan.Place
    /// Each once.
    private(set) var labels: [Int] = []
    /// Elements between neighbours along each label.
    private(set) var strides: [Int] = []

    init(place: EinsumPlan.Place, labels: [Int], strides: [Int]) {
        self.place = place
        self.labels = labels
        self.strides = strides
    }

    /// A label that stands twice walks the diagonal.
    init(place: EinsumPlan.Place, labels: [Int], shape: Shape) {
        self.place = place
        for (label, (extent, stride)) in zip(labels, zip(shape.extents, shape.strides)) where extent != 1 {
            if let known = self.labels.firstIndex(of: label) {
                strides[known] += stride
            } else {
                self.labels.append(label)
                strides.append(stride)
            }
        }
    }

    /// Whether some axes of `shape` share a label, so that the operand reaches only some of its elements.
    func hasDiagonal(of shape: Shape) -> Bool { labels.count < shape.extents.count { $0 != 1 } }

    func stride(_ label: Int) -> Int { labels.firstIndex(of: label).map { strides[$0] } ?? 0 }

    /// Whether the elements along `order` lie one after the other, from the first to the last.
    func isPacked(_ order: [Int], _ extents: [Int: Int]) -> Bool {
        guard order.count == labels.count, let step = fusedStride(order, extents) else { return order.isEmpty && labels.isEmpty }
        return step == 1
    }

    /// Elements between neighbours when the labels are walked as one axis; nil where they cannot be.
    func fusedStride(_ order: [Int], _ extents: [Int: Int]) -> Int? {
        guard let last = order.last else { return nil }
        var expected = stride(last)
        let step = expected
        for label in order.reversed() {
            guard stride(label) == expected else { return nil }
            expected *= extents[label] ?? 1
        }
        return step
    }

    /// Those of `group`, outermost in memory first.
    func ordered(_ group: [Int]) -> [Int] { group.sorted { stride($0) > stride($1) } }
}

/// What the labels of two operands are to their product.
struct EinsumGroups {
    /// In both operands and in the result.
    let stacked: [Int]
    /// In both operands only.
    var summed: [Int]
    /// In one operand and the result.
    let rows: [Int]
    let columns: [Int]

    init(_ left: EinsumOperand, _ right: EinsumOperand, kept: Set<Int>) {
        let both = left.labels.filter(right.labels.contains)
        stacked = left.ordered(both.filter(kept.contains))
        summed = left.ordered(both.filter { !kept.contains($0) })
        rows = left.ordered(left.labels.filter { !right.labels.contains($0) })
        columns = right.ordered(right.labels.filter { !left.labels.contains($0) })
    }
}
