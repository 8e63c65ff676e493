import GraphIR
import Operators
import Tensors
import Testing

/// Poolings and normalisations of 16-bit floats, against the same operator over the widened operands.
@Suite("Half-precision layers")
struct HalfPrecisionLayersTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let op: any Operator
        let shapes: [Shape]
        var outputs = 1
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let window = PoolingAttributes(window: WindowAttributes(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]))
        let image: Shape = [2, 4, 7, 6], channels: Shape = [4]
        return [
            Case(name: "MaxPool", op: MaxPool(attributes: window), shapes: [image]),
            Case(name: "MaxPool with indices", op: MaxPool(attributes: window), shapes: [image], outputs: 2),
            Case(name: "AveragePool", op: AveragePool(attributes: window), shapes: [image]),
            Case(name: "LpPool", op: LpPool(attributes: window), shapes: [image]),
            Case(name: "GlobalAveragePool", op: GlobalPool(.average), shapes: [image]),
            Case(name: "GlobalMaxPool", op: GlobalPool(.maximum), shapes: [image]),
            Case(name: "BatchNormalization", op: BatchNormalization(), shapes: [image, channels, channels, channels, channels]),
            Case(name: "InstanceNormalization", op: GroupNormalization(groups: nil), shapes: [image, channels, channels]),
            Case(name: "GroupNormalization", op: GroupNormalization(groups: 2), shapes: [image, channels, channels]),
            Case(name: "LayerNormalization", op: LayerNormalization(), shapes: [[5, 33], [33], [33]], outputs: 3),
            Case(name: "RMSNormalization", op: LayerNormalization(centres: false), shapes: [[5, 33], [33]]),
            Case(name: "LRN", op: LocalResponseNormalization(size: 3), shapes: [image]),
            Case(name: "MeanVarianceNormalization", op: MeanVarianceNormalization(), shapes: [image]),
        ]
    }()

    /// Positive numbers that a 16-bit float holds exactly, in that type.
    private func operands(_ shapes: [Shape], _ type: ElementType) -> [Tensor] {
        shapes.enumerated().map { index, shape in
            let values = SampleData.values(shape.elementCount, seed: UInt64(index + 1))
            return Tensor(values.map { abs(($0 * 16).rounded()) / 16 + 0.0625 }, type, shape)
        }
    }

    @Test("agree with float32 within half precision on every level", arguments: cases, [ElementType.float16, .bfloat16])
    func agreement(_ entry: Case, _ type: ElementType) throws {
        let half = operands(entry.shapes, type), wide = half.map { Tensor($0.numbers, .float32, $0.shape) }
        let expected = try evaluate(entry.op, wide, outputs: entry.outputs), step = type == .float16 ? 0x1p-10 : 0x1p-7
        for constants in [[], Set(1..<half.count)] as [Set<Int>] {
            for (isa, outputs) in try evaluateOnEveryLevel(entry.op, half, outputs: entry.outputs, constants: constants) {
                #expect(outputs[0].elementType == type)
                for (output, wanted) in zip(outputs, expected) {
                    expectNumbers(output, wanted.numbers, relative: step, absolute: step / 4, "\(isa.name), \(entry.name)")
                }
            }
        }
    }
}
