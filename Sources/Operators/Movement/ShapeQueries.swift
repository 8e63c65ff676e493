import GraphIR
import Tensors

/// The extents of the input, or of a range of its axes, as int64.
///
/// - Shapes: data [d0, …, dn] → [end - start]; constant as soon as these extents are known.
/// - Source: ONNX operator Shape; start and end since opset 15, clamped to the rank.
struct ShapeOperator: Operator {
    var start = 0
    var end: Int?
    var name: String { "Shape" }
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let shape = try inputs.required(0).shape else { return [ValueFact(.int64, SymbolicShape([.unknown]))] }
        let wanted = shape.dimensions[axes(rank: shape.rank)]
        let known = wanted.compactMap(\.value)
        guard known.count == wanted.count else {
            return [ValueFact(.int64, SymbolicShape([.known(wanted.count)]))]
        }
        return [ValueFact(constant: Tensor(known.map(Int64.init), shape: [known.count]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.axis(0), let rank = inputs.extents(0)?.count else { return .all(.counted, of: inputs) }
        return .all(axes(rank: rank).contains(axis) ? .counted : .shared, of: inputs)
    }

    private func axes(rank: Int) -> Range<Int> {
        let lower = min(max(start < 0 ? start + rank : start, 0), rank)
        let upper = end.map { min(max($0 < 0 ? $0 + rank : $0, 0), rank) } ?? rank
        return lower..<max(lower, upper)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shape = try context.input(0).shape
        let extents = shape.extents[axes(rank: shape.rank)].map(Int64.init)
        return CompiledOperator(ConstantKernel(tensor: Tensor(extents, shape: [extents.count])))
    }
}

/// The number of elements of the input, an int64 scalar.
///
/// - Source: ONNX operator Size.
struct SizeOperator: Operator {
    var name: String { "Size" }
    var readsTypesOnly: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let dimensions = try inputs.required(0).shape?.dimensions,
            let count = Dimension.product(dimensions).value
        else { return [ValueFact(.int64, Shape.scalar)] }
        return [ValueFact(constant: Tensor(scalar: Int64(count)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .all(.counted, of: inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return CompiledOperator(ConstantKernel(tensor: Tensor(scalar: Int64(count))))
    }
}

/// Writes fixed contents to output 0.
struct ConstantKernel: Kernel {
    let tensor: Tensor

    func run(_ context: KernelContext) {
        let output = context.output(0)
        tensor.withBytes { bytes in
            if let base = bytes.baseAddress { output.copyMemory(from: base, byteCount: bytes.count) }
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
    ]
}
