import CKernels
import GraphIR
import Tensors

/// Folds any number of operands, element by element with broadcasting.
///
/// - Types: Min and Max every number, Sum and Mean floating point, TensorFlow's sum every number; all of one type. Integers wrap;
///   a NaN operand makes the result NaN.
/// - Source: ONNX Sum, Mean, Min, Max (opset 1–13; before opset 8 shapes are equal, which broadcasting includes); TensorFlow
///   Maximum, Minimum, AddN, AccumulateNV2.
struct Variadic: Operator {
    enum Function: String, Sendable, CaseIterable {
        case sum = "Sum", mean = "Mean", minimum = "Min", maximum = "Max"
    }

    let function: Function
    /// TensorFlow's sums are of integers and complex numbers too.
    var sumsEveryNumber = false

    var name: String { function.rawValue }

    private var join: PairJoin {
        switch function {
        case .sum, .mean: .add
        case .minimum: .minimum
        case .maximum: .maximum
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 1 else { throw .wrongInputCount(found: 0, expected: 1...Int(Int32.max)) }
        let isReal = function == .mean || function == .sum && !sumsEveryNumber
        var types = isReal ? ElementTypes.floatingPoint : ElementTypes.numbers
        if sumsEveryNumber { types.formUnion(ElementTypes.complex) }
        let first = try inputs.required(0, of: types)
        for index in 1..<inputs.count { try inputs.checkSameType(index, as: 0) }
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<inputs.count))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<inputs.count) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        guard context.inputs.count > 1 else { return .view(of: 0) }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            try compileFold(context)
        }
    }

    /// The first two operands fill the result, each further one is joined to it.
    private func compileFold(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let result = context.outputs[0]
        var bodies: [PairBody] = []
        for index in 1..<context.inputs.count {
            let left = index == 1 ? try context.input(0).shape : result.shape, right = try context.input(index).shape
            let walk = BroadcastWalk(result: result.shape, operands: [left, right])
            bodies.append(try join.body(result.elementType, walk, divisorCount: 0, context.functions.elementwise))
        }
        let kernel = FoldKernel(bodies: bodies, finish: function == .mean ? try scaling(context) : nil)
        // A third operand is read after the result was first written.
        return CompiledOperator(kernel, inPlace: context.inputs.count == 2 ? context.inPlace(0..<2) : [])
    }

    private func scaling(_ context: CompileContext) throws(OperatorError) -> MapBody {
        let count = context.outputs[0].shape.elementCount, operands = context.inputs.count
        if context.outputs[0].elementType == .float32 {
            return { y, x in Loops.map(y, x, count) { (x: Float) in x / Float(operands) } }
        }
        return { y, x in Loops.map(y, x, count) { (x: Double) in x / Double(operands) } }
    }
}

private struct FoldKernel: Kernel {
    let bodies: [PairBody]
    let finish: MapBody?

    func run(_ context: KernelContext) throws(OperatorError) {
        let result = context.output(0)
        for index in bodies.indices {
            let left = index == 0 ? context.input(0) : UnsafeRawPointer(result)
            try bodies[index](result, left, context.input(index + 1))
        }
        try finish?(result, UnsafeRawPointer(result))
    }
}
