import GraphIR
import Tensors

/// The permutation that undoes a permutation.
///
/// - Shapes: [n] → [n], int32 or int64.
/// - Source: TensorFlow's InvertPermutation.
struct InvertPermutation: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let order = try inputs.indices(0)
        if let rank = order.rank, rank != 1 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 1") }
        return [ValueFact(order.type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let spec = try context.input(0), count = spec.shape.elementCount
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                let order = IntegerMemory(context.input(0), spec)
                let inverse = IntegerMemory(UnsafeRawPointer(context.output(0)), spec)
                for place in 0..<count { IntegerMemory.store(-1, context.output(0), spec.elementType, place) }
                for place in 0..<count {
                    let target = order[place]
                    guard (0..<count).contains(target) else { throw .invalidValue("\(target) is not between 0 and \(count)") }
                    guard inverse[target] < 0 else { throw .invalidValue("\(target) is there twice") }
                    IntegerMemory.store(place, context.output(0), spec.elementType, target)
                }
            })
    }
}

/// Positions in a flat tensor as positions along the axes of a shape.
///
/// - Shapes: indices [] or [n], dims [r] → [r] or [r, n].
/// - Source: TensorFlow's UnravelIndex.
struct UnravelIndex: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let indices = try inputs.indices(0)
        try inputs.checkSameType(1, as: 0)
        if let rank = inputs[1]?.rank, rank != 1 { throw .invalidInput(index: 1, reason: "has rank \(rank), expected 1") }
        guard let shape = indices.shape else { return [ValueFact(indices.elementType, nil as SymbolicShape?)] }
        guard shape.rank <= 1 else { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 0 or 1") }
        let rank = inputs[1]?.shape?[0] ?? .unknown
        return [ValueFact(indices.elementType, SymbolicShape([rank] + shape.dimensions))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let spec = try context.input(0), dimensions = try context.input(1)
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                let indices = IntegerMemory(context.input(0), spec), extents = IntegerMemory(context.input(1), dimensions)
                var total = 1
                for axis in 0..<extents.count {
                    let (product, overflow) = total.multipliedReportingOverflow(by: extents[axis])
                    guard extents[axis] > 0, !overflow else {
                        throw .invalidValue("extent \(extents[axis]) along axis \(axis) gives nothing to count")
                    }
                    total = product
                }
                for place in 0..<indices.count {
                    var rest = indices[place]
                    guard (0..<total).contains(rest) else {
                        throw .invalidValue("index \(rest) is outside a tensor of \(total) elements")
                    }
                    for axis in (0..<extents.count).reversed() {
                        IntegerMemory.store(
                            rest % extents[axis], context.output(0), spec.elementType, axis * indices.count + place)
                        rest /= extents[axis]
                    }
                }
            })
    }
}

enum IndexArithmeticOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("InvertPermutation") { _ throws(OperatorError) in InvertPermutation() },
        .tensorFlow("UnravelIndex") { _ throws(OperatorError) in UnravelIndex() },
    ]
}
