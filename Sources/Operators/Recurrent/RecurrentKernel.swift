import CKernels
import GraphIR
import Tensors

/// Walks sequences through an LSTM, GRU or RNN cell.
///
/// The input's part of all gates of all steps is one product; each step then adds the hidden state's part in place and
/// runs the cell. Sequences that are shorter than the batch's time keep their state and give zeros beyond their end.
struct RecurrentKernel: Kernel {
    let node: RecurrentNode
    let time: Int
    let batch: Int
    let hidden: Int
    private let inputs: InputFlags
    private let outputCount: Int
    private let projection: any RecurrentProduct
    /// The hidden state's weights; for a GRU those of its two gates.
    private let recurrence: any RecurrentProduct
    /// GRU: the hidden state's weights of the candidate.
    private let candidate: (any RecurrentProduct)?
    private let cells: apus_recurrent_kernels
    private let productScratchCount: Int

    /// Which optional inputs there are.
    private struct InputFlags {
        let bias: Bool
        let lengths: Bool
        let hidden: Bool
        let memory: Bool
        let peepholes: Bool
    }

    init(_ context: CompileContext, _ node: RecurrentNode) throws(OperatorError) {
        let kernels = context.functions, hidden = try context.input(2).shape[2]
        let rows = node.cell.gateCount * hidden
        var gates = rows, candidate: RecurrentMatrix?
        if case .gru = node.cell {
            gates = 2 * hidden
            candidate = try RecurrentMatrix(context, input: 2, firstRow: gates, rows: hidden, kernels)
        }
        try self.init(
            context, node, hidden: hidden, projection: RecurrentMatrix(context, input: 1, firstRow: 0, rows: rows, kernels),
            recurrence: RecurrentMatrix(context, input: 2, firstRow: 0, rows: gates, kernels), candidate: candidate)
    }

    init(
        _ context: CompileContext, _ node: RecurrentNode, hidden: Int, projection: any RecurrentProduct,
        recurrence: any RecurrentProduct, candidate: (any RecurrentProduct)? = nil
    ) throws(OperatorError) {
        let x = try context.input(0).shape
        self.node = node
        time = x[node.batchFirst ? 1 : 0]
        batch = x[node.batchFirst ? 0 : 1]
        self.hidden = hidden
        inputs = InputFlags(
            bias: context.has(3), lengths: context.has(4), hidden: context.has(5), memory: context.has(6),
            peepholes: context.has(7))
        outputCount = context.outputs.count
        cells = context.functions.recurrent
        self.projection = projection
        self.recurrence = recurrence
        self.candidate = candidate
        productScratchCount = max(
            projection.productScratchCount(time * batch), recurrence.productScratchCount(batch),
            candidate?.productScratchCount(batch) ?? 0)
    }

    private var gateWidth: Int { node.cell.gateCount * hidden }

    /// Where everything lies in the scratch memory, in floats.
    private struct Scratch {
        let gates, bias, hidden, memory, reset, recurrent, product, projection, recurrence, candidate: Int
        let count: Int
    }

    private var scratch: Scratch {
        var end = 0
        func take(_ count: Int) -> Int {
            defer { end = ByteCount.sum(end, ByteCount.aligned(count, to: 16)) }
            return end
        }
        return Scratch(
            gates: take(time * batch * gateWidth), bias: take(gateWidth + hidden), hidden: take(batch * hidden),
            memory: take(batch * hidden), reset: take(batch * hidden), recurrent: take(batch * hidden),
            product: take(productScratchCount), projection: take(projection.scratchCount),
            recurrence: take(recurrence.scratchCount), candidate: take(candidate?.scratchCount ?? 0), count: end)
    }

    var scratchByteCount: Int { ByteCount.of(Float.self, scratch.count) }

