import GraphIR
import Tensors

/// Fills a tensor of the wanted shape with numbers of a simple distribution.
///
/// - Shapes: shape int32 or int64 [r], where the generator comes from, for ranges two scalars → a tensor of rank r.
/// - Source: TensorFlow operators StatelessRandom…, …V2, RandomUniform, RandomStandardNormal, TruncatedNormal, RandomUniformInt.
struct RandomOperator: Operator {
    let name: String
    let type: ElementType
    let source: RandomSource
    /// nil: integers of a range, whose ends are the last two inputs.
    let fill: RandomFill?

    var effects: Effects { source.effects }
    var shapeOperands: Set<Int> { [0] }

    private var inputCount: Int { max(1, source.inputs.upperBound) + (fill == nil ? 2 : 0) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount...inputCount)
        guard (fill?.types ?? RandomFill.integers).contains(type) else { throw .unsupported("random numbers of \(type)") }
        for index in inputCount - (fill == nil ? 2 : 0)..<inputCount { _ = try inputs.required(index, of: [type]) }
        guard let wanted = try inputs.parameters(0) else {
            let rank = try inputs.parameterCount(0)
            return [ValueFact(type, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        return [ValueFact(type, try Shape(checked: wanted, what: "the random numbers"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        var inputs: [TensorSpec] = []
        for index in 0..<inputCount { inputs.append(try context.input(index)) }
        return CompiledOperator(RandomKernel(op: self, inputs: inputs, count: context.outputs[0].shape.elementCount))
    }

    /// - Parameter input: contents of the inputs.
    fileprivate func fill(
        _ target: UnsafeMutableRawPointer, count: Int, _ input: (Int) throws(OperatorError) -> TensorView
    ) throws(OperatorError) {
        guard count > 0 else { return }
        let generator = try source.generator(input, reserved: UInt64(count) &* 256)
        if let fill { return fill.fill(target, count: count, type, generator) }
        let low = try input(inputCount - 2), high = try input(inputCount - 1)
        guard low.elementCount == 1, high.elementCount == 1, let first = low.integers?.first, let last = high.integers?.first else {
            throw .invalidValue("has the range \(low.spec) to \(high.spec), expected two scalars")
        }
        guard first < last else { throw .invalidValue("has the empty range \(first)..<\(last)") }
        RandomFill.integers(target, count: count, from: first, to: last, type, generator)
    }
}

private struct RandomKernel: Kernel {
    let op: RandomOperator
    let inputs: [TensorSpec]
    let count: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        try op.fill(context.output(0), count: count) { index in TensorView(inputs[index], context.input(index)) }
    }
}

/// Key and counter of a seed.
///
/// - Source: TensorFlow operators StatelessRandomGetKeyCounter, …Alg, and StatelessRandomGetAlg.
struct RandomKeyCounter: Operator {
    let name: String
    let givesKey: Bool
    let givesAlgorithm: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(givesKey ? 1...1 : 0...0)
        if givesKey {
            let seed = try inputs.required(0, of: [.int32, .int64])
            if let shape = seed.shape, !shape.admits([2]) {
                throw .invalidInput(index: 0, reason: "has shape \(shape), expected a seed of 2 integers")
            }
        }
        let key = givesKey ? [ValueFact(.uint64, [1] as Shape), ValueFact(.uint64, [2] as Shape)] : []
        return key + (givesAlgorithm ? [ValueFact(.int32, Shape.scalar)] : [])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(RandomKeyCounterKernel(op: self, seed: givesKey ? try context.input(0) : nil))
    }
}

private struct RandomKeyCounterKernel: Kernel {
    let op: RandomKeyCounter
    let seed: TensorSpec?

    func run(_ context: KernelContext) throws(OperatorError) {
        if let seed {
            let generator = try RandomSource.generator(seed: TensorView(seed, context.input(0)), 0)
            context.output(0, as: UInt64.self)[0] = generator.keyWord
            let counter = context.output(1, as: UInt64.self)
            (counter[0], counter[1]) = generator.counterWords
        }
        if op.givesAlgorithm { context.output(op.givesKey ? 2 : 0, as: Int32.self)[0] = 1 }
    }
}
