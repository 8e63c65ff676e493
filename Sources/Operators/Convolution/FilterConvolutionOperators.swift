import GraphIR
import Tensors

/// TensorFlow's convolutions.
enum FilterConvolutionOperators {
    static let spellings: [OperatorSpelling] =
        [
            convolution("Conv2D", .full, rank: 4), convolution("Conv3D", .full, rank: 5),
            convolution("DepthwiseConv2dNative", .depthwise, rank: 4),
            .tensorFlow("Conv", make: general),
            .tensorFlow("_FusedConv2D") { reader throws(OperatorError) in try fused(reader, .full) },
            .tensorFlow("_FusedDepthwiseConv2dNative") { reader throws(OperatorError) in try fused(reader, .depthwise) },
            .tensorFlow("FusedPadConv2D") { reader throws(OperatorError) in try PaddedConvolution(reader, resizes: false) },
            .tensorFlow("FusedResizeAndPadConv2D") { reader throws(OperatorError) in try PaddedConvolution(reader, resizes: true) },
            .tensorFlow("Dilation2D") { reader throws(OperatorError) in try Dilation2D(reader) },
        ] + gradients

    private static let gradients: [OperatorSpelling] = [
        dataGradient("Conv2DBackpropInput", .full, rank: 4),
        dataGradient("Conv2DBackpropInputV2", .full, rank: 4, readsShape: true),
        dataGradient("Conv3DBackpropInput", .full, rank: 5, readsShape: true),
        dataGradient("Conv3DBackpropInputV2", .full, rank: 5),
        dataGradient("DepthwiseConv2dNativeBackpropInput", .depthwise, rank: 4),
        filterGradient("Conv2DBackpropFilter", .full, rank: 4), filterGradient("Conv3DBackpropFilterV2", .full, rank: 5),
        filterGradient("DepthwiseConv2dNativeBackpropFilter", .depthwise, rank: 4),
    ]

    private static func convolution(_ name: String, _ kind: FilterConvolution.Kind, rank: Int) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let window = try FilterWindow(reader, rank: rank)
            return window.adapt(FilterConvolution(name: name, kind: kind, window: window.attributes, rank: rank))
        }
    }

    /// The lists of `Conv` show how many axes there are.
    @Sendable private static func general(_ reader: AttributeReader) throws(OperatorError) -> any Operator {
        let rank = try reader.integers("strides")?.count ?? 4
        guard (4...5).contains(rank) else { throw .invalidAttribute(name: "strides", reason: "has \(rank) values, expected 4 or 5") }
        guard try reader.integer("batch_dims", default: 1) == 1 else { throw .unsupported("Conv with batch_dims other than 1") }
        let window = try FilterWindow(reader, rank: rank)
        return window.adapt(FilterConvolution(name: "Conv", window: window.attributes, rank: rank))
    }

    /// A convolution that an optimiser has joined with its bias and activation.
    private static func fused(_ reader: AttributeReader, _ kind: FilterConvolution.Kind) throws(OperatorError) -> any Operator {
        let window = try FilterWindow(reader, rank: 4)
        guard window.layout == .channelsLast, try reader.string("filter_format", default: "HWIO") == "HWIO" else {
            throw .unsupported("\(reader.node.operatorName) over other layouts than NHWC and HWIO")
        }
        var op = FilterConvolution(name: reader.node.operatorName, kind: kind, window: window.attributes)
        var steps = try reader.strings("fused_ops") ?? []
        let hasBias = steps.first == "BiasAdd"
        if hasBias { steps.removeFirst() }
        guard reader.inputCount == (hasBias ? 3 : 2), steps.count <= 1 else {
            throw .unsupported("\(reader.node.operatorName) with \(reader.inputCount) inputs and steps \(steps)")
        }
        switch steps.first {
        case nil: break
        case "Relu": op.activation = .relu
        case "Relu6": op.activation = .clip(low: 0, high: 6)
        case "Sigmoid": op.activation = .sigmoid
        case "Tanh": op.activation = .tanh
        case "LeakyRelu": op.activation = .leakyRelu(alpha: try reader.float("leakyrelu_alpha", default: 0.2))
        case .some(let other): throw .unsupported("\(reader.node.operatorName) with \(other)")
        }
        let type = try reader.elementType("T") ?? .float32
        guard op.activation == nil || [.float32, .float16, .bfloat16].contains(type) else {
            throw .unsupported("\(reader.node.operatorName) of float64")
        }
        return op
    }

    private static func dataGradient(
        _ name: String, _ kind: FilterConvolution.Kind, rank: Int, readsShape: Bool = false
    ) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let window = try FilterWindow(reader, rank: rank)
            let op = FilterDataGradient(name: name, kind: kind, window: window.attributes, rank: rank, readsShape: readsShape)
            return window.adapt(op, moved: readsShape ? [0, 2] : [2], lists: readsShape ? [] : [0], keepsImagesApart: false)
        }
    }

    private static func filterGradient(_ name: String, _ kind: FilterConvolution.Kind, rank: Int) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let window = try FilterWindow(reader, rank: rank)
            guard window.layout == .channelsLast else { throw .unsupported("\(name) over \(window.layout.rawValue) data") }
            return FilterGradient(name: name, kind: kind, window: window.attributes, rank: rank)
        }
    }
}
