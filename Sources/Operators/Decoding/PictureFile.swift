import CImages
import GraphIR
import Tensors

/// Bytes of a picture file and the run that decodes them: sizes are read first, and memory is charged before it is taken.
///
/// Results are frames [n, height, width, channels].
struct PictureFile {
    let contents: [UInt8]
    let context: EvaluationContext

    /// Most pixels of a picture; nobody's memory allows more.
    static let pixelLimit = 1 << 29

    private typealias Step = (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<apus_message>) -> Bool

    /// Runs one step of a C decoder over the contents.
    private func call(_ format: String, _ step: Step) throws(OperatorError) {
        var message = apus_message()
        let isDone = contents.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { step($0, bytes.count, &message) } ?? false
        }
        guard isDone else {
            let text = withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw .invalidValue("the \(format) contents cannot be decoded: \(text.isEmpty ? "they are empty" : text)")
        }
    }

    /// The shape of so many frames of a picture, refused when it has no pixels or too many.
    static func shape(frames: Int, height: Int, width: Int, channels: Int) throws(OperatorError) -> Shape {
        let pixels = ByteCount.product(height, width)
        guard height > 0, width > 0, frames > 0, pixels < pixelLimit else {
            throw .invalidValue("a picture of \(width) by \(height) pixels is empty or too large")
        }
        return try Shape(checked: [frames, height, width, channels], what: "the picture")
    }

    private func frames(
        _ picture: apus_picture, _ format: String, count: Int, type: ElementType = .uint8,
        _ decode: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>, Int, UnsafeMutablePointer<apus_message>) -> Bool
    ) throws(OperatorError) -> Tensor {
        let shape = try Self.shape(
            frames: count, height: Int(picture.height), width: Int(picture.width), channels: Int(picture.channels))
        let working = Int(clamping: picture.working_bytes)
        return try context.withScratch(working) { () throws(OperatorError) in
            let result = try context.makeTensor(TensorSpec(type, shape)) { _ in }
            defer { withExtendedLifetime(result) {} }
            try call(format) { data, count, message in
                let samples = result.storage.baseAddress.assumingMemoryBound(to: UInt8.self)
                return decode(data, count, samples, result.spec.byteCount, message)
            }
            return result
        }
    }

    func png(channels: Int, bits: Int) throws(OperatorError) -> Tensor {
        var picture = apus_picture()
        try call("PNG") { data, count, message in apus_png_measure(data, count, Int32(channels), &picture, message) }
        return try frames(picture, "PNG", count: 1, type: bits == 16 ? .uint16 : .uint8) { data, count, samples, byteCount, message in
            apus_png_decode(data, count, Int32(channels), Int32(bits), samples, byteCount, message)
        }
    }

    func jpeg(_ options: apus_jpeg_options) throws(OperatorError) -> Tensor {
        var picture = apus_picture(), options = options
        try call("JPEG") { data, count, message in apus_jpeg_measure(data, count, &options, &picture, message) }
        _ = try Self.shape(frames: 1, height: Int(picture.height), width: Int(picture.width), channels: Int(picture.channels))
        if options.crops {
            guard UInt64(options.crop_y) + UInt64(options.crop_height) <= picture.height,
                UInt64(options.crop_x) + UInt64(options.crop_width) <= picture.width
            else { throw .invalidInput(index: 1, reason: "reaches outside the picture of \(picture.width) by \(picture.height) pixels") }
            picture.height = options.crop_height
            picture.width = options.crop_width
        }
        return try frames(picture, "JPEG", count: 1) { data, count, samples, byteCount, message in
            apus_jpeg_decode(data, count, &options, samples, byteCount, message)
        }
    }

    /// The picture's sizes.
    func jpegShape() throws(OperatorError) -> (height: Int, width: Int, channels: Int) {
        var picture = apus_picture(), options = apus_jpeg_options()
        options.ratio = 1
        try call("JPEG") { data, count, message in apus_jpeg_measure(data, count, &options, &picture, message) }
        return (Int(picture.height), Int(picture.width), Int(picture.channels))
    }

    func webP(channels: Int, firstOnly: Bool) throws(OperatorError) -> Tensor {
        var picture = apus_picture()
        try call("WebP") { data, count, message in apus_webp_measure(data, count, &picture, message) }
        guard channels == 0 || channels == Int(picture.channels) else {
            throw .invalidValue("the WebP picture has \(picture.channels) channels, \(channels) are asked for")
        }
        let wanted = firstOnly ? 1 : picture.frames
        return try frames(picture, "WebP", count: Int(wanted)) { data, count, samples, byteCount, message in
            apus_webp_decode(data, count, wanted, samples, byteCount, message)
        }
    }
}
