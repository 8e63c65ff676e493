import CKernels
import GraphIR
import Tensors

/// Chooses element by element between two operands; all three broadcast.
///
/// - Types: the condition is bool, the operands are of one type, anything but string.
/// - Source: ONNX Where (opset 9–16).
struct Where: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        _ = try inputs.required(0, of: [.bool])
        let chosen = try inputs.dense(1)
        try inputs.checkSameType(2, as: 1)
        return [ValueFact(chosen.elementType, try Broadcasting.resultShape(inputs, 0..<3))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<3) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shapes = [try context.input(0).shape, try context.input(1).shape, try context.input(2).shape]
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: shapes)
        let inPlace = context.inPlace(1..<3)
        if context.outputs[0].elementType.byteCount == 4 {
            return CompiledOperator(WordSelection(walk: walk, row: context.functions.elementwise.select_32), inPlace: inPlace)
        }
        return CompiledOperator(try Maker(walk: walk).make(context.outputs[0].elementType, for: name), inPlace: inPlace)
    }

    private struct Maker: BitsMaker {
        let walk: BroadcastWalk

        func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> LoopKernel {
            let walk = walk
            return LoopKernel { context in select(context, walk, Bits.self) }
        }
    }
}

@inline(__always)
private func select<Bits>(_ context: KernelContext, _ walk: BroadcastWalk, _: Bits.Type) {
    let condition = context.input(0, as: UInt8.self)
    let first = context.input(1, as: Bits.self), second = context.input(2, as: Bits.self)
    var to = context.output(0, as: Bits.self)
    let rows = walk.rows, columns = walk.columns
    walk.forEachBlock { conditionOffset, firstOffset, secondOffset in
        for row in 0..<rows.extent {
            let c = condition + conditionOffset + row * rows.steps.0
            let a = first + firstOffset + row * rows.steps.1, b = second + secondOffset + row * rows.steps.2
            for i in 0..<columns.extent {
                to[i] = c[i * columns.steps.0] != 0 ? a[i * columns.steps.1] : b[i * columns.steps.2]
            }
            to += columns.extent
        }
    }
}

/// The selection of four-byte elements, a row at a time by a C kernel.
private struct WordSelection: Kernel {
    typealias Row =
        @Sendable @convention(c) (
            UnsafeMutablePointer<UInt32>, UnsafePointer<UInt8>, Int, UnsafePointer<UInt32>, Int, UnsafePointer<UInt32>, Int, Int
        ) -> Void

    let walk: BroadcastWalk
    let row: Row

    func run(_ context: KernelContext) {
        let condition = context.input(0, as: UInt8.self)
        let first = context.input(1, as: UInt32.self), second = context.input(2, as: UInt32.self)
        var to = context.output(0, as: UInt32.self)
        let rows = walk.rows, columns = walk.columns, row = row
        walk.forEachBlock { conditionOffset, firstOffset, secondOffset in
            for index in 0..<rows.extent {
                row(
                    to, condition + conditionOffset + index * rows.steps.0, columns.steps.0,
                    first + firstOffset + index * rows.steps.1, columns.steps.1,
                    second + secondOffset + index * rows.steps.2, columns.steps.2, columns.extent)
                to += columns.extent
            }
        }
    }
}
