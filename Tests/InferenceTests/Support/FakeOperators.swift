import GraphIR
import Tensors

/// y = a + b, same shapes, float32; may be computed over either input.
struct FakeAdd: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        [ValueFact(try inputs.required(0, of: [.float32]).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let kernel = AddKernel(count: context.outputs[0].shape.elementCount)
        return CompiledOperator(kernel, scratchByteCount: 4, inPlace: [InPlace(output: 0, input: 0), InPlace(output: 0, input: 1)])
    }

    private struct AddKernel: Kernel {
        let count: Int
        func run(_ context: KernelContext) {
            let a = context.input(0, as: Float.self), b = context.input(1, as: Float.self), y = context.output(0, as: Float.self)
            for i in 0..<count { y[i] = a[i] + b[i] }
        }
    }
}

/// The input's extents as int64.
struct FakeShape: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let shape = try inputs.required(0).shape
        guard let known = shape?.concrete else { return [ValueFact(.int64, shape.map { SymbolicShape([.known($0.rank)]) })] }
        return [ValueFact(constant: Tensor(known.extents.map(Int64.init), shape: [known.rank]))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { throw .unsupported("running Shape") }
}

/// Input 0 under the shape that input 1 holds.
struct FakeReshape: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let data = try inputs.required(0)
        guard let extents = try inputs.required(1).integers else { return [ValueFact(data.elementType, nil)] }
        guard let shape = Shape(checking: extents) else { throw .invalidInput(index: 1, reason: "is no shape: \(extents)") }
        return [ValueFact(data.elementType, shape)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { .view(of: 0) }
}

/// The elements above zero, as many as there are.
struct FakePositives: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        [ValueFact(.float32, SymbolicShape([.unknown]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Tensor] {
        let values = try context.required(0).values(Float.self).filter { $0 > 0 }
        return [Tensor(values, shape: [values.count])]
    }
}

/// Refuses a negative first element, as an index out of range is refused.
struct FakeCheck: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(CheckKernel(byteCount: context.outputs[0].byteCount))
    }

    private struct CheckKernel: Kernel {
        let byteCount: Int
        func run(_ context: KernelContext) throws(OperatorError) {
            guard context.input(0, as: Float.self)[0] >= 0 else { throw .invalidValue("first element is negative") }
            context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
        }
    }
}

/// Runs its first subgraph when input 0 is true, else the second.
struct FakeIf: SubgraphOperator {
    static let subgraphAttributes = ["then", "else"]

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] { [[], []] }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        subgraphOutputs[0].map { ValueFact($0.elementType, nil) }
    }

    func selectedSubgraph(_ inputs: OperatorInputs) -> Int? { inputs[0]?.integers.map { $0[0] != 0 ? 0 : 1 } }

    func evaluate(_ context: EvaluationContext) throws -> [Tensor] {
        let condition = try context.required(0).integers ?? []
        return try context.run(subgraph: condition.first == 1 ? 0 : 1, inputs: [])
    }
}

enum Fakes {
    static let catalog = OperatorCatalog([
        .onnx("Add") { _ throws(OperatorError) in FakeAdd() },
        .onnx("Shape") { _ throws(OperatorError) in FakeShape() },
        .onnx("Reshape") { _ throws(OperatorError) in FakeReshape() },
        .onnx("Positives") { _ throws(OperatorError) in FakePositives() },
        .onnx("Check", since: 2, through: 3) { _ throws(OperatorError) in FakeCheck() },
        .onnx("If") { _ throws(OperatorError) in FakeIf() },
    ])

    static func node(
        _ name: String, _ inputs: [String], _ outputs: [String], version: Int = 3, attributes: [String: Attribute] = [:]
    ) -> SourceNode {
        SourceNode(
            name: "\(name)_\(outputs.first ?? "")", operatorName: name, version: version, inputs: inputs, outputs: outputs,
            attributes: attributes)
    }

    static func graph(
        inputs: [(String, TensorType)], outputs: [String], initializers: [(name: String, tensor: Tensor)] = [], _ nodes: [SourceNode]
    ) -> SourceGraph {
        SourceGraph(
            name: "test", dialect: .onnx, inputs: inputs.map { SourceValue(name: $0.0, type: $0.1) },
            outputs: outputs.map { SourceValue(name: $0, type: nil) }, initializers: initializers, nodes: nodes)
    }

    static let vector = TensorType(.float32, SymbolicShape([.symbol("n")]))
    static let flag = TensorType(.bool, SymbolicShape([]))
}
