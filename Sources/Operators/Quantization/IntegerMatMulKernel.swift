import GraphIR
import Tensors

/// Numbers that belong to a whole stack of matrices, or to each row of the left or column of the right ones.
struct MatrixParameter: Sendable {
    enum Kind: Sendable { case one, line, lineOfMatrix }

    let input: Int
    let type: ElementType
    private let kind: Kind
    /// Lines of a matrix.
    private let extent: Int

    /// - Parameter lines: the matrix's extent across which the parameter varies.
    init(_ context: CompileContext, _ input: Int, lines: Int) throws(OperatorError) {
        let spec = try context.input(input)
        self.input = input
        type = spec.elementType
        extent = lines
        kind = spec.shape.elementCount == 1 ? .one : spec.shape.rank == 1 ? .line : .lineOfMatrix
    }

    /// - Parameter line: of matrix `matrix`, or counted over all matrices when it is 0.
    @inline(__always)
    func place(matrix: Int, line: Int) -> Int {
        switch kind {
        case .one: 0
        case .line: line < extent ? line : line % extent
        case .lineOfMatrix: matrix * extent + line
        }
    }

    @inline(__always)
    func integer(_ context: KernelContext, matrix: Int, line: Int) -> Int32 {
        SmallIntegers(context.input(input), isSigned: type == .int8)[place(matrix: matrix, line: line)]
    }

    @inline(__always)
    func scale(_ context: KernelContext, matrix: Int, line: Int) -> Float {
        ScaleValues(context.input(input), type)[place(matrix: matrix, line: line)]
    }

    /// Refuses input `index` unless it is one number, a vector of one for each line of the matrices in input `matrix`, or one for
    /// each line of each matrix.
    ///
    /// - Parameter axis: of the lines, counted from the last axis: 2 for rows, 1 for columns.
    static func check(
        _ inputs: OperatorInputs, _ index: Int, of types: Set<ElementType>, matrix: Int, axis: Int
    ) throws(OperatorError) {
        let fact = try inputs.required(index, of: types), operand = try inputs.required(matrix)
        guard let shape = fact.shape, let lines = operand.shape, let count = shape.concrete?.elementCount, count != 1 else { return }
        var expected = lines
        if lines.rank >= 2 { expected[lines.rank - (axis == 2 ? 1 : 2)] = .known(1) }
        let isVector = lines.rank >= 2 && shape.rank == 1 && Dimension.unified(shape[0], lines[lines.rank - axis]) != nil
        let isStack =
            lines.rank >= 2 && shape.rank == lines.rank
            && zip(shape.dimensions, expected.dimensions).allSatisfy { Dimension.unified($0, $1) != nil }
        guard isVector || isStack else {
            throw .invalidInput(
                index: index, reason: "has shape \(shape), expected one number, a vector of one for each line, or \(expected)")
        }
    }
}

/// Products of stacks of 8-bit matrices, and what becomes of the sums.
struct IntegerMatMulKernel: Kernel {
    enum Left: Sendable {
        case integers(isSigned: Bool)
        case transposed(isSigned: Bool)
        /// Real numbers, quantized over their range.
        case real(count: Int)
    }

    enum Result: Sendable {
        case integers
        case real(bias: Int?)
        case quantized(scale: MatrixParameter, zero: Int?, isSigned: Bool)
    }

    /// An int32 matrix that is added to the sums, with the steps from row to row and column to column.
    struct Addend: Sendable {
        let input: Int
        let row: Int
        let column: Int
    }

    let geometry: ProductGeometry
    let left: Left
    let leftInput: Int
    let weights: IntegerWeights
    var leftZero: MatrixParameter?
    var rightZero: MatrixParameter?
    var leftScale: MatrixParameter?
    var rightScale: MatrixParameter?
    var alpha: Float = 1
    var addend: Addend?
    let result: Result

    private var product: IntegerProduct {
        IntegerProduct(rows: geometry.rows, steps: geometry.steps, columns: geometry.columns)
    }

    var compiled: CompiledOperator {
        CompiledOperator(
            self, scratchByteCount: ByteCount.sum(product.scratchByteCount, weights.scratchByteCount),
            preparedInputs: weights.preparedInputs)
    }

    /// What is no constant is prepared once, by the one part.
    private var split: PartSplit {
        guard weights.packed != nil else { return .whole }
        let operations = Double(geometry.rows) * Double(geometry.steps) * Double(geometry.columns) / 4
        return PartSplit(units: product.unitCount, operations: operations)
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) {
        for index in geometry.offsets.indices { run(index, units: 0..<product.unitCount, context) }
    }

