import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Images stretched and moved, each output pixel a weighted sum of the pixels around its place.
///
/// - Shapes: images [N, H, W, C], size (2), scale (2), translation (2) → float32 [N, H′, W′, C].
/// - Numerics: a place outside the image gives 0; with `antialias` the weights widen when the image shrinks.
/// - Source: TensorFlow operator ScaleAndTranslate.
struct ScaleAndTranslate: DynamicOperator {
    let filter: ImageFilter
    let antialias: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        filter = try reader.choice("kernel_type", default: ImageFilter.lanczos3)
        antialias = try reader.flag("antialias", default: true)
    }

    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let images = try inputs.required(0, of: ElementTypes.numbers)
        for index in 2...3 {
            _ = try inputs.required(index, of: [.float32])
            try ImageInputs.check(inputs, index, [2])
        }
        let size = try ImageInputs.size(inputs, 1)
        return [ValueFact(.float32, try ImageInputs.resized(ImageInputs.shape(images), size))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.imagewise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let images = try context.required(0)
        let facts = context.inputs.map { input -> ValueFact? in
            guard case .dense(let view)? = input else { return nil }
            return ValueFact(constant: Tensor(borrowing: view))
        }
        guard let output = try infer(OperatorInputs(facts))[0].concrete else {
            throw OperatorError.invalidInput(index: 1, reason: "is no size")
        }
        let scale = try context.required(2).values(Float.self), translation = try context.required(3).values(Float.self)
        guard scale.allSatisfy({ $0 > 0 && $0.isFinite }), translation.allSatisfy(\.isFinite) else {
            throw OperatorError.invalidValue("scale \(scale) and translation \(translation) are not all positive and finite")
        }
        let geometry = ImageGeometry(input: images.shape, output: output.shape)
        guard output.shape.elementCount > 0 else { return [.tensor(try context.makeTensor(output) { _ in })] }
        guard geometry.input.height > 0, geometry.input.width > 0 else {
            throw OperatorError.invalidInput(index: 0, reason: "has no pixels: \(images.shape)")
        }
        let tapCount = ByteCount.sum(
            taps(scale[0], geometry.input.height, geometry.output.height), taps(scale[1], geometry.input.width, geometry.output.width))
        let between = ByteCount.product(
            ByteCount.product(geometry.output.height, geometry.input.width), ByteCount.product(geometry.channels, geometry.batch))
        let scratch = ByteCount.sum(ByteCount.product(tapCount, 24), ByteCount.product(between, 4))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            let rows = filter.taps(
                input: geometry.input.height, output: geometry.output.height, scale: scale[0], translation: translation[0], antialias)
            let columns = filter.taps(
                input: geometry.input.width, output: geometry.output.width, scale: scale[1], translation: translation[1], antialias)
            let result = try context.makeTensor(output) { bytes in bytes.initializeMemory(as: UInt8.self, repeating: 0) }
            try images.elementType.dispatch(
                Gatherer(images: images, geometry: geometry, rows: rows, columns: columns, between: between, result: result))
            return [.tensor(result)]
        }
    }

    /// At most so many taps along one axis.
    private func taps(_ scale: Float, _ input: Int, _ output: Int) -> Int {
        let width = 2 * (Double(filter.radius) * Double(antialias ? max(1 / scale, 1) : 1)).rounded(.up) + 2
        return ByteCount.product(Int(min(width, Double(input))) + 1, output)
    }
}

/// Rows first, then columns.
private struct Gatherer: NumericVisitor {
    let images: TensorView
    let geometry: ImageGeometry
    let rows: ImageSampling.Taps
    let columns: ImageSampling.Taps
    let between: Int
    let result: Tensor

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
        let g = geometry, line = g.input.width * g.channels
        let pixels = images.baseAddress.assumingMemoryBound(to: Element.self)
        var middle = [Float](repeating: 0, count: between)
        for image in 0..<g.batch {
            for row in 0..<g.output.height {
                let to = (image * g.output.height + row) * line
                for tap in rows.range(row) {
                    let from = pixels + (image * g.input.height + rows.places[tap]) * line, weight = rows.weights[tap]
                    for x in 0..<line { middle[to + x] += weight * from[x].asFloat }
                }
            }
        }
        let y = result.storage.baseAddress.assumingMemoryBound(to: Float.self)
        for row in 0..<g.batch * g.output.height {
            for column in 0..<g.output.width {
                let to = y + (row * g.output.width + column) * g.channels
                for tap in columns.range(column) {
                    let from = row * line + columns.places[tap] * g.channels, weight = columns.weights[tap]
                    for c in 0..<g.channels { to[c] += weight * middle[from + c] }
                }
            }
        }
        withExtendedLifetime(result) {}
    }
}

/// A weight by distance.
enum ImageFilter: String, CaseIterable, Sendable {
    case lanczos1, lanczos3, lanczos5, gaussian, box, triangle, keyscubic, mitchellcubic

    var radius: Float {
        switch self {
        case .lanczos1, .triangle: 1
        case .lanczos3: 3
        case .lanczos5: 5
        case .gaussian: 1.5
        case .box: 0.5
        case .keyscubic, .mitchellcubic: 2
        }
    }

    func weight(_ x: Float) -> Float {
        switch self {
        case .lanczos1, .lanczos3, .lanczos5:
            if x > radius { return 0 }
            if x <= 1e-3 { return 1 }
            return radius * sinf(.pi * x) * sinf(.pi * x / radius) / (.pi * .pi * x * x)
        case .gaussian:
            let sigma = radius / 3
            return x >= radius ? 0 : expf(-x * x / (2 * sigma * sigma))
        case .box: return x < 0.5 ? 1 : x == 0.5 ? 0.5 : 0
        case .triangle: return x < 1 ? 1 - x : 0
        case .keyscubic:
            if x >= 2 { return 0 }
            return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : ((1.5 * x - 2.5) * x) * x + 1
        case .mitchellcubic:
            if x >= 2 { return 0 }
            return x >= 1
                ? (((-7.0 / 18) * x + 2) * x - 10.0 / 3) * x + 16.0 / 9 : (((7.0 / 6) * x - 2) * x) * x + 8.0 / 9
        }
    }

    /// The weighted input positions of every output position of one axis; none where the place lies outside.
    func taps(input: Int, output: Int, scale: Float, translation: Float, _ antialias: Bool) -> ImageSampling.Taps {
        var taps = ImageSampling.Taps()
        let inverse = 1 / scale, shift = -inverse * translation, stretch = antialias ? max(inverse, 1) : 1, factor = 1 / stretch
        for position in 0..<output {
            let place = (Float(position) + 0.5) * inverse + shift
            defer { taps.starts.append(taps.places.count) }
            guard place >= 0, place <= Float(input) else { continue }
            let first = bound((place - radius * stretch - 0.5).rounded(.up), input)
            let last = max(bound((place + radius * stretch - 0.5).rounded(.down), input), first)
            var weights: [Float] = [], sum: Float = 0
            for source in first...last {
                let weight = weight(abs((Float(source) + 0.5 - place) * factor))
                weights.append(weight)
                sum += weight
            }
            guard abs(sum) >= 1000 * Float.leastNormalMagnitude else { continue }
            let normalized = 1 / sum
            taps.places += first...last
            taps.weights += weights.map { $0 * normalized }
        }
        return taps
    }

    private func bound(_ place: Float, _ input: Int) -> Int { Int(min(max(place, 0), Float(input - 1))) }
}
