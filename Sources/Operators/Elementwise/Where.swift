import CKernels
import GraphIR
import Tensors

/// Chooses element by element between two operands.
///
/// - Shapes: all three broadcast. Where `conditionLeads`, the operands are of one shape, and the condition is a scalar, of that shape
///   too, or a vector that chooses among slices along the first axis.
/// - Types: the condition is bool, the operands are of one type.
/// - Source: ONNX Where (opset 9–16), TensorFlow SelectV2, Select (`conditionLeads`).
struct Where: ElementMover {
    var conditionLeads = false

    func movesElements(ofInput index: Int) -> Bool { index > 0 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        _ = try inputs.required(0, of: [.bool])
        let chosen = try inputs.dense(1)
        try inputs.checkSameType(2, as: 1)
        guard !conditionLeads else { return [ValueFact(chosen.elementType, try leadingShape(inputs))] }
        return [ValueFact(chosen.elementType, try Broadcasting.resultShape(inputs, 0..<3))]
    }

    /// The shape of operands that must be equal, and that the condition must fit.
    private func leadingShape(_ inputs: OperatorInputs) throws(OperatorError) -> SymbolicShape? {
        guard let first = try inputs.required(1).shape, let second = try inputs.required(2).shape else { return nil }
        guard first.rank == second.rank, zip(first.dimensions, second.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil }) else {
            throw .invalidInput(index: 2, reason: "has shape \(second), expected \(first) as input 1")
        }
        let shape = SymbolicShape(zip(first.dimensions, second.dimensions).map { Dimension.unified($0, $1) ?? .unknown })
        if let condition = try inputs.required(0).shape, condition.rank > 0 {
            let isVector = condition.rank == 1
            let fits =
                isVector
                ? shape.rank > 0 && Dimension.unified(condition[0], shape[0]) != nil
                : condition.rank == shape.rank
                    && zip(condition.dimensions, shape.dimensions).allSatisfy { Dimension.unified($0, $1) != nil }
            guard fits else {
                throw .invalidInput(
                    index: 0, reason: "has shape \(condition), expected a scalar, a vector along the first axis, or \(shape)")
            }
        }
        return shape
    }

    /// The condition's shape as it broadcasts.
    private func conditionExtents(_ condition: [Int], rank: Int) -> [Int] {
        guard conditionLeads, condition.count == 1, rank > 1 else { return condition }
        return condition + [Int](repeating: 1, count: rank - 1)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard conditionLeads else { return inputs.broadcast(0..<3) }
        guard let condition = inputs.extents(0), let operand = inputs.extents(1) else { return .mixed(RowReason.unknown) }
        let leading = RowOperand(extents: conditionExtents(condition, rank: operand.count), axis: inputs.axis(0))
        return inputs.broadcast([leading, RowOperand(inputs, 1), RowOperand(inputs, 2)].compactMap(\.self))
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let second = try context.input(1).shape
        let condition = Shape(conditionExtents(try context.input(0).shape.extents, rank: second.rank))
        let shapes = [condition, second, try context.input(2).shape]
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: shapes)
        let inPlace = context.inPlace(1..<3)
        if context.outputs[0].elementType.byteCount == 4 {
            return CompiledOperator(WordSelection(walk: walk, row: context.functions.elementwise.select_32), inPlace: inPlace)
        }
        if context.outputs[0].elementType == .complex128 {
            return CompiledOperator(LoopKernel { context in select(context, walk, Complex<Double>.self) }, inPlace: inPlace)
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
