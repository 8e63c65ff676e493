import GraphIR
import Tensors

/// Two operands and their product as BLAS sees them.
struct EinsumPair {
    let groups: EinsumGroups
    /// The summed labels in an order that suits both operands, where there is one.
    let summed: [Int]
    var left: EinsumOperand
    var right: EinsumOperand
    var target: EinsumOperand
    private let extents: [Int: Int]

    init(groups: EinsumGroups, left: EinsumOperand, right: EinsumOperand, target: EinsumOperand, extents: [Int: Int]) {
        self.groups = groups
        self.left = left
        self.right = right
        self.target = target
        self.extents = extents
        let orders = [groups.summed, right.ordered(groups.summed)]
        summed = orders.first { left.fusedStride($0, extents) != nil && right.fusedStride($0, extents) != nil } ?? orders[0]
    }

    private func count(_ group: [Int]) -> Int { group.reduce(1) { ByteCount.product($0, extents[$1] ?? 1) } }

    /// The matrix that `operand` is over two groups of labels: which of them lies along its rows in memory.
    private func matrix(_ operand: EinsumOperand, _ rows: [Int], _ columns: [Int]) -> MatrixProduct.Operand? {
        let rowStride = rows.isEmpty ? nil : operand.fusedStride(rows, extents)
        let columnStride = columns.isEmpty ? nil : operand.fusedStride(columns, extents)
        guard rows.isEmpty || rowStride != nil, columns.isEmpty || columnStride != nil else { return nil }
        let (height, width) = (count(rows), count(columns))
        if (columnStride ?? 1) == 1, (rowStride ?? width) >= width {
            return MatrixProduct.Operand(form: .plain, stride: rowStride ?? width)
        }
        if (rowStride ?? 1) == 1, (columnStride ?? height) >= height {
            return MatrixProduct.Operand(form: .transposed, stride: columnStride ?? height)
        }
        return nil
    }

    var isLeftUsable: Bool { matrix(left, groups.rows, summed) != nil }
    var isRightUsable: Bool { matrix(right, summed, groups.columns) != nil }
    var isTargetUsable: Bool { matrix(target, groups.rows, groups.columns) != nil }

    /// The products; where the target is transposed in memory, its operands change places.
    func contraction() throws(OperatorError) -> (contraction: Contraction, left: EinsumPlan.Place, right: EinsumPlan.Place) {
        guard let a = matrix(left, groups.rows, summed), let b = matrix(right, summed, groups.columns),
            let c = matrix(target, groups.rows, groups.columns)
        else { throw .invalidValue("has operands that make no matrices") }
        let (rows, steps, columns) = (count(groups.rows), count(summed), count(groups.columns))
        if c.form == .plain {
            let product = try MatrixProduct(
                rows: rows, steps: steps, columns: columns, left: a, right: b, resultStride: c.stride)
            return (Contraction(product: product, axes: stack(left, right)), left.place, right.place)
        }
        let product = try MatrixProduct(
            rows: columns, steps: steps, columns: rows, left: turned(b), right: turned(a), resultStride: c.stride)
        return (Contraction(product: product, axes: stack(right, left)), right.place, left.place)
    }

    private func turned(_ operand: MatrixProduct.Operand) -> MatrixProduct.Operand {
        MatrixProduct.Operand(form: operand.form == .plain ? .transposed : .plain, stride: operand.stride)
    }

    private func stack(_ first: EinsumOperand, _ second: EinsumOperand) -> [Contraction.Axis] {
        groups.stacked.map { label in
            Contraction.Axis(
                extent: extents[label] ?? 1, left: first.stride(label), right: second.stride(label), result: target.stride(label))
        }
    }
}
