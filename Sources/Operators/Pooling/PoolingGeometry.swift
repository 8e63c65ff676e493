import CKernels
import GraphIR
import Tensors

/// The concrete sizes of a pooling, filled up to three spatial axes.
struct PoolingGeometry: Sendable {
    /// Batch times channels.
    let planes: Int
    let input: Axes
    let output: Axes
    let kernel: Axes
    let stride: Axes
    let dilation: Axes
    let pad: Axes
    let padEnd: Axes

    typealias Axes = ConvolutionGeometry.Axes

    init(window: Window, x: Shape, layout: TensorLayout, output: Shape) throws(OperatorError) {
        let placements = try window.placements(layout.spatial(x))
        func axes(_ values: [Int], _ filling: Int) -> Axes { ConvolutionGeometry.axes(values, filling: filling) }
        planes = x[0] * layout.channels(x)
        input = axes(layout.spatial(x), 1)
        self.output = axes(layout.spatial(output), 1)
        kernel = axes(window.axes.map { $0.kernel ?? 1 }, 1)
        stride = axes(window.axes.map(\.stride), 1)
        dilation = axes(window.axes.map(\.dilation), 1)
        pad = axes(placements.map(\.padStart), 0)
        padEnd = axes(placements.map(\.padEnd), 0)
    }

    /// One window over all of each plane, however many axes it has.
    init(plane x: Shape, layout: TensorLayout) {
        planes = x[0] * layout.channels(x)
        input = (1, 1, layout.spatialCount(x))
        kernel = input
        (output, stride, dilation, pad, padEnd) = ((1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0), (0, 0, 0))
    }

    var inputCount: Int { input.0 * input.1 * input.2 }
    var outputCount: Int { output.0 * output.1 * output.2 }

    /// As the kernels take it.
    func shape(countsPadding: Bool = false) -> apus_pooling {
        apus_pooling(
            planes: planes, input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, pad: pad,
            pad_end: padEnd, counts_padding: countsPadding)
    }
}

/// A walk over the elements of one window.
extension PoolingGeometry {
    /// Calls `body` with the offset, in a plane, of each input element under the window of output (depth, row, column),
    /// in row-major order.
    @inline(__always)
    func forEachElement(depth: Int, row: Int, column: Int, _ body: (Int, (Int, Int, Int)) -> Void) {
        for i in 0..<kernel.0 {
            let d = depth * stride.0 + i * dilation.0 - pad.0
            guard d >= 0, d < input.0 else { continue }
            for j in 0..<kernel.1 {
                let h = row * stride.1 + j * dilation.1 - pad.1
                guard h >= 0, h < input.1 else { continue }
                for k in 0..<kernel.2 {
                    let w = column * stride.2 + k * dilation.2 - pad.2
                    guard w >= 0, w < input.2 else { continue }
                    body((d * input.1 + h) * input.2 + w, (d, h, w))
                }
            }
        }
    }
}
