import GraphIR
import Tensors

/// Joins the elements along some axes into one.
///
/// - Shapes: a reduced axis becomes 1, or goes when `keepdims` is 0. With no axis reduced, each element is a group of its own.
/// - Types: floating point, 32- and 64-bit integers; ReduceMax and ReduceMin also int8, uint8 and bool.
/// - Numerics: an empty group gives 0 for sums, 1 for the product, NaN for the mean, the end of the type's range for the
///   extrema, −inf for logarithms. NaN is contagious. Integers wrap; means, roots and logarithms of integers are cut.
/// - Source: ONNX Reduce… (opset 1–20): axes are an attribute until opset 17 (ReduceSum until 12), then input 1; TensorFlow Sum,
///   Mean, Prod, Max, Min, All, Any, EuclideanNorm, whose means of integers are of sums in 64 bits.
struct Reduce: Operator {
    enum Function: String, Sendable, CaseIterable {
        case sum = "ReduceSum", mean = "ReduceMean", product = "ReduceProd"
        case maximum = "ReduceMax", minimum = "ReduceMin"
        case l1 = "ReduceL1", l2 = "ReduceL2", sumOfSquares = "ReduceSumSquare"
        case logSum = "ReduceLogSum", logSumExp = "ReduceLogSumExp"

        var isExtremum: Bool { self == .maximum || self == .minimum }
    }

    let function: Function
    let axes: ReductionAxes
    /// TensorFlow's name; its reductions take every number, sums, products, means and norms complex ones too.
    var tensorFlowName: String?

    var name: String { tensorFlowName ?? function.rawValue }

    private var types: Set<ElementType> {
        if tensorFlowName != nil {
            return ElementTypes.numbers.union(function.isExtremum ? [.bool] : ElementTypes.complex)
        }
        let common = ElementTypes.floatingPoint.union([.int32, .int64, .uint32, .uint64])
        return function.isExtremum ? common.union([.int8, .uint8, .bool]) : common
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...2)
        let data = try inputs.required(0, of: types)
        return [ValueFact(data.elementType, try axes.resultShape(inputs))]
    }

    var shapeOperands: Set<Int> { axes.shapeOperands }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard inputs.isFixed(1), let listed = try axes.listed(OperatorInputs(inputs.facts)) else {
                return .mixed(RowReason.counted)
            }
            let reduced = try axes.resolve(listed, rank: inputs.extents(0)?.count ?? 0)
            return inputs.linewise(along: reduced, keepsAxes: axes.keepsAxes)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let axes = try axes.resolve(try axes.listed(context), rank: data.shape.rank)
            let walk = ReductionWalk(data.shape, axes: axes)
            if data.elementType == .float32 { return FloatReduction.compile(function, walk, context.functions) }
            return CompiledOperator(try ScalarReduction.kernel(function, walk, data.elementType))
        }
    }
}
