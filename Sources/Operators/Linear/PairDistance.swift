import GraphIR
import Tensors

/// How far apart the rows of two tables are.
///
/// - Shapes: A [M, K], B [N, K] → [M, N].
/// - Types: float32 and float64.
/// - Numerics: the sum of the squares of the differences, or its root.
/// - Source: onnxruntime's CDist (com.microsoft).
struct PairDistance: Operator {
    enum Metric: String, CaseIterable, Sendable { case root = "euclidean", square = "sqeuclidean" }

    let metric: Metric

    var name: String { "CDist" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let a = try inputs.required(0, of: [.float32, .float64]), b = try inputs.required(1, of: [a.elementType])
        for (index, fact) in [a, b].enumerated() {
            if let rank = fact.rank, rank != 2 { throw .invalidInput(index: index, reason: "has rank \(rank), expected rows of a table") }
        }
        if let left = a.shape, let right = b.shape, Dimension.unified(left[1], right[1]) == nil {
            throw .invalidInput(index: 1, reason: "is \(right), expected as many columns as \(left)")
        }
        let shape = SymbolicShape([a.shape?[0] ?? .unknown, b.shape?[0] ?? .unknown])
        return [ValueFact(a.elementType, try shape.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        switch (inputs.axis(0), inputs.axis(1)) {
        case (0, nil) where inputs.isFixed(1): .rows(axis: 0, of: inputs)
        case (nil, 0) where inputs.isFixed(0): .rows(axis: 1, of: inputs)
        default: .mixed(RowReason.crossed)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let a = try context.input(0), b = try context.input(1).shape, takesRoot = metric == .root
        let (rows, columns, width) = (a.shape[0], b[0], b[1])
        return CompiledOperator(
            LoopKernel { context in
                if a.elementType == .float64 {
                    Self.run(Double.self, rows, columns, width, takesRoot, context)
                } else {
                    Self.run(Float.self, rows, columns, width, takesRoot, context)
                }
            })
    }

    @inline(__always)
    private static func run<Scalar: BinaryFloatingPoint>(
        _: Scalar.Type, _ rows: Int, _ columns: Int, _ width: Int, _ takesRoot: Bool, _ context: KernelContext
    ) {
        let a = context.input(0, as: Scalar.self), b = context.input(1, as: Scalar.self)
        let result = context.output(0, as: Scalar.self)
        for row in 0..<rows {
            for column in 0..<columns {
                let x = a + row * width, y = b + column * width
                var sum: Scalar = 0
                for i in 0..<width { sum += (x[i] - y[i]) * (x[i] - y[i]) }
                result[row * columns + column] = takesRoot ? sum.squareRoot() : sum
            }
        }
    }
}
