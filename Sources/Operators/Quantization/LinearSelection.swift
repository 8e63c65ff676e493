import GraphIR
import Tensors

/// A choice, element by element, between 8-bit integers with scales and zero points of their own, under one scale.
///
/// - Shapes: condition, first operand with its scale and zero point, second operand with its scale and zero point, scale and zero
///   point of the result (one number each) → the broadcast shape.
/// - Types: condition bool, the others int8 or uint8, all the same.
/// - Source: com.microsoft's QLinearWhere.
struct LinearSelection: Operator {
    var name: String { "QLinearWhere" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(9...9)
        let condition = try inputs.required(0, of: [.bool]), first = try inputs.required(1, of: LinearTypes.eightBits)
        let second = try inputs.required(4, of: [first.elementType])
        for scale in [2, 5, 7] {
            try inputs.checkOneQuantization(scale: scale, zero: scale + 1, type: first.elementType, zeroIsOptional: false)
        }
        return [
            ValueFact(first.elementType, try Broadcasting.resultShape(OperatorInputs([condition, first, second]), 0..<3))
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 1, 4) else { return .mixed(RowReason.parameter) }
        return inputs.broadcast([0, 1, 4].compactMap { RowOperand(inputs, $0) })
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let shapes = [try context.input(0).shape, try context.input(1).shape, try context.input(4).shape]
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: shapes)
        let isSigned = context.outputs[0].elementType == .int8
        let kernel = LoopKernel { context in
            let tables = (ByteTable(context.scratch), ByteTable(context.scratch + ByteTable.byteCount)), scale = context.number(7)
            let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(8, isSigned: isSigned))
            for (table, input) in [(tables.0, 1), (tables.1, 4)] {
                let own = context.number(input + 1), zero = context.smallInteger(input + 2, isSigned: isSigned)
                table.fill(isSigned: isSigned) { rounding.integer(own * Float($0 &- zero) / scale) }
            }
            let condition = context.input(0, as: UInt8.self), rows = walk.rows, columns = walk.columns
            let first = context.input(1, as: UInt8.self), second = context.input(4, as: UInt8.self)
            var to = context.output(0, as: UInt8.self)
            walk.forEachBlock { conditionOffset, firstOffset, secondOffset in
                for row in 0..<rows.extent {
                    let c = condition + conditionOffset + row * rows.steps.0
                    let a = first + firstOffset + row * rows.steps.1, b = second + secondOffset + row * rows.steps.2
                    for i in 0..<columns.extent {
                        to[i] = c[i * columns.steps.0] != 0 ? tables.0[a[i * columns.steps.1]] : tables.1[b[i * columns.steps.2]]
                    }
                    to += columns.extent
                }
            }
        }
        return CompiledOperator(kernel, scratchByteCount: 2 * ByteTable.byteCount)
    }
}
