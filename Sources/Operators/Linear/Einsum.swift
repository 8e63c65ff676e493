import GraphIR
import Tensors

/// Sums of products along labelled axes.
///
/// - Shapes: as the equation says; axes of an ellipsis broadcast. A label that the output has not is summed; one that an operand
///   has twice takes the diagonal.
/// - Numerics: pairs of operands meet in matrix products; with constant float32 weights over a packed form, where the equation
///   is that of a dense layer. 16-bit floats are rounded once, from float32; integers wrap.
/// - Source: TensorFlow's Einsum; ONNX operator Einsum.
struct Einsum: Operator {
    let equation: EinsumEquation

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(equation.inputs.count...equation.inputs.count)
        let type = try inputs.required(0, of: ElementType.contracted).elementType
        var shapes: [SymbolicShape] = []
        for index in 0..<inputs.count {
            try inputs.checkSameType(index, as: 0)
            if let shape = inputs[index]?.shape { shapes.append(shape) }
        }
        guard shapes.count == inputs.count else {
            let isFixed = !equation.output.contains(.ellipsis)
            return [ValueFact(type, isFixed ? SymbolicShape(unknownRank: equation.output.count) : nil)]
        }
        let labels = try equation.labels(ranks: shapes.map(\.rank))
        let extents = try labels.extents(shapes)
        let result = SymbolicShape(labels.output.map { extents[$0] ?? .known(1) })
        return [ValueFact(type, try result.checked("the output"))]
    }

    /// The rows must have one label, in every operand that has rows and in the output, and in no other operand.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let shapes = (0..<inputs.count).compactMap { inputs.extents($0) }
            guard shapes.count == inputs.count else { return .mixed(RowReason.unknown) }
            let labels = try equation.labels(ranks: shapes.map(\.count))
            let carried = (0..<inputs.count).compactMap { index in inputs.axis(index).map { labels.inputs[index][$0] } }
            guard let label = carried.first, carried.allSatisfy({ $0 == label }) else { return .mixed(RowReason.crossed) }
            let places = labels.output.indices.filter { labels.output[$0] == label }
            guard places.count == 1 else { return .mixed(RowReason.joined) }
            var rowExtents: Set<Int> = []
            for index in shapes.indices {
                let own = labels.inputs[index].indices.filter { labels.inputs[index][$0] == label }
                if let axis = inputs.axis(index) {
                    guard own == [axis] else { return .mixed(RowReason.joined) }
                    rowExtents.insert(shapes[index][axis])
                } else if own.contains(where: { shapes[index][$0] != 1 }) {
                    return .mixed(RowReason.positional)
                }
            }
            return rowExtents.count == 1 ? .rows(axis: places[0], of: inputs) : .mixed(RowReason.crossed)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        var shapes: [Shape] = []
        for index in context.inputs.indices { shapes.append(try context.input(index).shape) }
        let labels = try equation.labels(ranks: shapes.map(\.rank))
        let output = context.outputs[0]
        var plan = try EinsumPlan(labels: labels, shapes: shapes, elementByteCount: output.elementType.byteCount)
        if output.elementType == .float32, context.constant(1) != nil, let layer = plan.denseLayer {
            return try LinearKernel.compile(context, weights: layer.weights, rows: layer.rows)
        }
        try plan.build(output: output.shape)
        if let view = plan.view { return .view(of: view) }
        return try output.elementType.contraction(KernelMaker(plan: plan), for: name)
    }

    private struct KernelMaker: ContractionVisitor {
        let plan: EinsumPlan

        func visit<Scalar: ContractionScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            if case .contract(let contraction, .input(0), .input(1), .output) = plan.steps.first, plan.steps.count == 1 {
                return CompiledOperator(ContractionKernel<Scalar>(contraction))
            }
            return CompiledOperator(EinsumKernel<Scalar>(steps: plan.steps), scratchByteCount: plan.scratchByteCount)
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Einsum", since: 12) { reader throws(OperatorError) in try read(reader, allowsImplicitOutput: true) },
        .tensorFlow("Einsum") { reader throws(OperatorError) in try read(reader, allowsImplicitOutput: false) },
    ]

    private static func read(_ reader: AttributeReader, allowsImplicitOutput: Bool) throws(OperatorError) -> Einsum {
        guard let text = try reader.string("equation") else { throw .invalidAttribute(name: "equation", reason: "is missing") }
        return Einsum(equation: try EinsumEquation(text, allowsImplicitOutput: allowsImplicitOutput))
    }
}

/// Step after step over scratch memory.
private struct EinsumKernel<Scalar: ContractionScalar>: Kernel {
    let steps: [EinsumPlan.Step]

    func run(_ context: KernelContext) {
        for step in steps {
            switch step {
            case .clear(let target, let byteCount):
                address(target, context).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            case .copy(let copy, let source, let target):
                copy.run(from: UnsafeRawPointer(address(source, context)), to: address(target, context))
            case .sum(let sum, let source, let target):
                sum.run(numbers(source, context), into: mutable(target, context))
            case .multiply(let walk, let left, let right, let target):
                walk.run(numbers(left, context), numbers(right, context), into: mutable(target, context))
            case .contract(let contraction, let left, let right, let target):
                contraction.run(
                    0..<contraction.count, numbers(left, context), numbers(right, context), into: mutable(target, context))
            }
        }
    }

    private func address(_ place: EinsumPlan.Place, _ context: KernelContext) -> UnsafeMutableRawPointer {
        switch place {
        case .input(let index): UnsafeMutableRawPointer(mutating: context.input(index))
        case .scratch(let offset): context.scratch + offset
        case .output: context.output(0)
        }
    }

    private func numbers(_ place: EinsumPlan.Place, _ context: KernelContext) -> UnsafePointer<Scalar> {
        UnsafePointer(mutable(place, context))
    }

    private func mutable(_ place: EinsumPlan.Place, _ context: KernelContext) -> UnsafeMutablePointer<Scalar> {
        address(place, context).assumingMemoryBound(to: Scalar.self)
    }
}