    /// Weights of which every row is in a packed form made ahead.
    var preparedInputs: Set<Int> {
        var inputs: Set<Int> = []
        if projection.isPrepared { inputs.insert(projection.input) }
        if recurrence.isPrepared, candidate?.isPrepared ?? true { inputs.insert(recurrence.input) }
        return inputs
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        let layout = scratch
        let memory = context.scratch.assumingMemoryBound(to: Float.self)
        let lengths = inputs.lengths ? context.input(4, as: Int32.self) : nil
        try check(lengths)
        let weights = projection.packed(context, scratch: memory + layout.projection)
        let recurrentWeights = recurrence.packed(context, scratch: memory + layout.recurrence)
        let candidateWeights = candidate?.packed(context, scratch: memory + layout.candidate)
        for direction in 0..<node.directionCount {
            var cell = node.cell(direction)
            if inputs.peepholes { cell.peepholes = context.input(7, as: Float.self) + direction * 3 * hidden }
            let walk = Walk(
                direction: direction, cell: cell, gates: memory + layout.gates, bias: memory + layout.bias,
                hidden: memory + layout.hidden, memory: memory + layout.memory, reset: memory + layout.reset,
                recurrent: memory + layout.recurrent, product: memory + layout.product,
                recurrence: recurrentWeights, candidate: candidateWeights, lengths: lengths,
                mask: node.maskInput.map { context.input($0, as: UInt8.self) })
            sumBiases(context, walk)
            readStates(context, walk)
            project(context, walk, weights)
            for step in 0..<time {
                advance(context, walk, at: node.walksBackwards(direction) ? time - 1 - step : step)
            }
            writeStates(context, walk)
        }
    }

    /// The memory of one direction's walk.
    private struct Walk {
        let direction: Int
        let cell: apus_cell
        /// Sums of all gates of all steps, laid out as X: [time, batch, gate width] or [batch, time, gate width].
        let gates: UnsafeMutablePointer<Float>
        /// Of the projection; behind it the GRU candidate's recurrent bias.
        let bias: UnsafeMutablePointer<Float>
        let hidden: UnsafeMutablePointer<Float>
        let memory: UnsafeMutablePointer<Float>
        let reset: UnsafeMutablePointer<Float>
        let recurrent: UnsafeMutablePointer<Float>
        let product: UnsafeMutablePointer<Float>
        /// Packed forms.
        let recurrence: UnsafeRawPointer
        let candidate: UnsafeRawPointer?
        let lengths: UnsafePointer<Int32>?
        /// [time, batch]: not 0 where a step counts.
        let mask: UnsafePointer<UInt8>?
    }

    private func check(_ lengths: UnsafePointer<Int32>?) throws(OperatorError) {
        guard let lengths else { return }
        for row in 0..<batch where lengths[row] < 0 || lengths[row] > time {
            throw .invalidValue("length \(lengths[row]) of sequence \(row) is outside 0...\(time)")
        }
    }

    /// Biases of input and hidden state add up, but for a GRU that resets after the product: there the candidate's
    /// recurrent bias belongs to the product.
    private func sumBiases(_ context: KernelContext, _ walk: Walk) {
        let width = gateWidth
        for index in 0..<width + hidden { walk.bias[index] = 0 }
        guard inputs.bias else { return }
        let biases = context.input(3, as: Float.self) + walk.direction * 2 * width
        for index in 0..<width { walk.bias[index] = biases[index] + biases[width + index] }
        guard case .gru(resetsAfter: true) = node.cell else { return }
        for index in 2 * hidden..<3 * hidden {
            walk.bias[index] = biases[index]
            walk.bias[width + index - 2 * hidden] = biases[width + index]
        }
    }

    /// Offset of a state's row in [directions, batch, hidden] or [batch, directions, hidden].
    private func stateOffset(_ direction: Int, _ row: Int) -> Int {
        (node.batchFirst ? row * node.directionCount + direction : direction * batch + row) * hidden
    }

    private func readStates(_ context: KernelContext, _ walk: Walk) {
        for row in 0..<batch {
            let offset = stateOffset(walk.direction, row)
            let hiddenRow = walk.hidden + row * hidden, memoryRow = walk.memory + row * hidden
            if inputs.hidden {
                hiddenRow.update(from: context.input(5, as: Float.self) + offset, count: hidden)
            } else {
                hiddenRow.update(repeating: 0, count: hidden)
            }
            if inputs.memory {
                memoryRow.update(from: context.input(6, as: Float.self) + offset, count: hidden)
            } else {
                memoryRow.update(repeating: 0, count: hidden)
            }
        }
    }

