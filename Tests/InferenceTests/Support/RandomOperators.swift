import GraphIR
import Tensors

/// y[i] = a[i] / 2 + b[i mod count of b], of a's shape; 1 stands for an empty b. Takes any two shapes.
struct FakeMix: Operator {
    var scratchByteCount = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(1, of: [.float32])
        return [ValueFact(try inputs.required(0, of: [.float32]).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount, otherCount = try context.input(1).shape.elementCount
        return .fake(scratchByteCount: scratchByteCount, inPlace: [InPlace(output: 0, input: 0)]) { context in
            let a = context.input(0, as: Float.self), b = context.input(1, as: Float.self), y = context.output(0, as: Float.self)
            for i in 0..<count { y[i] = a[i] * 0.5 + (otherCount == 0 ? 1 : b[i % otherCount]) }
        }
    }
}

/// Two outputs of the input's shape: x + 1 and -x. Either may be computed over the input.
struct FakeFork: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let fact = ValueFact(try inputs.required(0, of: [.float32]).type)
        return [fact, fact]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        return .fake(scratchByteCount: 100, inPlace: [InPlace(output: 1, input: 0), InPlace(output: 0, input: 0)]) { context in
            let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self), z = context.output(1, as: Float.self)
            for i in 0..<count {
                let value = x[i]
                y[i] = value + 1
                z[i] = -value
            }
        }
    }
}

/// The elements of a vector of integers, last first.
struct FakeReverse: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        [ValueFact(try inputs.required(0, of: [.int64]).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        return .fake { context in
            let x = context.input(0, as: Int64.self), y = context.output(0, as: Int64.self)
            for i in 0..<count { y[i] = x[count - 1 - i] }
        }
    }
}

/// The product of a vector of integers, as a vector of one.
struct FakeProduct: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(0, of: [.int64])
        return [ValueFact(.int64, SymbolicShape([.known(1)]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return .fake { context in
            let x = context.input(0, as: Int64.self)
            context.output(0, as: Int64.self)[0] = (0..<count).reduce(1) { $0 &* x[$1] }
        }
    }
}

/// A small count from the first of a vector of integers.
struct FakeRounds: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(0, of: [.int64])
        return [ValueFact(.int64, SymbolicShape([.known(1)]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let isEmpty = try context.input(0).shape.elementCount == 0
        return .fake { context in
            context.output(0, as: Int64.self)[0] = isEmpty ? 0 : abs(context.input(0, as: Int64.self)[0]) % 4
        }
    }
}

/// Whether the sum of a vector of integers is even.
struct FakeIsEven: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(0, of: [.int64])
        return [ValueFact(.bool, SymbolicShape([]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return .fake { context in
            let x = context.input(0, as: Int64.self)
            context.output(0, as: Bool.self)[0] = (0..<count).reduce(0) { $0 &+ x[$1] } % 2 == 0
        }
    }
}

/// How many elements are above zero, as a vector of one integer: contents that no shape decides.
struct FakeCount: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(0, of: [.float32])
        return [ValueFact(.int64, SymbolicShape([.known(1)]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return .fake { context in
            let x = context.input(0, as: Float.self)
            context.output(0, as: Int64.self)[0] = Int64((0..<count).count { x[$0] > 0 })
        }
    }
}

/// 0, 1, 2 … under a shape that follows from the contents of a vector of integers.
struct FakeFill: Operator {
    /// Whether it says so; else the engine finds out while planning.
    var declaresShapeOperand = true
    var shapeOperands: Set<Int> { declaresShapeOperand ? [0] : [] }

    /// Small extents, whatever the contents are.
    static func extents(_ contents: [Int]) -> [Int] { contents.prefix(3).map { Int($0.magnitude % 4) } }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard let contents = try inputs.required(0, of: [.int64]).integers else { return [ValueFact(.float32, nil)] }
        return [ValueFact(.float32, Shape(Self.extents(contents)))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        return .fake { context in
            let y = context.output(0, as: Float.self)
            for i in 0..<count { y[i] = Float(i) }
        }
    }
}

extension Fakes {
    static let randomCatalog = OperatorCatalog(
        spellings + [
            .onnx("Mix") { node throws(OperatorError) in FakeMix(scratchByteCount: try node.integer("scratch", default: 0)) },
            .onnx("Fork") { _ throws(OperatorError) in FakeFork() },
            .onnx("Reverse") { _ throws(OperatorError) in FakeReverse() },
            .onnx("Product") { _ throws(OperatorError) in FakeProduct() },
            .onnx("IsEven") { _ throws(OperatorError) in FakeIsEven() },
            .onnx("Rounds") { _ throws(OperatorError) in FakeRounds() },
            .onnx("Count") { _ throws(OperatorError) in FakeCount() },
            .onnx("Fill") { _ throws(OperatorError) in FakeFill() },
            .onnx("LazyFill") { _ throws(OperatorError) in FakeFill(declaresShapeOperand: false) },
        ])
}
