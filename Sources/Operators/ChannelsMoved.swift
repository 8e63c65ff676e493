import GraphIR
import Tensors

/// An operator over data of one layout, for data of the other: its data is transposed into scratch memory before the kernel runs,
/// and output 0 back after it.
struct ChannelsMoved: Operator {
    let base: any Operator
    /// Of the data; `base` takes the other.
    var layout = TensorLayout.channelsFirst
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
            if movedInputs.contains(index) { return ValueFact(tensor.elementType, tensor.shape.map(inward)) }
            guard lists.contains(index), let constant = fact.constant else { return fact }
            return ValueFact(constant: inward(list: constant))
        }
        var results = try base.infer(OperatorInputs(facts, outputCount: inputs.outputCount))
        if let first = results.first { results[0] = ValueFact(first.elementType, first.shape.map(outward)) }
        return results
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        keepsImagesApart ? inputs.positionwise(along: [0]) : .mixed(RowReason.joined)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let inputs = context.inputs.enumerated().map { index, spec in
            spec.map { movedInputs.contains(index) ? inward($0) : $0 }
        }
        var outputs = context.outputs
        outputs[0] = inward(outputs[0])
        let constants = context.inputs.indices.map { index -> Tensor? in
            if movedInputs.contains(index) { return nil }
            return lists.contains(index) ? context.constant(index).map(inward(list:)) : context.constant(index)
        }
        let compiled = try base.compile(
            context.retyped(
                inputs: inputs, outputs: outputs, constants: constants,
                suffix: layout == .channelsFirst ? "/channels-last" : "/channels-first"))
        let kernel: any Kernel
        switch compiled.body {
        case .kernel(let inner): kernel = inner
        case .view(let input): kernel = Self.copy(input, byteCount: outputs[0].byteCount)
        }
        return TransposedKernel.compile(kernel, compiled, context, movedInputs, toLast: layout == .channelsFirst)
    }

    private static func copy(_ input: Int, byteCount: Int) -> LoopKernel {
        LoopKernel { context in context.output(0).copyMemory(from: context.input(input), byteCount: byteCount) }
    }

    /// The order of the data's axes in which `base` takes them.
    private func inwardOrder(_ rank: Int) -> [Int] { AxisOrder.order(rank: rank, toLast: layout == .channelsFirst) }

    private func inward(_ shape: SymbolicShape) -> SymbolicShape { SymbolicShape(inwardOrder(shape.rank).map { shape[$0] }) }

    private func outward(_ shape: SymbolicShape) -> SymbolicShape {
        SymbolicShape(AxisOrder.order(rank: shape.rank, toLast: layout != .channelsFirst).map { shape[$0] })
    }

    private func inward(_ spec: TensorSpec) -> TensorSpec {
        TensorSpec(spec.elementType, Shape(inwardOrder(spec.shape.rank).map { spec.shape[$0] }))
    }

    /// A list of numbers for axes in the order of the operator's data.
    private func inward(list: Tensor) -> Tensor {
        func moved<Scalar: TensorScalar>(_ values: [Scalar]) -> Tensor {
            Tensor(inwardOrder(values.count).map { values[$0] }, shape: list.shape)
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
        _ kernel: any Kernel, _ compiled: CompiledOperator, _ context: CompileContext, _ moved: Set<Int>, toLast: Bool
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
            moves.append(Move(operand: index, copy: Self.copy(spec, inward: true, toLast), offset: reserve(spec)))
        }
        let output = context.outputs[0]
        let result = Move(operand: context.inputs.count, copy: Self.copy(output, inward: false, toLast), offset: reserve(output))
        let wrapped = TransposedKernel(
            kernel: kernel, operandCount: operandCount, moves: moves, result: result, innerScratch: offset)
        return CompiledOperator(
            wrapped, scratchByteCount: ByteCount.sum(offset, compiled.scratchByteCount), preparedInputs: compiled.preparedInputs)
    }

    /// Between a tensor of `spec`, in the data's layout, and the same in the operator's.
    private static func copy(_ spec: TensorSpec, inward: Bool, _ toLast: Bool) -> StridedCopy {
        let shape = spec.shape, strides = shape.strides, order = AxisOrder.order(rank: shape.rank, toLast: toLast)
        let extents = order.map { shape[$0] }, dense = Shape(extents).strides, spread = order.map { strides[$0] }
        return StridedCopy(
            extents: extents, sourceStrides: inward ? spread : dense, destinationStrides: inward ? dense : spread,
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
