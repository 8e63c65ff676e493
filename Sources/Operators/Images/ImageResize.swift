import GraphIR
import Tensors

/// Images of another height and width.
///
/// - Shapes: images [N, H, W, C], size (2) → [N, H′, W′, C].
/// - Numerics: float32 for any type of element, but the nearest element keeps its type. Places between pixels are computed in float32.
/// - Source: TensorFlow operators ResizeBilinear, ResizeNearestNeighbor, ResizeBicubic and ResizeArea.
struct ImageResize: Operator {
    enum Method: String, Sendable {
        case bilinear = "ResizeBilinear"
        case nearest = "ResizeNearestNeighbor"
        case bicubic = "ResizeBicubic"
        case area = "ResizeArea"
    }

    let method: Method
    let sampling: ImageSampling.Rule

    init(method: Method, sampling: ImageSampling.Rule) {
        self.method = method
        self.sampling = sampling
    }

    init(_ reader: AttributeReader, _ method: Method) throws(OperatorError) {
        let aligned = try reader.flag("align_corners", default: false), half = try reader.flag("half_pixel_centers", default: false)
        guard !aligned || !half else {
            throw .invalidAttribute(name: "align_corners", reason: "is true together with half_pixel_centers")
        }
        self.init(method: method, sampling: aligned ? .alignedCorners : half ? .halfPixel : .legacy)
    }

    var name: String { method.rawValue }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let images = try inputs.required(0, of: ElementTypes.numbers)
        let shape = try ImageInputs.shape(images), size = try ImageInputs.size(inputs, 1)
        if let size {
            for axis in 1...2 where shape[axis].value == 0 || size[axis - 1] == 0 {
                throw .invalidInput(index: axis == 1 ? 0 : 1, reason: "has no pixels: images \(shape), size \(size)")
            }
        }
        return [ValueFact(method == .nearest ? images.elementType : .float32, try ImageInputs.resized(shape, size))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.imagewise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let images = try context.input(0), output = context.outputs[0].shape
        let geometry = ImageGeometry(input: images.shape, output: output)
        let rows = ImageSampling(input: images.shape[1], output: output[1], rule: sampling)
        let columns = ImageSampling(input: images.shape[2], output: output[2], rule: sampling)
        switch method {
        case .nearest: return nearest(images, rows, columns)
        case .bilinear:
            return CompiledOperator(
                try images.elementType.dispatch(BilinearMaker(geometry: geometry, rows: rows.lines, columns: columns.lines)))
        case .bicubic:
            let taps = (rows.cubicTaps(usesKeys: sampling == .halfPixel), columns.cubicTaps(usesKeys: sampling == .halfPixel))
            return CompiledOperator(
                try images.elementType.dispatch(WeightedMaker(geometry: geometry, rows: taps.0, columns: taps.1, scale: 1)))
        case .area:
            let scale = 1 / (rows.scale * columns.scale)
            return CompiledOperator(
                try images.elementType.dispatch(
                    WeightedMaker(geometry: geometry, rows: rows.areaTaps, columns: columns.areaTaps, scale: scale)))
        }
    }

    private func nearest(_ images: TensorSpec, _ rows: ImageSampling, _ columns: ImageSampling) -> CompiledOperator {
        let shape = images.shape
        let maps = [Array(0..<shape[0]), rows.nearest, columns.nearest, Array(0..<shape[3])]
        let copy = MappedCopy(input: shape, maps: maps, elementByteCount: images.elementType.byteCount)
        return CompiledOperator(
            LoopKernel { context in copy.run(from: context.input(0), to: context.output(0), filler: context.input(0)) })
    }
}

/// The sizes of a resampling.
struct ImageGeometry: Sendable {
    let batch: Int
    let input: (height: Int, width: Int)
    let output: (height: Int, width: Int)
    let channels: Int

    init(input: Shape, output: Shape) {
        batch = input[0]
        self.input = (input[1], input[2])
        self.output = (output[1], output[2])
        channels = input[3]
    }
}

/// Linear interpolation between two rows and two columns.
private struct BilinearMaker: NumericVisitor {
    let geometry: ImageGeometry
    let rows: [ImageSampling.Line]
    let columns: [ImageSampling.Line]

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
        let (g, rows, columns) = (geometry, rows, columns)
        return LoopKernel { context in
            let images = context.input(0, as: Element.self)
            var y = context.output(0, as: Float.self)
            let channels = g.channels, line = g.input.width * channels
            columns.withUnsafeBufferPointer { columns in
                for image in 0..<g.batch {
                    let pixels = images + image * g.input.height * line
                    for row in rows {
                        let top = pixels + row.lower * line, bottom = pixels + row.upper * line
                        for column in columns {
                            let left = column.lower * channels, right = column.upper * channels
                            for c in 0..<channels {
                                let a = top[left + c].asFloat, b = top[right + c].asFloat
                                let d = bottom[left + c].asFloat, e = bottom[right + c].asFloat
                                let upper = a + (b - a) * column.fraction, lower = d + (e - d) * column.fraction
                                y[c] = upper + (lower - upper) * row.fraction
                            }
                            y += channels
                        }
                    }
                }
            }
        }
    }
}

/// Sums of weighted rows and columns.
private struct WeightedMaker: NumericVisitor {
    let geometry: ImageGeometry
    let rows: ImageSampling.Taps
    let columns: ImageSampling.Taps
    /// A factor of every sum.
    let scale: Float

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
        let (g, rows, columns, scale) = (geometry, rows, columns, scale)
        return LoopKernel { context in
            let images = context.input(0, as: Element.self)
            var y = context.output(0, as: Float.self)
            let channels = g.channels, line = g.input.width * channels
            for image in 0..<g.batch {
                let pixels = images + image * g.input.height * line
                for row in 0..<g.output.height {
                    for column in 0..<g.output.width {
                        for c in 0..<channels {
                            var sum: Float = 0
                            for i in rows.range(row) {
                                var part: Float = 0
                                for j in columns.range(column) {
                                    part += columns.weights[j] * pixels[rows.places[i] * line + columns.places[j] * channels + c].asFloat
                                }
                                sum += rows.weights[i] * part
                            }
                            y[c] = sum * scale
                        }
                        y += channels
                    }
                }
            }
        }
    }
}

enum ImageResizeOperators {
    static let spellings: [OperatorSpelling] =
        ([.bilinear, .nearest, .bicubic, .area] as [ImageResize.Method]).map { method in
            .tensorFlow(method.rawValue) { reader throws(OperatorError) in try ImageResize(reader, method) }
        } + [
            .tensorFlow("ScaleAndTranslate") { reader throws(OperatorError) in try ScaleAndTranslate(reader) },
            .tensorFlow("CropAndResize") { reader throws(OperatorError) in try CropAndResize(reader) },
            .tensorFlow("ImageProjectiveTransformV2") { reader throws(OperatorError) in try ProjectiveTransform(reader) },
            .tensorFlow("ImageProjectiveTransformV3") { reader throws(OperatorError) in try ProjectiveTransform(reader) },
        ]
}
