import CKernels
import GraphIR
import Tensors

/// The first half of biased rows times the Gelu of the second half.
///
/// - Shapes: x [B, S, 2 · C], bias [2 · C] → [B, S, C].
/// - Types: float32 and 16-bit floats, which are rounded once, from float32.
/// - Source: onnxruntime's BiasSplitGelu (com.microsoft).
struct BiasSplitGelu: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        if let rank = x.rank, rank != 3 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 3") }
        let columns = x.shape?[2] ?? .unknown
        try NormalizationInputs.checkVector(inputs, 1, type: x.elementType, count: columns, of: "column")
        guard var shape = x.shape else { return [ValueFact(x.elementType, SymbolicShape(unknownRank: 3))] }
        if let count = columns.value, count % 2 != 0 {
            throw .invalidInput(index: 0, reason: "has \(count) columns, expected two halves")
        }
        shape[2] = columns.value.map { .known($0 / 2) } ?? .unknown
        return [ValueFact(x.elementType, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.linewise(along: [2]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = context.outputs[0].shape, columns = shape[2], rows = shape[0] * shape[1]
            let gelu = context.functions.elementwise.gelu_f32
            return CompiledOperator(
                LoopKernel { context in
                    let bias = context.input(1, as: Float.self)
                    for row in 0..<rows {
                        let x = context.input(0, as: Float.self) + row * 2 * columns
                        let y = context.output(0, as: Float.self) + row * columns
                        for i in 0..<columns { y[i] = x[columns + i] + bias[columns + i] }
                        gelu(y, y, columns)
                        for i in 0..<columns { y[i] *= x[i] + bias[i] }
                    }
                })
        }
    }
}
