import GraphIR
import Tensors

/// Convolution by plain sums, for types that have no fast kernel.
struct PlainConvolution<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let geometry: ConvolutionGeometry
    let biasInput: Int?

    func run(_ context: KernelContext) {
        let g = geometry
        let bias = biasInput.map { context.input($0, as: Scalar.self) }
        var y = context.output(0, as: Scalar.self)
        for image in 0..<g.batch {
            for channel in 0..<g.groups * g.channelsOut {
                let group = channel / g.channelsOut
                let x = context.input(0, as: Scalar.self) + (image * g.groups + group) * g.channelsIn * g.inputCount
                let weights = context.input(1, as: Scalar.self) + channel * g.channelsIn * g.tapCount
                for depth in 0..<g.output.0 {
                    for row in 0..<g.output.1 {
                        for column in 0..<g.output.2 {
                            y.pointee = sum(x, weights, depth, row, column) + (bias?[channel] ?? 0)
                            y += 1
                        }
                    }
                }
            }
        }
    }

    /// Σ over channels and taps for one output element.
    private func sum(
        _ x: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, _ depth: Int, _ row: Int, _ column: Int
    ) -> Scalar {
        let g = geometry
        var sum: Scalar = 0
        for i in 0..<g.kernel.0 {
            let d = depth * g.stride.0 + i * g.dilation.0 - g.pad.0
            guard d >= 0, d < g.input.0 else { continue }
            for j in 0..<g.kernel.1 {
                let h = row * g.stride.1 + j * g.dilation.1 - g.pad.1
                guard h >= 0, h < g.input.1 else { continue }
                for k in 0..<g.kernel.2 {
                    let w = column * g.stride.2 + k * g.dilation.2 - g.pad.2
                    guard w >= 0, w < g.input.2 else { continue }
                    let at = (d * g.input.1 + h) * g.input.2 + w, tap = (i * g.kernel.1 + j) * g.kernel.2 + k
                    for c in 0..<g.channelsIn { sum += x[c * g.inputCount + at] * weights[c * g.tapCount + tap] }
                }
            }
        }
        return sum
    }
}
