import GraphIR
import Tensors

/// Images seen through a projective map: output (x, y) shows the input at
/// ((a0·x + a1·y + a2) / k, (b0·x + b1·y + b2) / k) with k = c0·x + c1·y + 1.
///
/// - Shapes: images [N, H, W, C], transforms [N or 1, 8] (a0, a1, a2, b0, b1, b2, c0, c1), size (2) (, fill value) → [N, H′, W′, C].
/// - Numerics: what lies outside is filled by the rule of `fill_mode`; integers are cut off.
/// - Source: TensorFlow operators ImageProjectiveTransformV2 and ImageProjectiveTransformV3.
struct ProjectiveTransform: Operator {
    enum Interpolation: String, CaseIterable, Sendable { case nearest = "NEAREST", bilinear = "BILINEAR" }
    enum Fill: String, CaseIterable, Sendable { case constant = "CONSTANT", reflect = "REFLECT", wrap = "WRAP", nearest = "NEAREST" }

    let name: String
    let interpolation: Interpolation
    let fill: Fill
    let hasFillValue: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        name = reader.node.operatorName
        guard reader.has("interpolation") else { throw .invalidAttribute(name: "interpolation", reason: "is missing") }
        interpolation = try reader.choice("interpolation", default: .nearest)
        fill = try reader.choice("fill_mode", default: .constant)
        hasFillValue = name.hasSuffix("3")
    }

    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(hasFillValue ? 4...4 : 3...3)
        let images = try inputs.required(0, of: [.uint8, .int32, .int64, .float16, .bfloat16, .float32, .float64])
        _ = try inputs.required(1, of: [.float32])
        try ImageInputs.check(inputs, 1, [nil, 8])
        if hasFillValue { _ = try inputs.required(3, of: [.float32]) }
        let shape = try ImageInputs.shape(images)
        if let batch = shape[0].value, let count = inputs[1]?.shape?[0].value, count != 1, count != batch {
            throw .invalidInput(index: 1, reason: "has \(count) transforms for \(batch) images")
        }
        return [ValueFact(images.elementType, try ImageInputs.resized(shape, ImageInputs.size(inputs, 2)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 1), inputs.axis(0) == 0 else { return .mixed(RowReason.parameter) }
        if inputs[1]?.axis == nil {
            return inputs.extents(1)?.first == 1 ? .rows(axis: 0, of: inputs) : .mixed(RowReason.positional)
        }
        return inputs.axis(1) == 0 && inputs.extents(1)?.first == inputs.extents(0)?.first
            ? .rows(axis: 0, of: inputs) : .mixed(RowReason.crossed)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let images = try context.input(0), geometry = ImageGeometry(input: images.shape, output: context.outputs[0].shape)
        let isShared = try context.input(1).shape[0] == 1
        switch images.elementType {
        case .float32: return kernel(geometry, isShared, Float.self, { $0 }, { $0 })
        case .float64: return kernel(geometry, isShared, Double.self, { Float($0) }, { Double($0) })
        case .uint8: return kernel(geometry, isShared, UInt8.self, { Float($0) }, { UInt8(truncatingIfNeeded: Self.cut($0)) })
        case .int32: return kernel(geometry, isShared, Int32.self, { Float($0) }, { Int32(truncatingIfNeeded: Self.cut($0)) })
        case .int64: return kernel(geometry, isShared, Int64.self, { Float($0) }, { Int64(Self.cut($0)) })
        default: return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in try compile(context) }
        }
    }

    private static func cut(_ value: Float) -> Int { Int(exactly: value.rounded(.towardZero)) ?? Int.min }

    private func kernel<Element>(
        _ geometry: ImageGeometry, _ isShared: Bool, _: Element.Type, _ widen: @escaping @Sendable (Element) -> Float,
        _ narrow: @escaping @Sendable (Float) -> Element
    ) -> CompiledOperator {
        let op = self
        return CompiledOperator(
            LoopKernel { context in
                let filler = op.hasFillValue ? context.input(3, as: Float.self)[0] : 0
                let count = geometry.input.height * geometry.input.width * geometry.channels
                var y = context.output(0, as: Element.self)
                for image in 0..<geometry.batch {
                    let pixels = context.input(0, as: Element.self) + image * count
                    let t = context.input(1, as: Float.self) + (isShared ? 0 : 8 * image)
                    for row in 0..<geometry.output.height {
                        for column in 0..<geometry.output.width {
                            let place = op.place(t, Float(column), Float(row), geometry)
                            for c in 0..<geometry.channels {
                                y[c] = narrow(
                                    op.sample(place, geometry, filler) { row, column in
                                        widen(pixels[(row * geometry.input.width + column) * geometry.channels + c])
                                    })
                            }
                            y += geometry.channels
                        }
                    }
                }
            })
    }

    /// The input place of an output pixel; nil where the map has none.
    private func place(_ t: UnsafePointer<Float>, _ x: Float, _ y: Float, _ g: ImageGeometry) -> (x: Float, y: Float)? {
        let projection = t[6] * x + t[7] * y + 1
        guard projection != 0 else { return nil }
        let at = ((t[0] * x + t[1] * y + t[2]) / projection, (t[3] * x + t[4] * y + t[5]) / projection)
        return (mapped(at.0, g.input.width), mapped(at.1, g.input.height))
    }

    private func mapped(_ place: Float, _ extent: Int) -> Float {
        let length = Float(extent)
        var at = place
        switch fill {
        case .constant: return at
        case .nearest: break
        case .reflect:
            if at < 0 {
                let period = 2 * length
                if extent <= 1 {
                    at = 0
                } else {
                    if at < period { at = period * (-at / period).rounded(.towardZero) + at }
                    at = at < -length ? at + period : -at - 1
                }
            } else if at > length - 1 {
                let period = 2 * length
                if extent <= 1 {
                    at = 0
                } else {
                    at -= period * (at / period).rounded(.towardZero)
                    if at >= length { at = period - at - 1 }
                }
            }
        case .wrap:
            if at < 0 {
                at = extent <= 1 ? 0 : at + length * ((-at / (length - 1)).rounded(.towardZero) + 1)
            } else if at > length - 1 {
                at = extent <= 1 ? 0 : at - length * (at / (length - 1)).rounded(.towardZero)
            }
        }
        return min(max(at, 0), length - 1)
    }

    @inline(__always)
    private func sample(_ place: (x: Float, y: Float)?, _ g: ImageGeometry, _ filler: Float, _ pixel: (Int, Int) -> Float) -> Float {
        guard let place, place.x.isFinite, place.y.isFinite else { return filler }
        func read(_ row: Float, _ column: Float) -> Float {
            guard row >= 0, row < Float(g.input.height), column >= 0, column < Float(g.input.width) else { return filler }
            return pixel(Int(row), Int(column))
        }
        if interpolation == .nearest {
            return read(place.y.rounded(.toNearestOrAwayFromZero), place.x.rounded(.toNearestOrAwayFromZero))
        }
        let top = place.y.rounded(.down), left = place.x.rounded(.down), bottom = top + 1, right = left + 1
        let upper = (right - place.x) * read(top, left) + (place.x - left) * read(top, right)
        let lower = (right - place.x) * read(bottom, left) + (place.x - left) * read(bottom, right)
        return (bottom - place.y) * upper + (place.y - top) * lower
    }
}
