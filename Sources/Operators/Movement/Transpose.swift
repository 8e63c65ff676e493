import GraphIR
import Tensors

/// Reorders axes.
///
/// - Shapes: [d0, …, dn] → [d(p0), …, d(pn)]; without a permutation the axes are reversed.
/// - Source: ONNX operator Transpose; TensorFlow's Transpose and ConjugateTranspose, which take the permutation as an input.
struct Transpose: ElementMover {
    var permutation: [Int]?
    var takesPermutation = false
    /// Whether complex numbers become their conjugates.
    var conjugates = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesPermutation ? 2...2 : 1...1)
        let data = try inputs.dense(0)
        let wanted = takesPermutation ? try inputs.parameters(1) : permutation
        guard let shape = data.shape else {
            return [ValueFact(data.elementType, wanted.map { SymbolicShape(unknownRank: $0.count) })]
        }
        if takesPermutation, wanted == nil { return [ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank))] }
        let order = try Self.order(wanted, rank: shape.rank)
        return [ValueFact(data.elementType, SymbolicShape(order.map { shape[$0] }))]
    }

    var shapeOperands: Set<Int> { takesPermutation ? [1] : [] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let wanted = takesPermutation ? inputs.integers(1) : permutation
            guard let axis = inputs.onlyAxis(), inputs.isFixed(1), !takesPermutation || wanted != nil,
                let place = try Self.order(wanted, rank: inputs.extents(0)?.count ?? 0).firstIndex(of: axis)
            else { return .mixed(RowReason.merged) }
            return .rows(axis: place, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let order = try Self.order(takesPermutation ? context.parameters(1) : permutation, rank: input.shape.rank)
        let conjugation = conjugates ? Conjugation(context.outputs[0]) : nil
        let moved = order.filter { input.shape[$0] != 1 }
        if conjugation == nil, zip(moved, moved.dropFirst()).allSatisfy({ $0 < $1 }) { return .view(of: 0) }
        let strides = input.shape.strides
        let output = context.outputs[0].shape
        let copy = StridedCopy(
            extents: output.extents, sourceStrides: order.map { strides[$0] }, destinationStrides: output.strides,
            elementByteCount: input.elementType.byteCount)
        guard let conjugation else { return CompiledOperator(StridedCopyKernel(copy: copy)) }
        return CompiledOperator(
            LoopKernel { context in
                copy.run(from: context.input(0), to: context.output(0))
                conjugation.apply(to: context.output(0))
            })
    }

    private static func order(_ permutation: [Int]?, rank: Int) throws(OperatorError) -> [Int] {
        guard let permutation else { return Array((0..<rank).reversed()) }
        guard permutation.sorted().elementsEqual(0..<rank) else {
            throw .invalidAttribute(
                name: "perm", reason: "is \(permutation), expected each of the \(rank) axes of input 0 once")
        }
        return permutation
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Transpose") { reader throws(OperatorError) in Transpose(permutation: try reader.integers("perm")) },
        .tensorFlow("Transpose") { _ throws(OperatorError) in Transpose(takesPermutation: true) },
        .tensorFlow("ConjugateTranspose") { _ throws(OperatorError) in Transpose(takesPermutation: true, conjugates: true) },
    ]
}

/// Turns complex numbers into their conjugates, in place.
struct Conjugation: Sendable {
    private let count: Int
    private let isWide: Bool

    /// nil when the elements are not complex.
    init?(_ spec: TensorSpec) {
        guard spec.elementType.isComplex else { return nil }
        count = spec.shape.elementCount
        isWide = spec.elementType == .complex128
    }

    func apply(to address: UnsafeMutableRawPointer) {
        if isWide { negate(address.assumingMemoryBound(to: Double.self)) } else { negate(address.assumingMemoryBound(to: Float.self)) }
    }

    private func negate<Part: BinaryFloatingPoint>(_ parts: UnsafeMutablePointer<Part>) {
        for index in 0..<count { parts[2 * index + 1].negate() }
    }
}
