import GraphIR
import Tensors

/// The steps that compute an Einsum for operands of concrete shapes.
///
/// Operands meet from left to right, two at a time. Of a pair, labels that both have are summed where nobody needs them later
/// (`steps` of a matrix product) and stacked where somebody does; the others are its rows and columns. Operands whose labels lie
/// in memory so that BLAS can walk them are used where they are; others are copied first.
struct EinsumPlan: Sendable {
    enum Place: Sendable, Equatable {
        case input(Int)
        /// Bytes into scratch memory.
        case scratch(Int)
        case output
    }

    enum Step: Sendable {
        case clear(Place, byteCount: Int)
        case copy(StridedCopy, Place, Place)
        case sum(StridedSum, Place, Place)
        case multiply(StridedWalk, Place, Place, Place)
        case contract(Contraction, Place, Place, Place)
    }

    private(set) var steps: [Step] = []
    private(set) var scratchByteCount = 0
    /// The input that the output is, elements and order.
    private(set) var view: Int?

    private let labels: EinsumLabels
    private let extents: [Int: Int]
    private let operands: [EinsumOperand]
    private let elementByteCount: Int

    init(labels: EinsumLabels, shapes: [Shape], elementByteCount: Int) throws(OperatorError) {
        self.labels = labels
        self.elementByteCount = elementByteCount
        let dimensions = try labels.extents(shapes.map(SymbolicShape.init))
        let extents = dimensions.mapValues { $0.value ?? 1 }
        self.extents = extents
        operands = shapes.indices.map { index in
            EinsumOperand(place: .input(index), labels: labels.inputs[index], shape: shapes[index])
        }
    }

    /// Whether some label that is summed has extent 0, so that every sum is empty.
    private var hasEmptySums: Bool { extents.contains { $0.value == 0 && !labels.output.contains($0.key) } }

    mutating func build(output shape: Shape) throws(OperatorError) {
        let byteCount = ByteCount.product(shape.elementCount, elementByteCount)
        if hasEmptySums {
            steps.append(.clear(.output, byteCount: byteCount))
            return
        }
        let result = EinsumOperand(place: .output, labels: labels.output, shape: shape)
        if result.hasDiagonal(of: shape) { steps.append(.clear(.output, byteCount: byteCount)) }
        var first = operands[0]
        for index in operands.indices.dropFirst() {
            var second = operands[index]
            let isLast = index == operands.count - 1
            let later = operands[(index + 1)...].reduce(Set(result.labels)) { $0.union($1.labels) }
            sumOut(&first, unless: Set(second.labels).union(later))
            sumOut(&second, unless: Set(first.labels).union(later))
            first = try join(first, second, kept: later, into: isLast ? result : nil)
        }
        if operands.count == 1 { try finish(first, into: result) }
    }

    /// A single operand: summed, reordered, or as it is.
    private mutating func finish(_ operand: EinsumOperand, into result: EinsumOperand) throws(OperatorError) {
        let kept = operand.labels.filter { result.labels.contains($0) }
        let summed = operand.labels.filter { !result.labels.contains($0) }
        if !summed.isEmpty {
            let sum = StridedSum(
                kept: kept.map { axis($0, operand, nil, result) }, summed: summed.map { axis($0, operand, nil, nil) })
            steps.append(.sum(sum, operand.place, result.place))
        } else if steps.isEmpty, operand.labels == result.labels, operand.strides == result.strides, case .input(let index) = operand.place
        {
            view = index
        } else {
            steps.append(copy(operand, into: result))
        }
    }

    private func axis(
        _ label: Int, _ first: EinsumOperand?, _ second: EinsumOperand?, _ target: EinsumOperand?
    ) -> StridedWalk.Axis {
        StridedWalk.Axis(
            extent: extent(label), first: first?.stride(label) ?? 0, second: second?.stride(label) ?? 0,
            target: target?.stride(label) ?? 0)
    }

    private func extent(_ label: Int) -> Int { extents[label] ?? 1 }

    private func copy(_ operand: EinsumOperand, into target: EinsumOperand) -> Step {
        .copy(
            StridedCopy(
                extents: target.labels.map(extent), sourceStrides: target.labels.map(operand.stride),
                destinationStrides: target.strides, elementByteCount: elementByteCount), operand.place, target.place)
    }

