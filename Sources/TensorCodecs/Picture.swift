import CImages
import Tensors

/// A picture file in memory, JPEG or PNG, on its way into a tensor. Borrows the bytes.
@safe package struct Picture {
    package enum Format: String, Sendable {
        case jpeg = "JPEG"
        case png = "PNG"
    }

    package let format: Format
    package let height: Int
    package let width: Int
    /// As it will be decoded.
    package let channels: Int
    private let bytes: UnsafeRawBufferPointer

    /// Most pixels of a picture, and most bytes that decoding it may take beside the samples.
    package struct Limits: Sendable {
        package var pixelCount: Int
        package var workingByteCount: Int

        package init(pixelCount: Int = 1 << 26, workingByteCount: Int = 1 << 28) {
            self.pixelCount = pixelCount
            self.workingByteCount = workingByteCount
        }
    }

    /// Reads the header alone.
    ///
    /// - Parameter channels: 1 (grey), 3 (RGB), or for PNG 4 (RGBA).
    package init(_ bytes: UnsafeRawBufferPointer, _ format: Format, channels: Int, limits: Limits = Limits()) throws(TensorCodecError) {
        guard channels == 1 || channels == 3 || channels == 4 && format == .png else {
            throw .unsupported("is a \(format.rawValue) picture, which has no \(channels) channels")
        }
        var picture = apus_picture()
        try unsafe Self.call(bytes, format) { data, count, message in
            switch format {
            case .png: return unsafe apus_png_measure(data, count, Int32(channels), &picture, message)
            case .jpeg:
                var options = Self.options(channels)
                return unsafe apus_jpeg_measure(data, count, &options, &picture, message)
            }
        }
        let (pixels, overflow) = Int(picture.width).multipliedReportingOverflow(by: Int(picture.height))
        guard !overflow, pixels > 0, pixels <= limits.pixelCount, picture.working_bytes <= UInt64(limits.workingByteCount) else {
            throw .tooLarge(
                "is a \(format.rawValue) picture of \(picture.width) by \(picture.height) pixels; the limit is \(limits.pixelCount) pixels")
        }
        unsafe self.bytes = bytes
        self.format = format
        (height, width) = (Int(picture.height), Int(picture.width))
        self.channels = channels
    }

    /// Samples of the picture: height · width · channels.
    package var sampleCount: Int { height * width * channels }

    /// Decodes into `samples`, of `sampleCount` bytes: rows from top to bottom, the channels of a pixel side by side.
    package func decode(into samples: UnsafeMutableRawBufferPointer) throws(TensorCodecError) {
        precondition(samples.count >= sampleCount, "\(samples.count) bytes for \(sampleCount) samples")
        guard let start = samples.baseAddress else { return }
        let target = unsafe start.assumingMemoryBound(to: UInt8.self)
        try unsafe Self.call(bytes, format) { data, count, message in
            switch format {
            case .png: return unsafe apus_png_decode(data, count, Int32(channels), 8, target, sampleCount, message)
            case .jpeg:
                var options = Self.options(channels)
                return unsafe apus_jpeg_decode(data, count, &options, target, sampleCount, message)
            }
        }
    }

    /// As Pillow and OpenCV decode: the accurate transform, chroma smoothed.
    private static func options(_ channels: Int) -> apus_jpeg_options {
        var options = apus_jpeg_options()
        options.channels = Int32(channels)
        options.ratio = 1
        options.smooths_chroma = true
        return options
    }

    private static func call(
        _ bytes: UnsafeRawBufferPointer, _ format: Format,
        _ step: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<apus_message>) -> Bool
    ) throws(TensorCodecError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw .malformed("is empty, expected a \(format.rawValue) picture") }
        var message = apus_message()
        guard unsafe step(start.assumingMemoryBound(to: UInt8.self), bytes.count, &message) else {
            let text = unsafe withUnsafeBytes(of: message.text) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw .malformed("cannot be decoded as a \(format.rawValue) picture: \(text)")
        }
    }
}
