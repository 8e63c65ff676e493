import GraphIR
import Tensors

/// A convolution of data that is mirrored at its borders first, and before that perhaps resized: one operator after the other.
///
/// - Shapes: `x` [N, H, W, C], [`size` (2),] `paddings` [4, 2], `filter` [h, w, C, M] → [N, H′, W′, M].
/// - Source: TensorFlow operators FusedPadConv2D and FusedResizeAndPadConv2D.
struct PaddedConvolution: DynamicOperator {
    let name: String
    let pad: Pad
    let resize: ImageResize?
    let convolution: FilterConvolution

    init(_ reader: AttributeReader, resizes: Bool) throws(OperatorError) {
        name = reader.node.operatorName
        let window = try FilterWindow(reader, rank: 4)
        guard window.layout == .channelsLast else { throw .unsupported("\(name) over \(window.layout.rawValue) data") }
        pad = try Pad.mirror(reader)
        convolution = FilterConvolution(name: name, window: window.attributes)
        resize =
            resizes
            ? ImageResize(method: .bilinear, sampling: try reader.flag("resize_align_corners", default: false) ? .alignedCorners : .legacy)
            : nil
    }

    private var filterIndex: Int { resize == nil ? 2 : 3 }
    var shapeOperands: Set<Int> { resize == nil ? [1] : [1, 2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(filterIndex + 1...filterIndex + 1)
        var data = try inputs.required(0, of: ElementTypes.floatingPoint)
        let type = data.elementType, filter = try inputs.required(filterIndex, of: [type])
        if let resize {
            data = try resize.infer(OperatorInputs([data, inputs[1]]))[0]
            data = ValueFact(type, data.shape)
        }
        data = try pad.infer(OperatorInputs([data, inputs[filterIndex - 1]]))[0]
        return try convolution.infer(OperatorInputs([data, filter]))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        func tensor(_ index: Int) throws(OperatorError) -> Tensor { Tensor(borrowing: try context.required(index)) }
        func run(_ op: any Operator, _ inputs: [Tensor]) throws(OperatorError) -> Tensor {
            let results = try op.computed(inputs, outputCount: 1, kernels: context.kernels, allowance: context.allowance)
            guard let first = results.first else { throw .unsupported("\(op.name) without a result") }
            return first
        }
        var data = try tensor(0)
        let type = data.elementType
        if let resize {
            data = try run(resize, [data, try tensor(1)])
            if data.elementType != type { data = try run(Cast(target: type), [data]) }
        }
        data = try run(pad, [data, try tensor(filterIndex - 1)])
        return [.tensor(try run(convolution, [data, try tensor(filterIndex)]))]
    }
}
