import GraphIR
import Tensors

/// Two sparse tensors of one shape, element by element: a place that only one has counts as 0 in the other.
///
/// - Shapes: two sparse tensors in row-major order → one. SparseAdd leaves out sums whose magnitude is below `thresh`.
/// - Source: TensorFlow operators SparseAdd, SparseSparseMaximum and SparseSparseMinimum.
struct SparsePair: DynamicOperator {
    enum Rule: Sendable {
        case add, maximum, minimum
    }

    let name: String
    let rule: Rule

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(rule == .add ? 7...7 : 6...6)
        let rank = try inputs.sparse(0)
        try inputs.sparse(3)
        let facts = OperatorInputs.sparse(try inputs.tensor(1).elementType, rank: rank)
        return rule == .add ? facts : Array(facts.prefix(2))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let left = try SparseTensor(context, 0), right = try SparseTensor(context, 3)
        guard left.extents == right.extents else {
            throw OperatorError.invalidValue("Operands' shapes do not match: got \(left.extents) and \(right.extents)")
        }
        guard case .dense(let a) = left.values, case .dense(let b) = right.values, a.elementType == b.elementType else {
            throw OperatorError.invalidInput(index: 4, reason: "is not of the type of input 1")
        }
        let threshold = rule == .add ? try context.required(6).asDouble : 0
        return try context.withScratch(ByteCount.product(left.count + right.count, 16 * (left.rank + 2))) { () throws(OperatorError) in
            try a.elementType.dispatchArithmetic(
                Merge(rule: rule, left: left, right: right, a: a, b: b, threshold: threshold, context: context))
        }
    }

    private struct Merge: ArithmeticVisitor {
        let rule: Rule
        let left: SparseTensor
        let right: SparseTensor
        let a: TensorView
        let b: TensorView
        let threshold: Double
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> [RuntimeValue] {
            let first = a.baseAddress.assumingMemoryBound(to: Element.self)
            let second = b.baseAddress.assumingMemoryBound(to: Element.self)
            var results: [Element] = [], indices: [Int] = []
            var i = 0, j = 0
            while i < left.count || j < right.count {
                let index = i < left.count ? left.table.row(i) : [], other = j < right.count ? right.table.row(j) : []
                let takesLeft = i < left.count && (j == right.count || !other.lexicographicallyPrecedes(index))
                let takesRight = j < right.count && (i == left.count || !index.lexicographicallyPrecedes(other))
                let x = takesLeft ? first[i] : .none, y = takesRight ? second[j] : .none
                if takesLeft { i += 1 }
                if takesRight { j += 1 }
                let result: Element
                switch rule {
                case .add:
                    result = takesLeft && takesRight ? x.sum(with: y) : takesLeft ? x : y
                    guard threshold <= result.magnitudeAsDouble else { continue }
                case .maximum: result = x.isLess(than: y) ? y : x
                case .minimum: result = y.isLess(than: x) ? y : x
                }
                results.append(result)
                indices += takesLeft ? index : other
            }
            let values = try context.makeTensor(TensorSpec(a.elementType, [results.count])) { bytes in
                let target = bytes.bindMemory(to: Element.self)
                for (place, result) in results.enumerated() { target[place] = result }
            }
            let outputs = try context.sparse(
                indices: indices, values: .tensor(values), count: results.count, extents: left.extents)
            return rule == .add ? outputs : Array(outputs.prefix(2))
        }
    }
}

extension TensorView {
    /// The first element as a number, whatever its type; 0 when there is none.
    var asDouble: Double {
        guard elementCount > 0 else { return 0 }
        switch elementType {
        case .float32: return Double(baseAddress.load(as: Float.self))
        case .float64: return baseAddress.load(as: Double.self)
        case .float16: return Double(HalfPrecision.float(fromBinary16: baseAddress.load(as: UInt16.self)))
        case .bfloat16: return Double(HalfPrecision.float(fromBFloat16: baseAddress.load(as: UInt16.self)))
        case .uint64: return Double(baseAddress.load(as: UInt64.self))
        case .complex64, .complex128, .string: return 0
        default: return Double(keyNumber(0))
        }
    }
}

/// A dense tensor with the elements of a sparse one added.
///
/// - Source: TensorFlow operator SparseTensorDenseAdd.
struct SparseTensorDenseAdd: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        try inputs.sparse(0)
        let dense = try inputs.tensor(3)
        return [ValueFact(dense.elementType, dense.shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0), dense = try context.required(3)
        guard input.extents == dense.shape.extents, case .dense(let values) = input.values, values.elementType == dense.elementType
        else {
            throw OperatorError.invalidInput(index: 3, reason: "is \(dense.spec), the sparse tensor has shape \(input.extents)")
        }
        return [
            .tensor(try dense.elementType.dispatchArithmetic(Sum(input: input, values: values, dense: dense, context: context)))
        ]
    }

    private struct Sum: ArithmeticVisitor {
        let input: SparseTensor
        let values: TensorView
        let dense: TensorView
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let strides = dense.shape.strides, source = values.baseAddress.assumingMemoryBound(to: Element.self)
            return try context.makeTensor(dense.spec) { bytes in
                bytes.copyMemory(from: dense.bytes)
                let target = bytes.bindMemory(to: Element.self)
                for place in 0..<input.count {
                    let offset = input.offset(place, strides)
                    target[offset] = target[offset].sum(with: source[place])
                }
            }
        }
    }
}
