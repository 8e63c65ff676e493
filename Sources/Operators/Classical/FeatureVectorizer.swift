import GraphIR
import Tensors

/// Tables put side by side, each cut or filled up with zeros to a width of its own.
///
/// - Shapes: tables [rows, features] of one type of numbers, or lists, which count as one row → float32 [rows, sum of widths].
/// - Source: ONNX operator ai.onnx.ml FeatureVectorizer.
struct FeatureVectorizer: Operator {
    /// One for each input.
    let widths: [Int]

    init(_ reader: AttributeReader) throws(OperatorError) {
        widths = try reader.integers("inputdimensions") ?? []
        guard !widths.isEmpty, widths.allSatisfy({ (0...Shape.maximumElementCount).contains($0) }) else {
            throw .invalidAttribute(name: "inputdimensions", reason: "is \(widths), expected the width of each input")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(widths.count...widths.count)
        var rows: Dimension = .unknown
        for index in 0..<inputs.count {
            let table = try inputs.required(index, of: ClassicalInput.types)
            try inputs.checkSameType(index, as: 0)
            guard let shape = table.shape else { continue }
            guard shape.rank == 1 || shape.rank == 2 else {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a table or a list")
            }
            let other = shape.rank == 1 ? .known(1) : shape[0]
            guard let joined = Dimension.unified(rows, other) else {
                throw .invalidInput(index: index, reason: "has \(other) rows, the tables before it have \(rows)")
            }
            rows = joined
        }
        return [ValueFact(.float32, try SymbolicShape([rows, .known(ByteCount.total(widths))]).checked("the joined table"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        for index in 0..<inputs.count {
            guard inputs.extents(index)?.count == 2, inputs.axis(index) == 0 else { return .mixed(RowReason.positional) }
        }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        var columns: [Int] = []
        for index in widths.indices {
            let shape = try context.input(index).shape
            let table = ClassicalInput.table(shape)
            guard table.rows == context.outputs[0].shape[0] else {
                throw .invalidInput(index: index, reason: "has \(table.rows) rows, expected \(context.outputs[0].shape[0])")
            }
            columns.append(table.columns)
        }
        return CompiledOperator(
            FeatureVectorizerKernel(
                type: try context.input(0).elementType, rows: context.outputs[0].shape[0], columns: columns, widths: widths))
    }
}

private struct FeatureVectorizerKernel: Kernel {
    let type: ElementType
    let rows: Int
    let columns: [Int]
    let widths: [Int]

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(Joining(kernel: self, context: context))
    }

    private struct Joining: ClassicalVisitor {
        let kernel: FeatureVectorizerKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            var target = context.output(0, as: Float.self)
            for row in 0..<kernel.rows {
                for (index, width) in kernel.widths.enumerated() {
                    let columns = kernel.columns[index], taken = min(width, columns)
                    let source = context.input(index, as: Element.self) + row * columns
                    for column in 0..<taken { target[column] = source[column].asFloat }
                    for column in taken..<width { target[column] = 0 }
                    target += width
                }
            }
        }
    }
}

extension ByteCount {
    /// The sum of sizes, none of them negative.
    fileprivate static func total(_ counts: [Int]) -> Int { counts.reduce(0) { sum($0, $1) } }
}
