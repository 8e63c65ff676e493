import GraphIR
import Tensors

/// Height, width and channels of a JPEG file.
///
/// - Shapes: contents (a scalar string) → [3].
/// - Source: TensorFlow operator ExtractJpegShape.
struct JPEGShape: DynamicOperator {
    let elementType: ElementType
    var name: String { "ExtractJpegShape" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        elementType = try reader.elementType("output_type", default: .int32, of: [.int32, .int64])
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        try PictureDecoder.checkContents(inputs)
        return [ValueFact(elementType, [3])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let sizes = try PictureFile(contents: PictureDecoder.contents(context), context: context).jpegShape()
        let extents = [sizes.height, sizes.width, sizes.channels]
        return [
            .tensor(elementType == .int64 ? Tensor(extents.map(Int64.init), shape: [3]) : Tensor(extents.map(Int32.init), shape: [3]))
        ]
    }
}
