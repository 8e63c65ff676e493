import GraphIR
import Tensors

/// Parts of images, each resampled to one size.
///
/// - Shapes: images [N, H, W, C], boxes [B, 4] (y1, x1, y2, x2 in units of the image; reversed ones flip), indices [B] of images,
///   size (2) → float32 [B, H′, W′, C].
/// - Numerics: places outside the image show the extrapolation value.
/// - Source: TensorFlow operator CropAndResize.
struct CropAndResize: Operator {
    enum Method: String, CaseIterable, Sendable { case bilinear, nearest }

    let method: Method
    let extrapolation: Float

    init(_ reader: AttributeReader) throws(OperatorError) {
        method = try reader.choice("method", default: .bilinear)
        extrapolation = try reader.float("extrapolation_value", default: 0)
    }

    var shapeOperands: Set<Int> { [3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let images = try inputs.required(0, of: ElementTypes.numbers), boxes = try inputs.required(1, of: [.float32])
        let indices = try inputs.required(2, of: [.int32])
        try ImageInputs.check(inputs, 1, [nil, 4])
        try ImageInputs.check(inputs, 2, [boxes.shape?[0].value])
        var shape = try ImageInputs.resized(ImageInputs.shape(images), ImageInputs.size(inputs, 3))
        shape[0] = Dimension.unified(boxes.shape?[0] ?? .unknown, indices.shape?[0] ?? .unknown) ?? .unknown
        return [ValueFact(.float32, try shape.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let images = try context.input(0), output = context.outputs[0].shape
        return CompiledOperator(
            try images.elementType.dispatch(
                Maker(op: self, geometry: ImageGeometry(input: images.shape, output: output), boxCount: output[0])))
    }

    private struct Maker: NumericVisitor {
        let op: CropAndResize
        let geometry: ImageGeometry
        let boxCount: Int

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
            let maker = self
            return LoopKernel { (context) throws(OperatorError) in try maker.run(context, Element.self) }
        }

        private func run<Element: NumericElement>(_ context: KernelContext, _: Element.Type) throws(OperatorError) {
            let g = geometry, boxes = context.input(1, as: Float.self), indices = context.input(2, as: Int32.self)
            let count = g.output.height * g.output.width * g.channels
            for box in 0..<boxCount {
                let image = Int(indices[box])
                guard (0..<g.batch).contains(image) else {
                    throw .invalidValue("box \(box) is of image \(image), there are \(g.batch)")
                }
                let pixels = context.input(0, as: Element.self) + image * g.input.height * g.input.width * g.channels
                crop(pixels, boxes + 4 * box, context.output(0, as: Float.self) + box * count)
            }
        }

        private func crop<Element: NumericElement>(
            _ pixels: UnsafePointer<Element>, _ box: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
        ) {
            let g = geometry, channels = g.channels
            var to = y
            for row in 0..<g.output.height {
                let h = place(row, g.output.height, box[0], box[2], g.input.height)
                for column in 0..<g.output.width {
                    let w = place(column, g.output.width, box[1], box[3], g.input.width)
                    if !(h >= 0 && h <= Float(g.input.height - 1) && w >= 0 && w <= Float(g.input.width - 1)) {
                        for c in 0..<channels { to[c] = op.extrapolation }
                    } else if op.method == .nearest {
                        let at = Int(h.rounded(.toNearestOrAwayFromZero)) * g.input.width + Int(w.rounded(.toNearestOrAwayFromZero))
                        for c in 0..<channels { to[c] = pixels[at * channels + c].asFloat }
                    } else {
                        interpolate(pixels, h, w, to)
                    }
                    to += channels
                }
            }
        }

        private func place(_ position: Int, _ count: Int, _ start: Float, _ end: Float, _ extent: Int) -> Float {
            let last = Float(extent - 1)
            guard count > 1 else { return 0.5 * (start + end) * last }
            let scale = (end - start) * last / Float(count - 1)
            return start * last + Float(position) * scale
        }

        private func interpolate<Element: NumericElement>(
            _ pixels: UnsafePointer<Element>, _ h: Float, _ w: Float, _ y: UnsafeMutablePointer<Float>
        ) {
            let g = geometry, channels = g.channels
            let top = Int(h.rounded(.down)) * g.input.width, bottom = Int(h.rounded(.up)) * g.input.width
            let left = Int(w.rounded(.down)), right = Int(w.rounded(.up))
            let down = h - h.rounded(.down), across = w - w.rounded(.down)
            for c in 0..<channels {
                let a = pixels[(top + left) * channels + c].asFloat, b = pixels[(top + right) * channels + c].asFloat
                let d = pixels[(bottom + left) * channels + c].asFloat, e = pixels[(bottom + right) * channels + c].asFloat
                let upper = a + (b - a) * across, lower = d + (e - d) * across
                y[c] = upper + (lower - upper) * down
            }
        }
    }
}