    /// A new operand in scratch memory, without gaps, with labels in this order.
    private mutating func scratch(_ labels: [Int]) -> EinsumOperand {
        var strides: [Int] = [], count = 1
        for label in labels.reversed() {
            strides.append(count)
            count = ByteCount.product(count, extent(label))
        }
        let offset = scratchByteCount
        let byteCount = ByteCount.aligned(ByteCount.product(count, elementByteCount), to: TensorStorage.alignment)
        scratchByteCount = ByteCount.sum(scratchByteCount, byteCount)
        return EinsumOperand(place: .scratch(offset), labels: labels, strides: strides.reversed())
    }

    /// Sums the labels that nobody else needs.
    private mutating func sumOut(_ operand: inout EinsumOperand, unless needed: Set<Int>) {
        let summed = operand.labels.filter { !needed.contains($0) }
        guard !summed.isEmpty else { return }
        let kept = operand.labels.filter(needed.contains)
        let target = scratch(kept)
        let sum = StridedSum(
            kept: kept.map { axis($0, operand, nil, target) }, summed: summed.map { axis($0, operand, nil, nil) })
        steps.append(.sum(sum, operand.place, target.place))
        operand = target
    }

    private mutating func join(
        _ left: EinsumOperand, _ right: EinsumOperand, kept: Set<Int>, into result: EinsumOperand?
    ) throws(OperatorError) -> EinsumOperand {
        let groups = EinsumGroups(left, right, kept: kept)
        let target = result ?? scratch(groups.stacked + groups.rows + groups.columns)
        if groups.summed.isEmpty {
            let walk = StridedWalk(target.labels.map { axis($0, left, right, target) })
            steps.append(.multiply(walk, left.place, right.place, target.place))
            return target
        }
        var pair = EinsumPair(groups: groups, left: left, right: right, target: target, extents: extents)
        if !pair.isLeftUsable {
            pair.left = scratch(groups.stacked + groups.rows + pair.summed)
            steps.append(copy(left, into: pair.left))
        }
        if !pair.isRightUsable {
            pair.right = scratch(groups.stacked + pair.summed + groups.columns)
            steps.append(copy(right, into: pair.right))
        }
        var isCopied = false
        if !pair.isTargetUsable {
            pair.target = scratch(groups.stacked + groups.rows + groups.columns)
            isCopied = true
        }
        let product = try pair.contraction()
        steps.append(.contract(product.contraction, product.left, product.right, pair.target.place))
        if isCopied { steps.append(copy(pair.target, into: target)) }
        return target
    }

    /// The equation as a dense layer of operand 0 over weights that are operand 1; nil where it is none.
    var denseLayer: (rows: Int, weights: RightOperand)? {
        guard operands.count == 2, !hasEmptySums, extents.values.allSatisfy({ $0 > 0 }) else { return nil }
        let (x, weights) = (operands[0], operands[1])
        let shape = Shape(labels.output.map { extents[$0] ?? 1 })
        let result = EinsumOperand(place: .output, labels: labels.output, shape: shape)
        guard !result.hasDiagonal(of: shape), Set(x.labels).union(weights.labels).isSuperset(of: result.labels) else { return nil }
        let groups = EinsumGroups(x, weights, kept: Set(result.labels))
        guard groups.stacked.isEmpty, !groups.summed.isEmpty, !groups.columns.isEmpty,
            (groups.rows + groups.columns).allSatisfy(result.labels.contains)
        else { return nil }
        let count = { (group: [Int]) in group.reduce(1) { $0 * (extents[$1] ?? 1) } }
        let (rows, steps, columns) = (count(groups.rows), count(groups.summed), count(groups.columns))
        guard x.isPacked(groups.rows + groups.summed, extents), result.isPacked(groups.rows + groups.columns, extents) else {
            return nil
        }
        for transposed in [false, true] {
            let order = transposed ? groups.columns + groups.summed : groups.summed + groups.columns
            if weights.isPacked(order, extents) {
                return (rows, RightOperand(rows: steps, columns: columns, transposed: transposed, scale: 1))
            }
        }
        return nil
    }
}
