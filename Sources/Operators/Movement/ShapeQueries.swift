import GraphIR
import Tensors

/// The extents of each input, or of a range of its axes.
///
/// - Shapes: data [d0, …, dn] → [end - start]; constant as soon as these extents are known.
/// - Source: ONNX operator Shape (int64); start and end since opset 15, clamped to the rank. TensorFlow's Shape and ShapeN.
struct ShapeOperator: ElementMover {
    var start = 0
    var end: Int?
    /// int64 or int32.
    var elementType = ElementType.int64
    /// ShapeN.
    var takesMany = false
    func movesElements(ofInput index: Int) -> Bool { true }
    var givesElements: Bool { false }
    var name: String { "Shape" }
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesMany ? 1...Int(Int32.max) : 1...1)
        var results: [ValueFact] = []
        for index in 0..<inputs.count { results.append(try extents(of: try inputs.required(index))) }
        return results
    }

    private func extents(of fact: ValueFact) throws(OperatorError) -> ValueFact {
        guard let shape = fact.shape else { return ValueFact(elementType, SymbolicShape([.unknown])) }
        let wanted = shape.dimensions[axes(rank: shape.rank)]
        let known = wanted.compactMap(\.value)
        guard known.count == wanted.count else { return ValueFact(elementType, SymbolicShape([.known(wanted.count)])) }
        return ValueFact(constant: try elementType.counts(known, shape: [known.count]))
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard !takesMany else { return .all(.counted, of: inputs) }
        guard let axis = inputs.axis(0), let rank = inputs.extents(0)?.count else { return .all(.counted, of: inputs) }
        return .all(axes(rank: rank).contains(axis) ? .counted : .shared, of: inputs)
    }

    private func axes(rank: Int) -> Range<Int> {
        let lower = min(max(start < 0 ? start + rank : start, 0), rank)
        let upper = end.map { min(max($0 < 0 ? $0 + rank : $0, 0), rank) } ?? rank
        return lower..<max(lower, upper)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        var results: [Tensor] = []
        for index in context.inputs.indices {
            let shape = try context.input(index).shape
            let extents = Array(shape.extents[axes(rank: shape.rank)])
            results.append(try elementType.counts(extents, shape: [extents.count]))
        }
        return CompiledOperator(ConstantKernel(tensors: results))
    }
}

extension ElementType {
    /// Extents as a tensor of this integer type, which must hold them.
    func counts(_ values: [Int], shape: Shape) throws(OperatorError) -> Tensor {
        if self == .int64 { return Tensor(values.map(Int64.init), shape: shape) }
        guard self == .int32 else { throw .unsupported("extents as \(self)") }
        var narrow: [Int32] = []
        for value in values {
            guard let count = Int32(exactly: value) else { throw .invalidValue("the extent \(value) does not fit int32") }
            narrow.append(count)
        }
        return Tensor(narrow, shape: shape)
    }
}

/// The number of elements of the input, a scalar.
///
/// - Source: ONNX operator Size (int64); TensorFlow's Size.
struct SizeOperator: ElementMover {
    var elementType = ElementType.int64
    var givesElements: Bool { false }
    var name: String { "Size" }
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let dimensions = try inputs.required(0).shape?.dimensions,
            let count = Dimension.product(dimensions).value
        else { return [ValueFact(elementType, Shape.scalar)] }
        return [ValueFact(constant: try elementType.counts([count], shape: .scalar))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .all(.counted, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return CompiledOperator(ConstantKernel(tensors: [try elementType.counts([count], shape: .scalar)]))
    }
}

/// The number of axes of the input, an int32 scalar.
///
/// - Source: TensorFlow's Rank.
struct RankOperator: ElementMover {
    var givesElements: Bool { false }
    var name: String { "Rank" }
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let rank = try inputs.required(0).rank else { return [ValueFact(.int32, Shape.scalar)] }
        return [ValueFact(constant: Tensor(scalar: Int32(clamping: rank)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .all(.shared, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(ConstantKernel(tensors: [Tensor(scalar: Int32(clamping: try context.input(0).shape.rank))]))
    }
}

/// Writes fixed contents to each output.
struct ConstantKernel: Kernel {
    let tensors: [Tensor]

    init(tensors: [Tensor]) { self.tensors = tensors }
    init(tensor: Tensor) { tensors = [tensor] }

    func run(_ context: KernelContext) {
        for index in tensors.indices {
            let output = context.output(index)
            tensors[index].withBytes { bytes in
                if let base = bytes.baseAddress { output.copyMemory(from: base, byteCount: bytes.count) }
            }
        }
    }
}

enum ShapeQueryOperators {
    static let spellings: [OperatorSpelling] = [
        .onnx("Shape", through: 14) { _ throws(OperatorError) in ShapeOperator() },
        .onnx("Shape", since: 15) { reader throws(OperatorError) in
            ShapeOperator(start: try reader.integer("start", default: 0), end: try reader.integer("end"))
        },
        .onnx("Size") { _ throws(OperatorError) in SizeOperator() },
        .tensorFlow("Shape") { reader throws(OperatorError) in
            ShapeOperator(elementType: try reader.elementType("out_type", default: .int32, of: [.int32, .int64]))
        },
        .tensorFlow("ShapeN") { reader throws(OperatorError) in
            ShapeOperator(elementType: try reader.elementType("out_type", default: .int32, of: [.int32, .int64]), takesMany: true)
        },
        .tensorFlow("Size") { reader throws(OperatorError) in
            SizeOperator(elementType: try reader.elementType("out_type", default: .int32, of: [.int32, .int64]))
        },
        .tensorFlow("Rank") { _ throws(OperatorError) in RankOperator() },
    ]
}
