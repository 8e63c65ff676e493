import GraphIR
import Operators
import Tensors
import Testing

/// ONNX's transforms of signals: numbers of the reference.
@Suite("Signals")
struct SignalTests {
    private func make(_ name: String, _ attributes: [String: Attribute] = [:], inputs: Int = 1) throws -> any Operator {
        try makeOperator(name, in: FourierOperators.spellings, inputs: inputs, attributes: attributes)
    }

    private let signal = Tensor([1, 2, -1, 3, 0.5] as [Float], shape: [1, 5, 1])
    private let axis = Tensor(scalar: 1 as Int64)

    @Test("transforms, one-sided and back")
    func transforms() throws {
        let half: [Double] = [5.5, 0, 0.154509, 0.924556, -0.404509, -4.685904]
        let whole = try evaluate(try make("DFT", inputs: 3), [signal, nil, axis])[0]
        expectClose(whole, half + [-0.404509, 4.685904, 0.154509, -0.924556], shape: [1, 5, 2])
        let oneSided = try evaluate(try make("DFT", ["onesided": .integer(1)], inputs: 3), [signal, nil, axis])[0]
        expectClose(oneSided, half, shape: [1, 3, 2])
        let inverse = try make("DFT", ["onesided": .integer(1), "inverse": .integer(1)], inputs: 3)
        expectClose(
            try evaluate(inverse, [oneSided, Tensor(scalar: 5 as Int64), axis])[0], [1, 2, -1, 3, 0.5], shape: [1, 5, 1])
        let back = try evaluate(try make("DFT", ["inverse": .integer(1)], inputs: 3), [whole, nil, axis])[0]
        expectClose(back, [1, 0, 2, 0, -1, 0, 3, 0, 0.5, 0], shape: [1, 5, 2])
    }

    @Test("a length beyond the signal's takes zeros")
    func padding() throws {
        let op = try make("DFT", ["onesided": .integer(1)], inputs: 3)
        expectClose(
            try evaluate(op, [signal, Tensor(scalar: 6 as Int64), axis])[0],
            [5.5, 0, -0.75, -0.433013, 3.25, -3.031089, -4.5, 0], shape: [1, 4, 2])
        for length in [0, -1, Int64.max] {
            expectRefusal(["length"]) { _ = try evaluate(op, [signal, Tensor(scalar: length), axis]) }
        }
        expectRefusal([]) { _ = try evaluate(op, [signal, nil, Tensor(scalar: 2 as Int64)]) }
    }

    @Test("frames under a window are transformed")
    func frames() throws {
        let window = Tensor([0.5, 1, 0.25] as [Float], shape: [3])
        let result = try evaluate(try make("STFT", inputs: 3), [signal, Tensor(scalar: 2 as Int64), window])[0]
        expectClose(result, [2.25, 0, -0.375, -1.948557, 2.625, 0, -2.0625, -2.489823], shape: [1, 2, 2, 2])
        expectRefusal([]) { _ = try evaluate(try make("STFT", inputs: 3), [signal, Tensor(scalar: 0 as Int64), window]) }
    }

    /// Operator, whether it is periodic, weights.
    static let windows: [(String, Int64, [Double])] = [
        ("HannWindow", 1, [0, 0.5, 1, 0.5]), ("HannWindow", 0, [0, 0.5, 1, 0.5, 0]),
        ("HammingWindow", 1, [0.086957, 0.543478, 1, 0.543478]), ("BlackmanWindow", 0, [0, 0.34, 1, 0.34, 0]),
    ]

    @Test("windows", arguments: windows)
    func windowWeights(_ name: String, _ isPeriodic: Int64, _ weights: [Double]) throws {
        let op = try make(name, ["periodic": .integer(isPeriodic)]), size = Int64(weights.count)
        expectNumbers(try evaluate(op, [Tensor(scalar: size)])[0], weights, absolute: 1e-6, name)
    }

    @Test("mel bands")
    func bands() throws {
        let inputs = [Tensor(scalar: 3 as Int64), Tensor(scalar: 8 as Int64), Tensor(scalar: 8192 as Int64)]
        let op = try make("MelWeightMatrix", inputs: 5)
        let result = try evaluate(op, inputs + [Tensor(scalar: 0 as Float), Tensor(scalar: 4096 as Float)])[0]
        #expect(result.shape == [5, 3] && result.numbers == [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        expectRefusal([]) { _ = try evaluate(op, inputs + [Tensor(scalar: 0 as Float), Tensor(scalar: 1e9 as Float)]) }
    }
}
