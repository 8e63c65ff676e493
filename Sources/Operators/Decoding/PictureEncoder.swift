import CImages
import GraphIR
import Tensors

/// Images as PNG files.
///
/// - Shapes: images [..., H, W, C] of uint8 or uint16 → strings [...].
/// - Source: TensorFlow operator EncodePng.
struct PNGEncoder: DynamicOperator {
    let compression: Int
    var name: String { "EncodePng" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        compression = try reader.integer("compression", default: -1)
        guard (-1...9).contains(compression) else {
            throw .invalidAttribute(name: "compression", reason: "is \(compression), expected -1 to 9")
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let type = try inputs.required(0).valueType.tensor, [.uint8, .uint16].contains(type.elementType) else {
            throw .invalidInput(index: 0, reason: "is no image of uint8 or uint16")
        }
        guard let shape = type.shape else { return [ValueFact(.string, nil as SymbolicShape?)] }
        guard shape.rank >= 3 else { throw .invalidInput(index: 0, reason: "is \(shape), expected at least height, width and channels") }
        return [ValueFact(.string, SymbolicShape(Array(shape.dimensions.dropLast(3))))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let images = try context.required(0), shape = images.shape
        let (height, width, channels) = try EncodedPicture.sizes(shape, channels: 1...4)
        let outer = Shape(Array(shape.extents.dropLast(3))), bytes = images.elementType.byteCount
        let size = ByteCount.product(ByteCount.product(height, width), channels * bytes)
        var files: [[UInt8]] = []
        for image in 0..<outer.elementCount {
            try context.checkStop()
            files.append(
                try EncodedPicture.bytes(context, sampleBytes: size) { output, message in
                    apus_png_encode(
                        images.baseAddress + image * size, UInt32(width), UInt32(height), Int32(channels), Int32(8 * bytes),
                        Int32(compression), output, message)
                })
        }
        return [.strings(StringTensor(shape: outer, elements: files))]
    }
}

/// An image as a JPEG file.
///
/// - Shapes: image [H, W, C] of uint8 (, quality (scalar)) → a string.
/// - Source: TensorFlow operators EncodeJpeg and EncodeJpegVariableQuality.
struct JPEGEncoder: DynamicOperator {
    let readsQuality: Bool
    /// Channels that the format asks for; nil for those of the image.
    let channels: Int?
    let quality: Int
    let isProgressive: Bool
    let optimizes: Bool
    let halvesChroma: Bool
    let densityUnit: Int
    let density: (x: Int, y: Int)
    let metadata: [UInt8]
    var name: String { readsQuality ? "EncodeJpegVariableQuality" : "EncodeJpeg" }

    init(_ reader: AttributeReader, readsQuality: Bool) throws(OperatorError) {
        self.readsQuality = readsQuality
        switch try reader.string("format", default: "") {
        case "": channels = nil
        case "grayscale": channels = 1
        case "rgb": channels = 3
        case let other: throw .invalidAttribute(name: "format", reason: "is \"\(other)\", expected grayscale or rgb")
        }
        quality = try reader.integer("quality", default: 95)
        guard (0...100).contains(quality) else { throw .invalidAttribute(name: "quality", reason: "is \(quality), expected 0 to 100") }
        isProgressive = try reader.flag("progressive", default: false)
        optimizes = try reader.flag("optimize_size", default: false)
        halvesChroma = try reader.flag("chroma_downsampling", default: true)
        switch try reader.string("density_unit", default: "in") {
        case "in": densityUnit = 1
        case "cm": densityUnit = 2
        case let other: throw .invalidAttribute(name: "density_unit", reason: "is \"\(other)\", expected in or cm")
        }
        density = (try reader.integer("x_density", default: 300), try reader.integer("y_density", default: 300))
        guard (0...65535).contains(density.x), (0...65535).contains(density.y) else {
            throw .invalidAttribute(name: "x_density", reason: "or y_density is outside 0 to 65535")
        }
        metadata = Array(try reader.string("xmp_metadata", default: "").utf8)
        guard metadata.count < 65000 else {
            throw .invalidAttribute(name: "xmp_metadata", reason: "has \(metadata.count) bytes, over 65000")
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(readsQuality ? 2...2 : 1...1)
        guard try inputs.required(0).valueType.tensor?.elementType == .uint8 else {
            throw .invalidInput(index: 0, reason: "is no image of uint8")
        }
        try ImageInputs.check(inputs, 0, [nil, nil, channels])
        if readsQuality {
            guard try inputs.required(1).valueType.tensor?.elementType == .int32 else {
                throw .invalidInput(index: 1, reason: "is no int32")
            }
        }
        return [ValueFact(.string, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let image = try context.required(0)
        guard image.elementType == .uint8, image.shape.rank == 3 else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(image.spec), expected uint8 of 3 axes")
        }
        let sizes = try EncodedPicture.sizes(image.shape, channels: 1...3)
        guard sizes.channels != 2, channels == nil || channels == sizes.channels else {
            throw OperatorError.invalidInput(
                index: 0, reason: "has \(sizes.channels) channels, expected \(channels.map(String.init) ?? "1 or 3")")
        }
        var settings = apus_jpeg_settings()
        settings.quality = Int32(try quality(context))
        settings.progressive = isProgressive
        settings.optimizes = optimizes
        settings.halves_chroma = halvesChroma
        settings.density_unit = Int32(densityUnit)
        settings.x_density = Int32(density.x)
        settings.y_density = Int32(density.y)
        let file = try metadata.withUnsafeBufferPointer { metadata throws(OperatorError) in
            settings.metadata = metadata.isEmpty ? nil : metadata.baseAddress
            settings.metadata_count = metadata.count
            return try EncodedPicture.bytes(context, sampleBytes: image.elementCount) { output, message in
                let samples = image.baseAddress.assumingMemoryBound(to: UInt8.self)
                return apus_jpeg_encode(
                    samples, UInt32(sizes.width), UInt32(sizes.height), Int32(sizes.channels), &settings, output, message)
            }
        }
        return [.strings(StringTensor(shape: .scalar, elements: [file]))]
    }

    private func quality(_ context: EvaluationContext) throws(OperatorError) -> Int {
        guard readsQuality else { return quality }
        guard let value = try context.required(1).integers?.first, (0...100).contains(value) else {
            throw .invalidInput(index: 1, reason: "is no quality of 0 to 100")
        }
        return value
    }
}

enum EncodedPicture {
    /// Height, width and channels of the last three axes.
    static func sizes(_ shape: Shape, channels: ClosedRange<Int>) throws(OperatorError) -> (height: Int, width: Int, channels: Int) {
        guard shape.rank >= 3 else { throw .invalidInput(index: 0, reason: "is \(shape), expected height, width and channels") }
        let (height, width, depth) = (shape[shape.rank - 3], shape[shape.rank - 2], shape[shape.rank - 1])
        guard channels.contains(depth), height > 0, width > 0, height < 1 << 27, width < 1 << 27,
            ByteCount.product(height, width) < PictureFile.pixelLimit
        else { throw .invalidInput(index: 0, reason: "is \(shape), which is no picture that can be encoded") }
        return (height, width, depth)
    }

    /// What a C encoder writes; its memory is charged as more than any picture of so many bytes becomes.
    static func bytes(
        _ context: EvaluationContext, sampleBytes: Int,
        _ encode: (UnsafeMutablePointer<apus_bytes>, UnsafeMutablePointer<apus_message>) -> Bool
    ) throws(OperatorError) -> [UInt8] {
        try context.withScratch(ByteCount.sum(ByteCount.product(sampleBytes, 6), 1 << 19)) { () throws(OperatorError) in
            var output = apus_bytes(), message = apus_message()
            guard encode(&output, &message) else {
                let text = withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                throw .invalidValue("the picture cannot be encoded: \(text)")
            }
            defer { apus_bytes_free(output) }
            return Array(UnsafeBufferPointer(start: output.data, count: output.count))
        }
    }
}
