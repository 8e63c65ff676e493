import GraphIR
import Tensors

/// y = a + b, same shapes, float32; may be computed over either input.
struct FakeAdd: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        [ValueFact(try inputs.required(0, of: [.float32]).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        return .fake(scratchByteCount: 4, inPlace: [InPlace(output: 0, input: 0), InPlace(output: 0, input: 1)]) { context in
            let a = context.input(0, as: Float.self), b = context.input(1, as: Float.self), y = context.output(0, as: Float.self)
            for i in 0..<count { y[i] = a[i] + b[i] }
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.axis(0), inputs.axis(1) == axis else { return .mixed("adds rows to something else") }
        return .rows(axis: axis, of: inputs)
    }
}

/// The input's extents as int64.
struct FakeShape: Operator {
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let shape = try inputs.required(0).shape
        guard let known = shape?.concrete else {
            return [ValueFact(.int64, shape.map { SymbolicShape([.known($0.rank)]) } ?? SymbolicShape([.unknown]))]
        }
        return [ValueFact(constant: Tensor(known.extents.map(Int64.init), shape: [known.rank]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let extents = try context.input(0).shape.extents
        return .fake { context in
            let y = context.output(0, as: Int64.self)
            for (index, extent) in extents.enumerated() { y[index] = Int64(extent) }
        }
    }
}

/// Input 0 under the shape that input 1 holds.
struct FakeReshape: Operator {
    /// Whether it says that a shape depends on input 1; else the engine finds out while planning.
    var declaresShapeOperand = true
    var shapeOperands: Set<Int> { declaresShapeOperand ? [1] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let data = try inputs.required(0)
        guard let extents = try inputs.required(1).integers else { return [ValueFact(data.elementType, nil)] }
        guard let shape = Shape(checking: extents) else { throw .invalidInput(index: 1, reason: "is no shape: \(extents)") }
        return [ValueFact(data.elementType, shape)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { .view(of: 0) }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0, inputs.outputs[0].concrete?.shape.extents.first == inputs.extents(0)?.first else {
            return .mixed("reshapes rows")
        }
        return .rows(axis: 0, of: inputs)
    }
}

/// The elements above zero, as many as there are.
struct FakePositives: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        [ValueFact(.float32, SymbolicShape([.unknown]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let values = try context.required(0).values(Float.self).filter { $0 > 0 }
        let result = try context.makeTensor(TensorSpec(.float32, [values.count])) { bytes in
            values.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
        return [.tensor(result)]
    }
}

/// Refuses a negative first element, as an index out of range is refused.
struct FakeCheck: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let byteCount = context.outputs[0].byteCount
        return .fake { context throws(OperatorError) in
            guard context.input(0, as: Float.self)[0] >= 0 else { throw .invalidValue("first element is negative") }
            context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
        }
    }
}
