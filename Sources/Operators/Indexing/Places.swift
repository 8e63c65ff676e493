import GraphIR
import Tensors

/// The positions of all elements that are not 0.
///
/// - Shapes: data of rank r → int64 [count, r], in row-major order.
/// - Source: TensorFlow's Where.
struct Places: DynamicOperator {
    var name: String { "Where" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let rank = try inputs.dense(0).rank
        if rank == 0 { throw .invalidInput(index: 0, reason: "is a scalar, expected at least one axis") }
        return [ValueFact(.int64, SymbolicShape([.unknown, rank.map(Dimension.known) ?? .unknown]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.required(0)
        // The parts of a complex number are looked at one by one.
        let (type, parts): (ElementType, Int) =
            switch data.elementType {
            case .complex64: (.float32, 2)
            case .complex128: (.float64, 2)
            case let type: (type, 1)
            }
        return [.tensor(try type.dispatch(Search(data: data, parts: parts, context: context)))]
    }

    /// Counts first and writes then, so that nothing but the result takes memory.
    private struct Search: NumericVisitor {
        let data: TensorView
        let parts: Int
        let context: EvaluationContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let elements = data.baseAddress.assumingMemoryBound(to: Element.self)
            let extents = data.shape.extents, rank = extents.count, total = data.elementCount, parts = parts
            let isSet = { (place: Int) in
                elements[place * parts].asDouble != 0 || parts == 2 && elements[place * parts + 1].asDouble != 0
            }
            var count = 0
            for place in 0..<total where isSet(place) { count += 1 }
            guard let shape = Shape(checking: [count, rank]) else {
                throw .invalidValue("finds \(count) places, more than a tensor holds")
            }
            return try context.makeTensor(TensorSpec(.int64, shape)) { bytes in
                let output = bytes.bindMemory(to: Int64.self)
                var row = 0
                for place in 0..<total where isSet(place) {
                    var rest = place
                    for axis in (0..<rank).reversed() {
                        output[row + axis] = Int64(rest % extents[axis])
                        rest /= extents[axis]
                    }
                    row += rank
                }
            }
        }
    }

    static let spellings: [OperatorSpelling] = [.tensorFlow("Where") { _ throws(OperatorError) in Places() }]
}
