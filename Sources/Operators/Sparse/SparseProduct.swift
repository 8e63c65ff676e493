import GraphIR
import Tensors

/// The product of a sparse and a dense matrix, either one transposed (and conjugated) if wanted.
///
/// - Shapes: sparse [m, k] (or [k, m]), dense [k, n] (or [n, k]) → [m, n].
/// - Source: TensorFlow operator SparseTensorDenseMatMul.
struct SparseTensorDenseMatMul: DynamicOperator {
    let adjointLeft: Bool
    let adjointRight: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        try inputs.sparse(0)
        let right = try inputs.tensor(3)
        let rows: Dimension = inputs[2]?.integers.flatMap { $0.count == 2 ? .known(max(0, $0[adjointLeft ? 1 : 0])) : nil } ?? .unknown
        guard let shape = right.shape else { return [ValueFact(right.elementType, SymbolicShape([rows, .unknown]))] }
        guard shape.rank == 2 else { throw .invalidInput(index: 3, reason: "has shape \(shape), expected a matrix") }
        return [ValueFact(right.elementType, SymbolicShape([rows, shape[adjointRight ? 0 : 1]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let left = try SparseTensor(context, 0), right = try context.required(3)
        guard left.rank == 2, right.shape.rank == 2, case .dense(let values) = left.values, values.elementType == right.elementType
        else { throw OperatorError.invalidInput(index: 3, reason: "is \(right.spec), expected a matrix of the sparse tensor's type") }
        let inner = left.extents[adjointLeft ? 0 : 1], rows = left.extents[adjointLeft ? 1 : 0]
        guard inner == right.shape[adjointRight ? 1 : 0] else {
            throw OperatorError.invalidInput(
                index: 3, reason: "has shape \(right.shape): cannot multiply, the inner dimension does not match: \(left.extents)")
        }
        guard let shape = Shape(checking: [rows, right.shape[adjointRight ? 0 : 1]]) else {
            throw OperatorError.invalidValue("the product is too large")
        }
        let product = Product(operation: self, left: left, values: values, right: right, shape: shape, context: context)
        return [.tensor(try right.elementType.dispatchArithmetic(product))]
    }

    private struct Product: ArithmeticVisitor {
        let operation: SparseTensorDenseMatMul
        let left: SparseTensor
        let values: TensorView
        let right: TensorView
        let shape: Shape
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let result = try context.zeros(TensorSpec(right.elementType, shape))
            let target = result.storage.baseAddress.assumingMemoryBound(to: Element.self)
            let source = right.baseAddress.assumingMemoryBound(to: Element.self)
            let factors = values.baseAddress.assumingMemoryBound(to: Element.self)
            let width = shape[1]
            let step = operation.adjointRight ? right.shape[1] : 1, row = operation.adjointRight ? 1 : right.shape[1]
            for place in 0..<left.count {
                if place % 4096 == 0 { try context.checkStop() }
                let i = left.table[place, operation.adjointLeft ? 1 : 0], k = left.table[place, operation.adjointLeft ? 0 : 1]
                let factor = operation.adjointLeft ? factors[place].conjugate : factors[place]
                let output = target + i * width, operand = source + k * row
                if operation.adjointRight {
                    for j in 0..<width { output[j] = output[j].sum(with: factor.product(with: operand[j * step].conjugate)) }
                } else {
                    for j in 0..<width { output[j] = output[j].sum(with: factor.product(with: operand[j])) }
                }
            }
            return result
        }
    }
}

/// The softmax of each run of elements along the last axis of a sparse tensor.
///
/// - Shapes: a sparse tensor of rank 2 or more → values [n].
/// - Source: TensorFlow operator SparseSoftmax.
struct SparseSoftmax: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        try inputs.sparse(0)
        let values = try inputs.required(1, of: [.float16, .bfloat16, .float32, .float64])
        return [ValueFact(values.elementType, values.shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0)
        guard input.rank >= 2, case .dense(let values) = input.values else {
            throw OperatorError.invalidInput(index: 2, reason: "Input should have rank >= 2, but received shape: \(input.extents)")
        }
        let runs = input.runs(along: input.rank - 1).map(\.positions)
        let result = try context.makeTensor(values.spec) { bytes in
            switch values.elementType {
            case .float64: Self.fill(bytes, values, runs, Double.self, \.self, \.self)
            case .float16:
                Self.fill(bytes, values, runs, Binary16Element.self, { Double($0.wide) }, { Binary16Element(rounding: Float($0)) })
            case .bfloat16:
                Self.fill(bytes, values, runs, BFloat16Element.self, { Double($0.wide) }, { BFloat16Element(rounding: Float($0)) })
            default: Self.fill(bytes, values, runs, Float.self, { Double($0) }, { Float($0) })
            }
        }
        return [.tensor(result)]
    }

    private static func fill<Element>(
        _ bytes: UnsafeMutableRawBufferPointer, _ values: TensorView, _ runs: [Range<Int>], _: Element.Type,
        _ wide: (Element) -> Double, _ narrow: (Double) -> Element
    ) {
        let source = values.baseAddress.assumingMemoryBound(to: Element.self), target = bytes.bindMemory(to: Element.self)
        for run in runs {
            let top = run.reduce(-Double.infinity) { max($0, wide(source[$1])) }
            let powers = run.map { exponential(wide(source[$0]) - top) }
            let sum = powers.reduce(0, +)
            for (place, power) in zip(run, powers) { target[place] = narrow(power / sum) }
        }
    }
}
