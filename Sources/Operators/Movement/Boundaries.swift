import GraphIR
import Tensors

/// All inputs as they are.
///
/// - Source: TensorFlow's IdentityN.
struct IdentityMany: PassThrough {
    var name: String { "IdentityN" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        var results: [ValueFact] = []
        for index in 0..<inputs.count { results.append(try inputs.required(index)) }
        return results
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .states(inputs.states.map { $0 ?? .shared }) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.inputs.count == 1 { return .view(of: 0) }
        let byteCounts = context.outputs.map(\.byteCount)
        return CompiledOperator(
            LoopKernel { context in
                for index in byteCounts.indices {
                    context.output(index).copyMemory(from: context.input(index), byteCount: byteCounts[index])
                }
            })
    }
}

/// All inputs as they are, where some are no dense tensors.
///
/// - Source: TensorFlow's IdentityN.
struct IdentityOfObjects: PassThrough, DynamicOperator {
    var name: String { "IdentityN" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { try IdentityMany().infer(inputs) }
    func rows(_ inputs: RowInputs) -> RowFlow { IdentityMany().rows(inputs) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        try context.inputs.indices.map { try context.copy(try context.value($0)) }
    }
}

/// The input, refused unless it has the wanted shape.
///
/// - Source: TensorFlow's EnsureShape.
struct EnsureShape: ElementMover {
    /// nil: of any rank.
    var shape: SymbolicShape?
    var effects: Effects { [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape else { return [data] }
        guard let given = data.shape else { return [ValueFact(data.elementType, shape)] }
        let joined = zip(given.dimensions, shape.dimensions).compactMap(Dimension.unified)
        guard given.rank == shape.rank, joined.count == shape.rank else {
            throw .invalidInput(index: 0, reason: "has shape \(given), which is not compatible with \(shape)")
        }
        return [ValueFact(data.elementType, SymbolicShape(joined))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis() else { return .mixed(RowReason.parameter) }
        guard shape.map({ axis < $0.rank && $0[axis].value == nil }) ?? true else { return .mixed("asks for a fixed number of rows") }
        return .rows(axis: axis, of: inputs)
    }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }
}

/// Nothing: it only stands for what must run before something else.
///
/// - Source: TensorFlow's NoOp.
struct NoOperation: Operator {
    var name: String { "NoOp" }
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [] }
    func compile(_ context: CompileContext) -> CompiledOperator { .nothing }
}

/// A value that a request must give, in a place where none does.
///
/// - Source: TensorFlow's Placeholder and PlaceholderV2, where no signature feeds them.
struct UnfedPlaceholder: DynamicOperator {
    let type: TensorType
    var name: String { "Placeholder" }
    /// Not foldable: a model may have signatures that do not need it.
    var effects: Effects { .random }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(type)] }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        throw OperatorError.invalidValue("is an input that the signature does not feed")
    }

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let elementType = try reader.elementType("dtype") else {
            throw .invalidAttribute(name: "dtype", reason: "is missing")
        }
        type = TensorType(elementType, try reader.shape("shape"))
    }
}

enum BoundaryOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("IdentityN") { reader throws(OperatorError) in
            let types = try reader.types("T") ?? []
            return types.allSatisfy(\.isDense) ? IdentityMany() : IdentityOfObjects()
        },
        .tensorFlow("EnsureShape") { reader throws(OperatorError) in EnsureShape(shape: try reader.shape("shape")) },
        .tensorFlow("NoOp") { _ throws(OperatorError) in NoOperation() },
        .tensorFlow("Placeholder") { reader throws(OperatorError) in try UnfedPlaceholder(reader) },
        .tensorFlow("PlaceholderV2") { reader throws(OperatorError) in try UnfedPlaceholder(reader) },
    ]
}
