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

    /// Whether all lines of a matrix share one number.
    var isUniform: Bool { kind == .one }

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