    private func writeStates(_ context: KernelContext, _ walk: Walk) {
        for row in 0..<batch {
            let offset = stateOffset(walk.direction, row)
            if outputCount > 1 {
                (context.output(1, as: Float.self) + offset).update(from: walk.hidden + row * hidden, count: hidden)
            }
            if outputCount > 2 {
                (context.output(2, as: Float.self) + offset).update(from: walk.memory + row * hidden, count: hidden)
            }
        }
    }

    private func project(_ context: KernelContext, _ walk: Walk, _ weights: UnsafeRawPointer) {
        guard time * batch > 0 else { return }
        projection.multiply(
            context, weights, direction: walk.direction, context.input(0, as: Float.self), count: time * batch, into: walk.gates,
            stride: gateWidth, adding: .bias(UnsafePointer(walk.bias)), scratch: walk.product)
    }

    private func advance(_ context: KernelContext, _ walk: Walk, at moment: Int) {
        let width = gateWidth
        let stride = node.batchFirst ? time * width : width
        let gates = walk.gates + moment * (node.batchFirst ? width : batch * width)
        guard batch > 0 else { return }
        recurrence.multiply(
            context, walk.recurrence, direction: walk.direction, walk.hidden, count: batch, into: gates, stride: stride,
            adding: .result, scratch: walk.product)
        var cell = walk.cell
        switch node.cell {
        case .lstm:
            for row in 0..<batch where isActive(walk, row, moment) {
                let place = row * hidden
                cells.lstm_cell_f32(walk.hidden + place, walk.memory + place, gates + row * stride, hidden, &cell)
            }
        case .gru(let resetsAfter): advanceGRU(context, walk, gates, stride, moment, resetsAfter, &cell)
        case .rnn:
            for row in 0..<batch where isActive(walk, row, moment) {
                cells.rnn_cell_f32(walk.hidden + row * hidden, gates + row * stride, hidden, &cell)
            }
        }
        writeSequence(context, walk, at: moment)
    }

    private func advanceGRU(
        _ context: KernelContext, _ walk: Walk, _ gates: UnsafeMutablePointer<Float>, _ stride: Int, _ moment: Int,
        _ resetsAfter: Bool, _ cell: inout apus_cell
    ) {
        guard let candidate, let weights = walk.candidate else { return }
        if resetsAfter {
            candidate.multiply(
                context, weights, direction: walk.direction, walk.hidden, count: batch, into: walk.recurrent, stride: hidden,
                adding: .bias(UnsafePointer(walk.bias + gateWidth)), scratch: walk.product)
        }
        for row in 0..<batch {
            let place = row * hidden
            cells.gru_gates_f32(gates + row * stride, walk.reset + place, walk.hidden + place, hidden, &cell)
        }
        if !resetsAfter {
            candidate.multiply(
                context, weights, direction: walk.direction, walk.reset, count: batch, into: gates + 2 * hidden, stride: stride,
                adding: .result, scratch: walk.product)
        }
        for row in 0..<batch where isActive(walk, row, moment) {
            let place = row * hidden
            cells.gru_update_f32(
                walk.hidden + place, gates + row * stride, resetsAfter ? walk.recurrent + place : nil, hidden, &cell)
        }
    }

    @inline(__always)
    private func isActive(_ walk: Walk, _ row: Int, _ moment: Int) -> Bool {
        if let mask = walk.mask { return mask[moment * batch + row] != 0 }
        return walk.lengths.map { moment < Int($0[row]) } ?? true
    }

    private func writeSequence(_ context: KernelContext, _ walk: Walk, at moment: Int) {
        let y = context.output(0, as: Float.self), directions = node.directionCount
        for row in 0..<batch {
            let place =
                node.batchFirst
                ? (row * time + moment) * directions + walk.direction
                : (moment * directions + walk.direction) * batch + row
            if isActive(walk, row, moment) {
                (y + place * hidden).update(from: walk.hidden + row * hidden, count: hidden)
            } else if walk.mask != nil, moment > 0 {
                // Only sequences that are walked forwards, time first, have masks.
                (y + place * hidden).update(from: y + (place - directions * batch) * hidden, count: hidden)
            } else {
                (y + place * hidden).update(repeating: 0, count: hidden)
            }
        }
    }
}
