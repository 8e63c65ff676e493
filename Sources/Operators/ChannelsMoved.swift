import GraphIR
import Tensors

/// An operator over channels-last data, for data whose channels are axis 1: its data is transposed into scratch memory before the
/// kernel runs, and output 0 back after it.
struct ChannelsFirst: Operator {
    let base: any Operator
    /// Inputs that are data.
    let movedInputs: Set<Int>
    /// Inputs that list one number for each axis of the data.
    var lists: Set<Int> = []
    /// Whether each image of the batch gives the image of its place.
    var keepsImagesApart = true

    var name: String { base.name }
    var shapeOperands: Set<Int> { base.shapeOperands }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let facts = inputs.facts.enumerated().map { index, fact -> ValueFact? in
            guard let fact, let tensor = fact.valueType.tensor else { return fact }
            if movedInputs.contains(index) { return ValueFact(tensor.elementType, tensor.shape.map(Self.last)) }
            guard lists.contains(index), let constant = fact.constant else { return fact }
            return ValueFact(constant: Self.last(list: constant))
        }
        var results = try base.infer(OperatorInputs(facts, outputCount: inputs.outputCount))
        if let first = results.first { results[0] = ValueFact(first.elementType, first.shape.map(Self.first)) }
        return results
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        keepsImagesApart ? inputs.positionwise(along: [0]) : .mixed(RowReason.joined)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let inputs = context.inputs.enumerated().map { index, spec in
            spec.map { movedInputs.contains(index) ? Self.last($0) : $0 }
        }
        var outputs = context.outputs
        outputs[0] = Self.last(outputs[0])
        let constants = context.inputs.indices.map { index -> Tensor? in
            if movedInputs.contains(index) { return nil }
            return lists.contains(index) ? context.constant(index).map(Self.last(list:)) : context.constant(index)
        }
        let compiled = try base.compile(
            context.retyped(inputs: inputs, outputs: outputs, constants: constants, suffix: "/channels-last"))
        let kernel: any Kernel
        switch compiled.body {
        case .kernel(let inner): kernel = inner
        case .view(let input): kernel = Self.copy(input, byteCount: outputs[0].byteCount)
        }
        return TransposedKernel.compile(kernel, compiled, context, movedInputs)
    }

    private static func copy(_ input: Int, byteCount: Int) -> LoopKernel {
        LoopKernel { context in context.output(0).copyMemory(from: context.input(input), byteCount: byteCount) }
    }

    /// [N, C, …] as [N, …, C].
    private static func last(_ shape: SymbolicShape) -> SymbolicShape {
        guard shape.rank > 2 else { return shape }
        return SymbolicShape([shape[0]] + shape.dimensions[2...] + [shape[1]])
    }

    private static func last(_ spec: TensorSpec) -> TensorSpec {
        guard spec.shape.rank > 2 else { return spec }
        return TensorSpec(spec.elementType, Shape([spec.shape[0]] + spec.shape.extents[2...] + [spec.shape[1]]))
    }

    private static func first(_ shape: SymbolicShape) -> SymbolicShape {
        guard shape.rank > 2 else { return shape }
        return SymbolicShape([shape[0], shape[shape.rank - 1]] + shape.dimensions[1..<shape.rank - 1])
    }

    /// A list of numbers for axes in the order of channels-last data.
    private static func last(list: Tensor) -> Tensor {
        func moved<Scalar: TensorScalar>(_ values: [Scalar]) -> Tensor {
            guard values.count > 2 else { return list }
            return Tensor([values[0]] + values[2...] + [values[1]], shape: list.shape)
        }
        return switch list.elementType {
        case .int32: moved(list.values(Int32.self))
        case .int64: moved(list.values(Int64.self))
        default: list
        }
    }
}

/// Transposes into scratch memory, runs, transposes output 0 back.
private struct TransposedKernel: Kernel {
    private struct Move: Sendable {
        let operand: Int
        let copy: StridedCopy
        let offset: Int
    }

    private let kernel: any Kernel
    private let operandCount: Int
    private let moves: [Move]
    private let result: Move
    private let innerScratch: Int

    static func compile(
        _ kernel: any Kernel, _ compiled: CompiledOperator, _ context: CompileContext, _ moved: Set<Int>
    ) -> CompiledOperator {
        let operandCount = context.inputs.count + context.outputs.count
        var offset = ByteCount.aligned(operandCount * MemoryLayout<UnsafeMutableRawPointer>.stride, to: TensorStorage.alignment)
        func reserve(_ spec: TensorSpec) -> Int {
            defer { offset = ByteCount.sum(offset, ByteCount.aligned(spec.byteCount, to: TensorStorage.alignment)) }
            return offset
        }
        var moves: [Move] = []
        for index in moved.sorted() {
            guard index < context.inputs.count, let spec = context.inputs[index] else { continue }
            moves.append(Move(operand: index, copy: Self.copy(spec, toLast: true), offset: reserve(spec)))
        }
        let output = context.outputs[0]
        let result = Move(operand: context.inputs.count, copy: Self.copy(output, toLast: false), offset: reserve(output))
        let wrapped = TransposedKernel(
            kernel: kernel, operandCount: operandCount, moves: moves, result: result, innerScratch: offset)
        return CompiledOperator(
            wrapped, scratchByteCount: ByteCount.sum(offset, compiled.scratchByteCount), preparedInputs: compiled.preparedInputs)
    }

    /// Between a tensor of `spec`, channels first, and the same with channels last.
    private static func copy(_ spec: TensorSpec, toLast: Bool) -> StridedCopy {
        let shape = spec.shape, strides = shape.strides, rank = shape.rank
        let order = rank > 2 ? [0] + Array(2..<rank) + [1] : Array(0..<rank)
        let extents = order.map { shape[$0] }, dense = Shape(extents).strides, spread = order.map { strides[$0] }
        return StridedCopy(
            extents: extents, sourceStrides: toLast ? spread : dense, destinationStrides: toLast ? dense : spread,
            elementByteCount: spec.elementType.byteCount)
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        let table = context.scratch.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        for index in 0..<operandCount { table[index] = context.operands[index] }
        for move in moves {
            table[move.operand] = context.scratch + move.offset
            move.copy.run(from: context.operands[move.operand], to: table[move.operand])
        }
        table[result.operand] = context.scratch + result.offset
        try kernel.run(
            KernelContext(operands: table, inputCount: context.inputCount, scratch: context.scratch + innerScratch))
        result.copy.run(from: table[result.operand], to: context.operands[result.operand])
    }
}
