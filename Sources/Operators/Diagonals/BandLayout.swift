import GraphIR
import Tensors

/// Where the diagonals of a matrix lie in the matrix, and where in a band that holds them one after the other.
///
/// Diagonal k begins k columns right of the first element (k below 0: that many rows below it). The band has a row for each of
/// the diagonals `upper` down to `lower`, as long as the longest of them; shorter ones stand at its left or right end.
struct BandLayout: Sendable {
    /// At which end shorter diagonals stand.
    enum Alignment: String, CaseIterable, Sendable {
        case rightLeft = "RIGHT_LEFT", leftRight = "LEFT_RIGHT", leftLeft = "LEFT_LEFT", rightRight = "RIGHT_RIGHT"

        /// Whether diagonal `k` stands at the left end: the words speak of those above the main one, then of those below.
        func isLeft(_ k: Int) -> Bool {
            let above = self == .leftRight || self == .leftLeft, below = self == .rightLeft || self == .leftLeft
            return k >= 0 && above || k <= 0 && below
        }
    }

    let lower: Int
    let upper: Int
    let rows: Int
    let columns: Int
    let alignment: Alignment

    var diagonalCount: Int { upper - lower + 1 }
    var longest: Int { max(min(rows + min(upper, 0), columns - max(lower, 0)), 0) }
    /// Whether a band of one diagonal has no axis for it.
    var isSingle: Bool { lower == upper }

    /// - Throws: when a diagonal lies outside the matrix.
    init(diagonals: [Int], rows: Int, columns: Int, alignment: Alignment) throws(OperatorError) {
        let (lower, upper) = try Self.range(diagonals)
        for k in [lower, upper] where k != 0 && !(k > -rows && k < columns) {
            throw .invalidValue("diagonal \(k) lies outside a matrix of \(rows) rows and \(columns) columns")
        }
        self.lower = lower
        self.upper = upper
        self.rows = rows
        self.columns = columns
        self.alignment = alignment
    }

    /// The lowest and highest of one or two numbers of diagonals.
    static func range(_ diagonals: [Int]) throws(OperatorError) -> (lower: Int, upper: Int) {
        guard let lower = diagonals.first, let upper = diagonals.last, diagonals.count <= 2, lower <= upper,
            lower >= -Shape.maximumElementCount, upper <= Shape.maximumElementCount
        else { throw .invalidValue("has the diagonals \(diagonals), expected one, or the lower and the upper one") }
        return (lower, upper)
    }

    /// Copies between matrices and bands, one for each diagonal.
    func copies(batchCount: Int, elementByteCount: Int, intoMatrix: Bool) -> [StridedCopy] {
        var copies: [StridedCopy] = []
        for k in lower...upper {
            let length = max(min(rows + min(k, 0), columns - max(k, 0)), 0)
            guard length > 0 else { continue }
            let shift = alignment.isLeft(k) ? 0 : longest - length
            let band = (upper - k) * longest + shift
            let matrix = k >= 0 ? k : -k * columns
            let bandStrides = [diagonalCount * longest, 1], matrixStrides = [rows * columns, columns + 1]
            copies.append(
                StridedCopy(
                    extents: [batchCount, length], sourceStrides: intoMatrix ? bandStrides : matrixStrides,
                    destinationStrides: intoMatrix ? matrixStrides : bandStrides, elementByteCount: elementByteCount,
                    sourceOffset: intoMatrix ? band : matrix, destinationOffset: intoMatrix ? matrix : band))
        }
        return copies
    }
}

/// Diagonals copied over a ground: one value everywhere, zeros, or another tensor.
struct BandKernel: Kernel {
    enum Ground: Sendable {
        case zeros
        /// Input of that number holds the one value.
        case value(Int)
        case tensor(Int)
    }

    let ground: Ground
    let output: TensorSpec
    let source: Int
    let copies: [StridedCopy]

    func run(_ context: KernelContext) {
        let target = context.output(0)
        switch ground {
        case .zeros: target.initializeMemory(as: UInt8.self, repeating: 0, count: output.byteCount)
        case .value(let input):
            fillElements(
                target, count: output.shape.elementCount, elementByteCount: output.elementType.byteCount, context.input(input))
        case .tensor(let input):
            if UnsafeRawPointer(target) != context.input(input) {
                target.copyMemory(from: context.input(input), byteCount: output.byteCount)
            }
        }
        for copy in copies { copy.run(from: context.input(source), to: target) }
    }
}
