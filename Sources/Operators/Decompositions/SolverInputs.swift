import GraphIR
import Tensors

/// Code that is generic over what LAPACK computes with.
protocol SolverVisitor {
    func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator
}

extension ElementType {
    /// What matrices that are decomposed are made of.
    static let solvable: Set<ElementType> = ElementTypes.floatingPoint.union([.complex64, .complex128])

    func solver(_ visitor: some SolverVisitor) throws(OperatorError) -> CompiledOperator {
        LinearAlgebra.configure()
        return isComplex ? try visitor.visit(Complex<Double>.self) : try visitor.visit(Double.self)
    }
}

extension OperatorInputs {
    /// Input `index`, matrices behind any leading axes.
    func matrices(_ index: Int, square: Bool = false) throws(OperatorError) -> ValueFact {
        let fact = try required(index, of: ElementType.solvable)
        guard let shape = fact.shape else { return fact }
        guard shape.rank >= 2 else { throw .invalidInput(index: index, reason: "has rank \(shape.rank), expected 2 or more") }
        if square, Dimension.unified(shape[shape.rank - 2], shape[shape.rank - 1]) == nil {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected square matrices")
        }
        return fact
    }
}

extension RowInputs {
    /// Every matrix of input 0 gives a matrix, or what lies at its place, of each output.
    func matrixwise() -> RowFlow { .leading(of: self, keeping: { $0.count - 2 }) }
}

/// A stack of matrices of concrete extents.
struct MatrixStack: Sendable {
    let count: Int
    let rows: Int
    let columns: Int
    let type: ElementType

    init(count: Int, rows: Int, columns: Int, type: ElementType) {
        self.count = count
        self.rows = rows
        self.columns = columns
        self.type = type
    }

    /// - Throws: when an extent is beyond what LAPACK can count.
    init(_ spec: TensorSpec) throws(OperatorError) {
        let shape = spec.shape, rank = shape.rank
        count = shape.elementCount(in: 0..<rank - 2)
        rows = shape[rank - 2]
        columns = shape[rank - 1]
        type = spec.elementType
        // Products of two extents and some more must fit the routines' integers.
        for extent in [rows, columns] where extent > 1 << 15 {
            throw .unsupported("the decomposition of a matrix with an axis of \(extent)")
        }
    }

    /// Right sides, which may be many.
    init(rightSides spec: TensorSpec) throws(OperatorError) {
        self.init(unlimited: spec)
        guard rows <= 1 << 15, columns <= 1 << 24 else {
            throw .unsupported("solving for \(columns) right sides of \(rows) rows")
        }
    }

    var elementCount: Int { rows * columns }
    var least: Int { min(rows, columns) }
    var largest: Int { max(rows, columns) }
}

/// Places in scratch memory.
struct SolverScratch {
    private(set) var byteCount = 0

    /// Room for `count` elements.
    mutating func take<Element>(_: Element.Type, _ count: Int) -> SolverPlace<Element> {
        let offset = byteCount
        byteCount = ByteCount.sum(
            byteCount, ByteCount.aligned(ByteCount.of(Element.self, max(count, 1)), to: TensorStorage.alignment))
        return SolverPlace(offset: offset)
    }
}

/// A place in scratch memory.
struct SolverPlace<Element>: Sendable {
    let offset: Int

    @inline(__always)
    func callAsFunction(_ context: KernelContext) -> UnsafeMutablePointer<Element> {
        (context.scratch + offset).assumingMemoryBound(to: Element.self)
    }
}
