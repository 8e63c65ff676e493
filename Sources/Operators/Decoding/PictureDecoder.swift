import CImages
import GraphIR
import Tensors

/// Pixels of a file: PNG, JPEG, GIF, BMP or WebP, told apart by their first bytes.
///
/// - Shapes: contents (a scalar string) (, crop window (4): y, x, height, width) → [height, width, channels], animations
///   [frames, height, width, channels]; uint8, on request uint16 or float32 (0 to 1).
/// - Source: TensorFlow operators DecodePng, DecodeJpeg, DecodeAndCropJpeg, DecodeGif, DecodeBmp, DecodeWebP and DecodeImage. All but
///   DecodeBmp and DecodeAndCropJpeg read each other's formats.
struct PictureDecoder: DynamicOperator {
    enum Request: String, Sendable {
        case png = "DecodePng"
        case jpeg = "DecodeJpeg"
        case croppedJPEG = "DecodeAndCropJpeg"
        case gif = "DecodeGif"
        case bmp = "DecodeBmp"
        case webP = "DecodeWebP"
        case any = "DecodeImage"
    }

    let request: Request
    /// 0: those of the file.
    let channels: Int
    let elementType: ElementType
    let expandsAnimations: Bool
    let jpeg: JPEGAttributes

    init(_ reader: AttributeReader, _ request: Request) throws(OperatorError) {
        self.request = request
        channels = request == .gif ? 3 : try reader.integer("channels", default: 0)
        guard [0, 1, 3, 4].contains(channels) else {
            throw .invalidAttribute(name: "channels", reason: "is \(channels), expected 0, 1, 3 or 4")
        }
        let types: Set<ElementType> = request == .any ? [.uint8, .uint16, .float32] : request == .png ? [.uint8, .uint16] : [.uint8]
        elementType = try reader.elementType("dtype", default: .uint8, of: types)
        expandsAnimations = try reader.flag("expand_animations", default: true)
        jpeg = try JPEGAttributes(reader)
    }

    var name: String { request.rawValue }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(request == .croppedJPEG ? 2...2 : 1...1)
        try Self.checkContents(inputs)
        if request == .croppedJPEG {
            _ = try inputs.required(1, of: [.int32])
            try ImageInputs.check(inputs, 1, [4])
        }
        let depth: Dimension = channels == 0 ? .unknown : .known(channels)
        switch request {
        case .png, .jpeg, .croppedJPEG, .bmp: return [ValueFact(elementType, SymbolicShape([.unknown, .unknown, depth]))]
        case .gif: return [ValueFact(elementType, SymbolicShape([.unknown, .unknown, .unknown, .known(3)]))]
        case .webP, .any: return [ValueFact(elementType, nil as SymbolicShape?)]
        }
    }

    /// Refuses an input 0 that is no string.
    static func checkContents(_ inputs: OperatorInputs) throws(OperatorError) {
        guard try inputs.required(0).valueType.isText else { throw .invalidInput(index: 0, reason: "is no string") }
        try ImageInputs.check(inputs, 0, [])
    }

    /// The one string that input `index` holds.
    static func contents(_ context: EvaluationContext, _ index: Int = 0) throws(OperatorError) -> [UInt8] {
        guard case .object(.strings(let strings)) = try context.value(index), let first = strings.elements.first,
            strings.elements.count == 1
        else { throw .invalidInput(index: index, reason: "is not one string") }
        return first
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let contents = try Self.contents(context)
        let file = PictureFile(contents: contents, context: context)
        return [.tensor(try decoded(file))]
    }

    private func decoded(_ file: PictureFile) throws(OperatorError) -> Tensor {
        switch PictureFormat(file.contents) {
        case .jpeg:
            guard request != .bmp, channels != 4 else { throw unfit("JPEG") }
            let options = try jpeg.options(channels: channels, crop: request == .croppedJPEG ? file.context.required(1) : nil)
            return try finished(file.jpeg(options), isAnimation: false, file)
        case .png:
            guard request != .bmp, request != .croppedJPEG else { throw unfit("PNG") }
            let wide = try file.png(channels: channels, bits: elementType == .uint8 ? 8 : 16)
            return try finished(wide, isAnimation: false, file)
        case .gif:
            guard request != .bmp, request != .croppedJPEG, channels == 0 || channels == 3 else { throw unfit("GIF") }
            let keepsFrames = request == .gif || (request == .any && expandsAnimations)
            let frames = try file.gif(firstOnly: request == .any && !expandsAnimations)
            guard keepsFrames || frames.shape[0] == 1 else {
                throw .invalidValue("a GIF of \(frames.shape[0]) frames can only be decoded by decode_gif or decode_image")
            }
            return try finished(frames, isAnimation: keepsFrames, file)
        case .bmp:
            guard request == .bmp || request == .any, channels != 1 else { throw unfit("BMP") }
            return try finished(file.bmp(channels: channels), isAnimation: false, file)
        case .webP:
            guard elementType == .uint8, channels != 1, request != .bmp, request != .croppedJPEG else { throw unfit("WebP") }
            let keepsFrames = request == .any ? expandsAnimations : true
            return try finished(file.webP(channels: channels, firstOnly: !keepsFrames), isAnimation: keepsFrames, file)
        case nil: throw .invalidValue("the contents are no PNG, JPEG, GIF, BMP or WebP")
        }
    }

    private func unfit(_ format: String) -> OperatorError {
        .invalidValue("\(name) with \(channels) channels of \(elementType) cannot take the contents, which are a \(format)")
    }

    /// Frames [n, h, w, c] as the operator gives them: without the first axis for pictures, in its element type.
    private func finished(_ frames: Tensor, isAnimation: Bool, _ file: PictureFile) throws(OperatorError) -> Tensor {
        let keeps = isAnimation || request == .gif
        let shape = keeps ? frames.shape : Shape(Array(frames.shape.extents.dropFirst()))
        guard frames.elementType != elementType else { return frames.reshaped(shape) }
        let count = frames.elementCount
        return try file.context.makeTensor(TensorSpec(elementType, shape)) { bytes in
            frames.withBytes { source in
                switch (frames.elementType, elementType) {
                case (.uint8, .uint16):
                    let from = source.bindMemory(to: UInt8.self), to = bytes.bindMemory(to: UInt16.self)
                    for index in 0..<count { to[index] = UInt16(from[index]) * 256 }
                case (.uint8, _):
                    let from = source.bindMemory(to: UInt8.self), to = bytes.bindMemory(to: Float.self), scale: Float = 1 / 255
                    for index in 0..<count { to[index] = Float(from[index]) * scale }
                default:
                    let from = source.bindMemory(to: UInt16.self), to = bytes.bindMemory(to: Float.self), scale: Float = 1 / 65535
                    for index in 0..<count { to[index] = Float(from[index]) * scale }
                }
            }
        }
    }
}

