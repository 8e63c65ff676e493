import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// TensorFlow's fused cells, step by step.
enum CellArithmetic {
    static func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

    /// `gates` = bias + parts · weights, where the parts lie one behind the other as rows of the weights do.
    @inline(__always)
    static func product(
        _ parts: [(UnsafePointer<Float>, Int)], _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
        _ gates: UnsafeMutablePointer<Float>, _ width: Int
    ) {
        for column in 0..<width { gates[column] = bias[column] }
        var row = weights
        for (values, count) in parts {
            for index in 0..<count {
                let value = values[index]
                for column in 0..<width { gates[column] += value * row[column] }
                row += width
            }
        }
    }
}

/// A long short-term memory's step, or a sequence of steps.
///
/// - Shapes: one step: x [batch, input], cs_prev and h_prev [batch, cell], w [input + cell, 4 · cell], wci, wcf, wco [cell], b [4 · cell]
///   → i, cs, f, o, ci, co, h [batch, cell]. A sequence: before them the number of steps int64 [], x [time, batch, input] → outputs
///   [time, batch, cell], zeros after the last step.
/// - Source: TensorFlow operators LSTMBlockCell, BlockLSTM, BlockLSTMV2.
struct BlockLSTM: Operator {
    let name: String
    let isSequence: Bool
    /// Gates in the order input, cell, forget, output; otherwise input, forget, cell, output.
    let cellSecond: Bool
    let forgetBias: Float
    /// Not positive: no limit.
    let clip: Float
    let usesPeepholes: Bool

    private var first: Int { isSequence ? 1 : 0 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(8 + first...8 + first)
        if isSequence { _ = try inputs.required(0, of: [.int64]) }
        for index in first..<first + 8 {
            guard try inputs.required(index).elementType == .float32 else {
                throw .unsupported("\(try inputs.required(index).elementType) in \(name)")
            }
        }
        guard let x = inputs[first]?.shape, let cell = inputs[first + 1]?.shape else {
            return Array(repeating: ValueFact(.float32, nil as SymbolicShape?), count: 7)
        }
        guard x.rank == first + 2, cell.rank == 2 else {
            throw .invalidInput(index: first, reason: "has shape \(x), the state \(cell)")
        }
        let width = cell[1]
        if let known = width.value, let depth = x[first + 1].value {
            let expected: [[Int?]] = [
                [cell[0].value, known], [cell[0].value, known], [depth + known, 4 * known], [known], [known], [known], [4 * known],
            ]
            for (index, extents) in expected.enumerated() {
                guard let shape = inputs[first + 1 + index]?.shape else { continue }
                let agrees =
                    shape.rank == extents.count
                    && zip(shape.dimensions, extents).allSatisfy {
                        $0.value == nil || $1 == nil || $0.value == $1
                    }
                guard agrees else { throw .invalidInput(index: first + 1 + index, reason: "has shape \(shape) for \(known) cells") }
            }
            if let batch = x[first].value, let other = cell[0].value, batch != other {
                throw .invalidInput(index: first, reason: "has \(batch) sequences, the state \(other)")
            }
        }
        let shape = SymbolicShape((isSequence ? [x[0]] : []) + [cell[0], width])
        return Array(repeating: ValueFact(.float32, shape), count: 7)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(first).shape, cell = try context.input(first + 1).shape
        let kernel = BlockLSTMKernel(
            op: self, first: first, stepCount: isSequence ? x[0] : 1, batchCount: cell[0], inputCount: x[first + 1], cellCount: cell[1])
        return CompiledOperator(kernel, scratchByteCount: ByteCount.product(ByteCount.of(Float.self, cell[1]), 4))
    }

    static let spellings: [OperatorSpelling] = [
        ("LSTMBlockCell", false, true), ("BlockLSTM", true, true), ("BlockLSTMV2", true, false),
    ].map { name, isSequence, cellSecond in
        .tensorFlow(name) { reader throws(OperatorError) in
            BlockLSTM(
                name: name, isSequence: isSequence, cellSecond: cellSecond,
                forgetBias: cellSecond ? try reader.float("forget_bias", default: 1) : 0,
                clip: try reader.float("cell_clip", default: cellSecond ? 3 : 0),
                usesPeepholes: try reader.flag("use_peephole", default: false))
        }
    }
}

private struct BlockLSTMKernel: Kernel {
    let op: BlockLSTM
    let first: Int
    let stepCount: Int
    let batchCount: Int
    let inputCount: Int
    let cellCount: Int

    func run(_ context: KernelContext) {
        let length = op.isSequence ? min(max(Int(context.input(0, as: Int64.self)[0]), 0), stepCount) : 1
        let cells = batchCount * cellCount
        for output in 0..<7 {
            (context.output(output, as: Float.self) + length * cells).update(repeating: 0, count: (stepCount - length) * cells)
        }
        for step in 0..<length { for row in 0..<batchCount { runStep(step, row, context) } }
    }