    func run(part: Int, _ context: KernelContext) {
        if weights.packed == nil { return run(context) }
        for index in geometry.offsets.indices { run(index, units: split.units(of: part), context) }
    }

    private func run(_ index: Int, units: Range<Int>, _ context: KernelContext) {
        let offset = geometry.offsets[index], product = product
        let right = weights.columns(context, offset: offset.right, scratch: context.scratch)
        let scratch = context.scratch + weights.scratchByteCount
        let pair = MatrixPair(
            left: geometry.leftCount == 0 ? 0 : offset.left / geometry.leftCount,
            right: geometry.rightCount == 0 ? 0 : offset.right / geometry.rightCount, result: index * geometry.resultCount)
        switch left {
        case .integers(let isSigned):
            let x = context.input(leftInput) + offset.left
            for unit in units {
                compute(unit, product, right, scratch, pair, nil, context) { row, to in
                    fill(to, SmallIntegers(x + row * geometry.steps, isSigned: isSigned), zero(context, pair, row))
                }
            }
        case .transposed(let isSigned):
            let x = SmallIntegers(context.input(leftInput), isSigned: isSigned)
            for unit in units {
                compute(unit, product, right, scratch, pair, nil, context) { row, to in
                    let zero = zero(context, pair, row)
                    for step in 0..<geometry.steps {
                        to[step] = Int16(truncatingIfNeeded: x[step * geometry.rows + row] &- zero)
                    }
                }
            }
        case .real(let count):
            let all = context.input(leftInput, as: Float.self), x = all + offset.left
            let range = DynamicRange(all, count: count), rounding = LinearRounding(UInt8.self, zero: range.zero)
            for unit in units {
                compute(unit, product, right, scratch, pair, range.scale, context) { row, to in
                    let from = x + row * geometry.steps
                    for step in 0..<geometry.steps {
                        to[step] = Int16(truncatingIfNeeded: rounding.integer(from[step] / range.scale) &- range.zero)
                    }
                }
            }
        }
    }

    private func zero(_ context: KernelContext, _ pair: MatrixPair, _ row: Int) -> Int32 {
        leftZero?.integer(context, matrix: pair.left, line: row) ?? 0
    }

    @inline(__always)
    private func fill(_ to: UnsafeMutablePointer<Int16>, _ from: SmallIntegers, _ zero: Int32) {
        for step in 0..<geometry.steps { to[step] = Int16(truncatingIfNeeded: from[step] &- zero) }
    }

    /// - Parameter dynamicScale: of the left matrices where data decides it.
    @inline(__always)
    private func compute(
        _ unit: Int, _ product: IntegerProduct, _ right: UnsafePointer<Int16>, _ scratch: UnsafeMutableRawPointer,
        _ pair: MatrixPair, _ dynamicScale: Float?, _ context: KernelContext, fill: (Int, UnsafeMutablePointer<Int16>) -> Void
    ) {
        let columns = geometry.columns
        product.run(unit: unit, right: right, scratch: scratch, fill: fill) { row, column, rowSum, sum in
            var sum = sum &- (rightZero?.integer(context, matrix: pair.right, line: column) ?? 0) &* rowSum
            if let addend { sum &+= context.input(addend.input, as: Int32.self)[row * addend.row + column * addend.column] }
            let place = pair.result + row * columns + column
            switch result {
            case .integers: context.output(0, as: Int32.self)[place] = sum
            case .real(let bias):
                let scale = scale(context, pair, row, column, dynamicScale)
                let addition = bias.map { context.input($0, as: Float.self)[column] } ?? 0
                context.output(0, as: Float.self)[place] = Float(sum) * scale + addition
            case .quantized(let resultScale, let zero, let isSigned):
                let scale = scale(context, pair, row, column, dynamicScale) / resultScale.scale(context, matrix: 0, line: 0)
                let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(zero, isSigned: isSigned))
                context.output(0, as: UInt8.self)[place] = UInt8(truncatingIfNeeded: rounding.integer(Float(sum) * scale))
            }
        }
    }

    @inline(__always)
    private func scale(_ context: KernelContext, _ pair: MatrixPair, _ row: Int, _ column: Int, _ dynamicScale: Float?) -> Float {
        let left = dynamicScale ?? leftScale?.scale(context, matrix: pair.left, line: row) ?? 1
        return alpha * left * (rightScale?.scale(context, matrix: pair.right, line: column) ?? 1)
    }
}

/// Which matrices of two stacks are multiplied, and where the result begins.
private struct MatrixPair {
    let left: Int
    let right: Int
    let result: Int
}