/// A picture format, by its first bytes.
enum PictureFormat {
    case jpeg, png, gif, bmp, webP

    init?(_ bytes: [UInt8]) {
        func begins(_ prefix: [UInt8], at place: Int = 0) -> Bool { bytes.dropFirst(place).starts(with: prefix) }
        if begins([0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if begins([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else if begins(Array("GIF8".utf8)) {
            self = .gif
        } else if begins(Array("BM".utf8)) {
            self = .bmp
        } else if begins(Array("RIFF".utf8)), begins(Array("WEBP".utf8), at: 8), bytes.count > 12 {
            self = .webP
        } else {
            return nil
        }
    }
}

/// How JPEG files are decoded; operators that lack the attributes have the defaults.
struct JPEGAttributes: Sendable {
    let ratio: Int
    let smoothsChroma: Bool
    let recovers: Bool
    let isFast: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        ratio = try reader.integer("ratio", default: 1)
        guard [1, 2, 4, 8].contains(ratio) else { throw .invalidAttribute(name: "ratio", reason: "is \(ratio), expected 1, 2, 4 or 8") }
        smoothsChroma = try reader.flag("fancy_upscaling", default: true)
        recovers = try reader.flag("try_recover_truncated", default: false)
        switch try reader.string("dct_method", default: "") {
        case "", "INTEGER_FAST": isFast = true
        case "INTEGER_ACCURATE": isFast = false
        case let other: throw .invalidAttribute(name: "dct_method", reason: "is \"\(other)\", expected INTEGER_FAST or INTEGER_ACCURATE")
        }
    }

    func options(channels: Int, crop: TensorView?) throws(OperatorError) -> apus_jpeg_options {
        var options = apus_jpeg_options()
        options.channels = Int32(channels)
        options.ratio = Int32(ratio)
        options.smooths_chroma = smoothsChroma
        options.fast_transform = isFast
        options.recovers = recovers
        guard let crop else { return options }
        let window = crop.integers?.compactMap { UInt32(exactly: $0) } ?? []
        guard window.count == 4, window[2] > 0, window[3] > 0 else {
            throw .invalidInput(index: 1, reason: "is no window: y, x, height and width inside the picture")
        }
        options.crops = true
        (options.crop_y, options.crop_x, options.crop_height, options.crop_width) = (window[0], window[1], window[2], window[3])
        return options
    }
}
