import CKernels
import GraphIR
import Tensors

/// The concrete sizes of a convolution, filled up to three spatial axes.
struct ConvolutionGeometry: Sendable {
    let batch: Int
    let groups: Int
    /// Channels of one group.
    let channelsIn: Int
    let channelsOut: Int
    let input: Axes
    let output: Axes
    let kernel: Axes
    let stride: Axes
    let dilation: Axes
    let pad: Axes

    /// One number for each of three axes, outermost first.
    typealias Axes = (Int, Int, Int)

    /// For a convolution.
    init(
        window: Window, x: Shape, layout: TensorLayout, groups: Int, channelsIn: Int, channelsOut: Int, output: Shape
    ) throws(OperatorError) {
        let placements = try window.placements(layout.spatial(x))
        self.init(
            window: window, x: x, layout: layout, groups: groups, channelsIn: channelsIn, channelsOut: channelsOut, output: output,
            padStarts: placements.map(\.padStart))
    }

    /// With padding decided elsewhere.
    init(
        window: Window, x: Shape, layout: TensorLayout, groups: Int, channelsIn: Int, channelsOut: Int, output: Shape,
        padStarts: [Int]
    ) {
        batch = x[0]
        self.groups = groups
        self.channelsIn = channelsIn
        self.channelsOut = channelsOut
        input = Self.axes(layout.spatial(x), filling: 1)
        self.output = Self.axes(layout.spatial(output), filling: 1)
        kernel = Self.axes(window.axes.map { $0.kernel ?? 1 }, filling: 1)
        stride = Self.axes(window.axes.map(\.stride), filling: 1)
        dilation = Self.axes(window.axes.map(\.dilation), filling: 1)
        pad = Self.axes(padStarts, filling: 0)
    }

    static func axes(_ values: [Int], filling: Int) -> Axes {
        let all = [Int](repeating: filling, count: 3 - values.count) + values
        return (all[0], all[1], all[2])
    }

    var inputCount: Int { input.0 * input.1 * input.2 }
    var outputCount: Int { output.0 * output.1 * output.2 }
    var tapCount: Int { kernel.0 * kernel.1 * kernel.2 }
    var weightCount: Int { groups * channelsOut * channelsIn * tapCount }

    /// Whether the one window covers the whole input, so that an image is a row of a plain product.
    var isDense: Bool { groups == 1 && outputCount == 1 && input == kernel && pad == (0, 0, 0) }

    /// Whether each input channel is a group.
    var isDepthwise: Bool { channelsIn == 1 && groups > 1 }

    /// Whether the outermost of three axes is no more than a formality.
    var isFlat: Bool { input.0 == 1 && kernel.0 == 1 && output.0 == 1 && pad.0 == 0 }

    /// As the kernels take it.
    var shape: apus_convolution {
        apus_convolution(
            batch: batch, groups: groups, channels_in: channelsIn, channels_out: channelsOut, input: input, output: output,
            kernel: kernel, stride: stride, dilation: dilation, pad: pad)
    }

    /// Names the weights' geometry, which the packed form depends on.
    var weightsForm: String { "\(groups)x\(channelsOut)x\(channelsIn)x\(kernel.0)x\(kernel.1)x\(kernel.2)" }
}