    private func runStep(_ step: Int, _ row: Int, _ context: KernelContext) {
        let width = cellCount, place = (step * batchCount + row) * width, before = place - batchCount * width
        let gates = context.scratch.assumingMemoryBound(to: Float.self)
        func operand(_ index: Int) -> UnsafePointer<Float> { context.input(first + index, as: Float.self) }
        func output(_ index: Int) -> UnsafeMutablePointer<Float> { context.output(index, as: Float.self) + place }
        let x = operand(0) + (step * batchCount + row) * inputCount
        let oldState = step == 0 ? operand(1) + row * width : UnsafePointer(context.output(1, as: Float.self) + before)
        let oldHidden = step == 0 ? operand(2) + row * width : UnsafePointer(context.output(6, as: Float.self) + before)
        CellArithmetic.product([(x, inputCount), (oldHidden, width)], operand(3), operand(7), gates, 4 * width)
        let cellGate = op.cellSecond ? 1 : 2, forgetGate = op.cellSecond ? 2 : 1
        for unit in 0..<width {
            var i = gates[unit], f = gates[forgetGate * width + unit] + op.forgetBias, o = gates[3 * width + unit]
            if op.usesPeepholes {
                i += oldState[unit] * operand(4)[unit]
                f += oldState[unit] * operand(5)[unit]
            }
            i = CellArithmetic.sigmoid(i)
            f = CellArithmetic.sigmoid(f)
            let ci = tanhf(gates[cellGate * width + unit])
            var state = i * ci + f * oldState[unit]
            if op.clip > 0 { state = max(-op.clip, min(op.clip, state)) }
            if op.usesPeepholes { o += state * operand(6)[unit] }
            o = CellArithmetic.sigmoid(o)
            let co = tanhf(state)
            output(0)[unit] = i
            output(1)[unit] = state
            output(2)[unit] = f
            output(3)[unit] = o
            output(4)[unit] = ci
            output(5)[unit] = co
            output(6)[unit] = o * co
        }
    }
}

/// A gated recurrent unit's step.
///
/// - Shapes: x [batch, input], h_prev [batch, cell], w_ru [input + cell, 2 · cell], w_c [input + cell, cell], b_ru [2 · cell], b_c [cell]
///   → r, u, c, h [batch, cell].
/// - Source: TensorFlow operator GRUBlockCell.
struct GRUBlockCell: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        for index in 0..<6 { _ = try inputs.required(index, of: [.float32]) }
        guard let x = inputs[0]?.shape, let state = inputs[1]?.shape else {
            return Array(repeating: ValueFact(.float32, nil as SymbolicShape?), count: 4)
        }
        guard x.rank == 2, state.rank == 2, Dimension.unified(x[0], state[0]) != nil else {
            throw .invalidInput(index: 1, reason: "has shape \(state), x has \(x)")
        }
        if let depth = x[1].value, let width = state[1].value {
            for (index, expected) in [[depth + width, 2 * width], [depth + width, width], [2 * width], [width]].enumerated() {
                guard let shape = inputs[2 + index]?.shape, !shape.admits(Shape(expected)) else { continue }
                throw .invalidInput(index: 2 + index, reason: "has shape \(shape), expected \(expected)")
            }
        }
        return Array(repeating: ValueFact(.float32, state), count: 4)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0).shape, state = try context.input(1).shape
        return CompiledOperator(
            GRUBlockKernel(batchCount: state[0], inputCount: x[1], cellCount: state[1]),
            scratchByteCount: ByteCount.product(ByteCount.of(Float.self, state[1]), 4))
    }
}

private struct GRUBlockKernel: Kernel {
    let batchCount: Int
    let inputCount: Int
    let cellCount: Int

    func run(_ context: KernelContext) {
        let gates = context.scratch.assumingMemoryBound(to: Float.self), reset = gates + 3 * cellCount
        let width = cellCount
        for row in 0..<batchCount {
            let x = context.input(0, as: Float.self) + row * inputCount, hidden = context.input(1, as: Float.self) + row * width
            CellArithmetic.product(
                [(x, inputCount), (hidden, width)], context.input(2, as: Float.self), context.input(4, as: Float.self), gates, 2 * width)
            let r = context.output(0, as: Float.self) + row * width, u = context.output(1, as: Float.self) + row * width
            let c = context.output(2, as: Float.self) + row * width, h = context.output(3, as: Float.self) + row * width
            for unit in 0..<width {
                r[unit] = CellArithmetic.sigmoid(gates[unit])
                u[unit] = CellArithmetic.sigmoid(gates[width + unit])
                reset[unit] = hidden[unit] * r[unit]
            }
            CellArithmetic.product(
                [(x, inputCount), (UnsafePointer(reset), width)], context.input(3, as: Float.self), context.input(5, as: Float.self), gates,
                width)
            for unit in 0..<width {
                c[unit] = tanhf(gates[unit])
                h[unit] = (1 - u[unit]) * c[unit] + u[unit] * hidden[unit]
            }
        }
    }
}
