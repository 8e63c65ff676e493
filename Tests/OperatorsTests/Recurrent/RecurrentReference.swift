import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// LSTM, GRU and RNN written out step by step in binary64, after the equations of the ONNX operators.
struct RecurrentReference {
    enum Cell { case lstm, gru, rnn }

    /// One activation: its function of the sum.
    typealias Function = (Double) -> Double

    var cell: Cell
    var time = 1, batch = 1, input = 1, hidden = 1
    var directions = 1
    /// Whether the first direction walks backwards.
    var reverse = false
    var batchFirst = false
    var clip = Double.infinity
    var couplesForget = false
    var resetsAfter = false
    /// By direction: gate, candidate, output.
    var functions: [[Function]] = []
    var lengths: [Int]?

    var gates: Int { cell == .lstm ? 4 : cell == .gru ? 3 : 1 }

    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    struct Weights {
        var x: Grid
        var w: Grid
        var r: Grid
        var b: Grid?
        var h0: Grid?
        var c0: Grid?
        var peepholes: Grid?
    }

    struct Result {
        var y: Grid
        var lastHidden: Grid
        var lastMemory: Grid
    }

    func run(_ weights: Weights) -> Result {
        let stateShape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        let yShape = batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden]
        var result = Result(
            y: Grid(yShape) { _ in 0 }, lastHidden: Grid(stateShape) { _ in 0 }, lastMemory: Grid(stateShape) { _ in 0 })
        for direction in 0..<directions {
            for row in 0..<batch {
                func state(_ unit: Int) -> [Int] { batchFirst ? [row, direction, unit] : [direction, row, unit] }
                var h = (0..<hidden).map { weights.h0?[state($0)] ?? 0 }
                var c = (0..<hidden).map { weights.c0?[state($0)] ?? 0 }
                let length = lengths?[row] ?? time
                let backwards = reverse || direction == 1
                for step in 0..<length {
                    let moment = backwards ? length - 1 - step : step
                    let x = (0..<input).map { weights.x[batchFirst ? [row, moment, $0] : [moment, row, $0]] }
                    (h, c) = advance(weights, direction, x, h, c)
                    for unit in 0..<hidden {
                        let place = batchFirst ? [row, moment, direction, unit] : [moment, direction, row, unit]
                        result.y[place] = h[unit]
                    }
                }
                for unit in 0..<hidden {
                    result.lastHidden[state(unit)] = h[unit]
                    result.lastMemory[state(unit)] = c[unit]
                }
            }
        }
        return result
    }

    private func advance(
        _ weights: Weights, _ direction: Int, _ x: [Double], _ h: [Double], _ c: [Double]
    ) -> ([Double], [Double]) {
        func fromInput(_ gate: Int, _ unit: Int) -> Double {
            let row = gate * hidden + unit
            return (0..<input).reduce(weights.b?[[direction, row]] ?? 0) { $0 + weights.w[[direction, row, $1]] * x[$1] }
        }
        func fromState(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
            let row = gate * hidden + unit
            return (0..<hidden).reduce(weights.b?[[direction, gates * hidden + row]] ?? 0) {
                $0 + weights.r[[direction, row, $1]] * state[$1]
            }
        }
        func sum(_ gate: Int, _ unit: Int) -> Double { fromInput(gate, unit) + fromState(gate, unit, h) }
        func activate(_ function: Int, _ sum: Double) -> Double { functions[direction][function](min(max(sum, -clip), clip)) }
        func peephole(_ gate: Int, _ unit: Int) -> Double { weights.peepholes?[[direction, gate * hidden + unit]] ?? 0 }
        var next = h, memory = c
        switch cell {
        case .rnn: for unit in 0..<hidden { next[unit] = activate(0, sum(0, unit)) }
        case .gru:
            let z = (0..<hidden).map { activate(0, sum(0, $0)) }, r = (0..<hidden).map { activate(0, sum(1, $0)) }
            let reset = zip(r, h).map(*)
            for unit in 0..<hidden {
                let recurrent = resetsAfter ? r[unit] * fromState(2, unit, h) : fromState(2, unit, reset)
                let candidate = activate(1, fromInput(2, unit) + recurrent)
                next[unit] = (1 - z[unit]) * candidate + z[unit] * h[unit]
            }
        case .lstm:
            for unit in 0..<hidden {
                let i = activate(0, sum(0, unit) + peephole(0, unit) * c[unit])
                let f = couplesForget ? 1 - i : activate(0, sum(2, unit) + peephole(2, unit) * c[unit])
                memory[unit] = f * c[unit] + i * activate(1, sum(3, unit))
                let o = activate(0, sum(1, unit) + peephole(1, unit) * memory[unit])
                next[unit] = o * functions[direction][2](memory[unit])
            }
        }
        return (next, memory)
    }
}
