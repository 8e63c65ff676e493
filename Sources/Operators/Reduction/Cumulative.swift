import GraphIR
import Tensors

/// Running sums or products along an axis that input 1 names when it runs.
///
/// - Shapes: the result has the input's. `exclusive` leaves each element out of its own sum; `reverse` starts at the end.
/// - Types: floating point, 32- and 64-bit integers, which wrap.
/// - Source: ONNX CumSum (opset 11–14), CumProd (opset 26); TensorFlow Cumsum, Cumprod, CumulativeLogsumexp (floating point).
struct Cumulative: Operator {
    enum Function: String, Sendable, CaseIterable {
        case sum = "CumSum", product = "CumProd"
        /// ln Σ eˣ
        case logSumExp = "CumulativeLogsumexp"
    }

    let function: Function
    let isExclusive: Bool
    let isReversed: Bool
    /// TensorFlow's run over every number, complex ones too.
    var takesEveryNumber = false

    var name: String { function.rawValue }

    private var types: Set<ElementType> {
        takesEveryNumber
            ? ElementTypes.numbers.union(ElementTypes.complex)
            : ElementTypes.floatingPoint.union([.int32, .int64, .uint32, .uint64])
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.required(0, of: types)
        let axis = try inputs.required(1, of: [.int32, .int64])
        if let shape = axis.concrete?.shape, shape.elementCount != 1 {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected a scalar")
        }
        if let rank = data.rank, let axis = axis.integers?.first { _ = try Axes.resolve(axis, rank: rank) }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.integers(1)?.first else { return .mixed("joins elements along an axis that is not known") }
            return inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)])
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), axisType = try context.input(1).elementType
            let maker = Maker(
                function: function,
                run: CumulativeRun(
                    shape: data.shape, axisIsWide: axisType == .int64, isExclusive: isExclusive, isReversed: isReversed))
            switch data.elementType {
            case .complex64: return CompiledOperator(try maker.complex(Float.self), inPlace: context.inPlace(0..<1))
            case .complex128: return CompiledOperator(try maker.complex(Double.self), inPlace: context.inPlace(0..<1))
            default: break
            }
            return CompiledOperator(try maker.make(data.elementType, for: name), inPlace: context.inPlace(0..<1))
        }
    }

    private struct Maker: NumberMaker {
        let function: Function
        let run: CumulativeRun

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) throws(OperatorError) -> LoopKernel {
            let run = run
            switch function {
            case .sum: return LoopKernel { (context) throws(OperatorError) in try run(context, 0 as Scalar) { $0 &+ $1 } }
            case .product: return LoopKernel { (context) throws(OperatorError) in try run(context, 1 as Scalar) { $0 &* $1 } }
            case .logSumExp: throw .unsupported("\(function.rawValue) of \(Scalar.elementType)")
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            let run = run
            switch function {
            case .sum: return LoopKernel { (context) throws(OperatorError) in try run(context, 0 as Scalar) { $0 + $1 } }
            case .product: return LoopKernel { (context) throws(OperatorError) in try run(context, 1 as Scalar) { $0 * $1 } }
            case .logSumExp:
                return LoopKernel { (context) throws(OperatorError) in
                    try run(context, -Scalar.infinity) { sum, x in
                        let top = sum < x || x.isNaN ? x : sum, rest = sum < x ? sum : x
                        // Equal infinities have no difference.
                        return top.isInfinite ? top : top + (rest - top).applying(.exp).applying(.log1p)
                    }
                }
            }
        }

        func complex<Part: ComplexPart>(_: Part.Type) throws(OperatorError) -> LoopKernel {
            let run = run
            switch function {
            case .sum: return LoopKernel { (context) throws(OperatorError) in try run(context, Complex<Part>.zero) { $0 + $1 } }
            case .product: return LoopKernel { (context) throws(OperatorError) in try run(context, Complex<Part>.one) { $0 * $1 } }
            case .logSumExp: throw .unsupported("\(function.rawValue) of complex numbers")
            }
        }
    }
}

/// One run over all lines along the axis that input 1 holds.
private struct CumulativeRun: Sendable {
    let shape: Shape
    let axisIsWide: Bool
    let isExclusive: Bool
    let isReversed: Bool

    @inline(__always)
    func callAsFunction<Scalar>(
        _ context: KernelContext, _ start: Scalar, _ join: (Scalar, Scalar) -> Scalar
    ) throws(OperatorError) {
        let axis = axisIsWide ? Int(context.input(1, as: Int64.self).pointee) : Int(context.input(1, as: Int32.self).pointee)
        let lines = AxisLines(shape, axis: try Axes.resolve(axis, rank: shape.rank))
        let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
        let last = (lines.extent - 1) * lines.innerCount
        let step = isReversed ? -lines.innerCount : lines.innerCount
        lines.forEachLine { origin in
            var at = isReversed ? origin + last : origin
            var joined = start
            for _ in 0..<lines.extent {
                let before = joined
                joined = join(joined, x[at])
                y[at] = isExclusive ? before : joined
                at += step
            }
        }
    }
}
