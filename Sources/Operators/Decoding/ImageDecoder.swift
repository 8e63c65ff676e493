import CImages
import GraphIR
import Tensors

/// Pixels of a picture file: JPEG, PNG, BMP, WebP, GIF or a portable pixmap or greymap, told apart by their first bytes.
///
/// - Shapes: uint8 contents [n] → uint8 [height, width, channels]; [0, 0, channels] when they cannot be decoded. The first picture
///   of an animation counts. TIFF and JPEG 2000 are refused.
/// - Source: ONNX operator ImageDecoder.
struct ImageDecoder: DynamicOperator {
    enum PixelFormat: String, CaseIterable, Sendable {
        case rgb = "RGB"
        case bgr = "BGR"
        case gray = "Grayscale"

        var channels: Int { self == .gray ? 1 : 3 }
    }

    let format: PixelFormat

    init(_ reader: AttributeReader) throws(OperatorError) { format = try reader.choice("pixel_format", default: .rgb) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.required(0, of: [.uint8])
        try ImageInputs.check(inputs, 0, [nil])
        return [ValueFact(.uint8, SymbolicShape([.unknown, .unknown, .known(format.channels)]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let view = try context.required(0)
        return try context.withScratch(view.spec.byteCount) { () throws(OperatorError) in
            let file = PictureFile(contents: Array(view.bytes), context: context)
            try Self.checkFormat(file.contents)
            do throws(OperatorError) {
                return [.tensor(try finished(try decoded(file), context))]
            } catch {
                guard case .invalidValue = error else { throw error }
                return [.tensor(try context.zeros(TensorSpec(.uint8, [0, 0, format.channels])))]
            }
        }
    }

    /// Refuses formats that the operator is defined for and that are not decoded here: no picture is no answer for them.
    private static func checkFormat(_ bytes: [UInt8]) throws(OperatorError) {
        let formats: [(name: String, start: [UInt8])] = [
            ("TIFF", [0x49, 0x49, 0x2a, 0]), ("TIFF", [0x4d, 0x4d, 0, 0x2a]),
            ("JPEG 2000", [0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20]),
            ("JPEG 2000", [0xff, 0x4f, 0xff, 0x51]),
        ]
        if let format = formats.first(where: { bytes.starts(with: $0.start) }) {
            throw .unsupported("a picture of format \(format.name)")
        }
    }

    /// Frames [n, height, width, channels].
    private func decoded(_ file: PictureFile) throws(OperatorError) -> Tensor {
        switch PictureFormat(file.contents) {
        case .jpeg:
            var options = apus_jpeg_options()
            options.channels = 3
            options.ratio = 1
            options.smooths_chroma = true
            return try file.jpeg(options)
        case .png: return try file.png(channels: 3, bits: 8)
        case .bmp: return try file.bmp(channels: 3)
        case .webP: return try file.webP(channels: 0, firstOnly: true)
        case .gif: return try file.gif(firstOnly: true)
        case nil: return try file.portableMap()
        }
    }

    /// The first frame in the pixel format that is asked for.
    private func finished(_ frames: Tensor, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let height = frames.shape[1], width = frames.shape[2], channels = frames.shape[3], format = format
        let step = channels > 2 ? 1 : 0
        return try context.makeTensor(TensorSpec(.uint8, [height, width, format.channels])) { bytes in
            frames.withBytes { source in
                for pixel in 0..<height * width {
                    let from = pixel * channels, to = pixel * format.channels
                    let red = source[from], green = source[from + step], blue = source[from + 2 * step]
                    switch format {
                    case .rgb: (bytes[to], bytes[to + 1], bytes[to + 2]) = (red, green, blue)
                    case .bgr: (bytes[to], bytes[to + 1], bytes[to + 2]) = (blue, green, red)
                    case .gray: bytes[to] = Self.luminance(red, green, blue)
                    }
                }
            }
        }
    }

    /// 0.299 red + 0.587 green + 0.114 blue, in units of 1/65536.
    private static func luminance(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: (UInt32(red) * 19595 + UInt32(green) * 38470 + UInt32(blue) * 7471 + 32768) >> 16)
    }
}

extension PictureFile {
    /// A binary portable pixmap (P6) or greymap (P5) of one byte a sample.
    func portableMap() throws(OperatorError) -> Tensor {
        let bytes = contents
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "P"), bytes[1] == UInt8(ascii: "5") || bytes[1] == UInt8(ascii: "6") else {
            throw .invalidValue("the contents are no JPEG, PNG, BMP, WebP, GIF or portable map")
        }
        let channels = bytes[1] == UInt8(ascii: "6") ? 3 : 1
        var place = 2
        guard let width = Self.number(bytes, &place), let height = Self.number(bytes, &place),
            let most = Self.number(bytes, &place), (1...255).contains(most)
        else { throw .invalidValue("the portable map has no sizes, or samples of more than one byte") }
        let shape = try Self.shape(frames: 1, height: height, width: width, channels: channels)
        // One white-space byte ends the header.
        let first = place + 1, count = shape.elementCount
        guard bytes.count - first >= count else { throw .invalidValue("the portable map ends early") }
        return try context.makeTensor(TensorSpec(.uint8, shape)) { output in
            for index in 0..<count {
                let sample = Int(bytes[first + index])
                output[index] = UInt8(truncatingIfNeeded: most == 255 ? sample : min(sample, most) * 255 / most)
            }
        }
    }

    /// The number that white space and comments precede; nil when there is none of up to nine digits.
    private static func number(_ bytes: [UInt8], _ place: inout Int) -> Int? {
        while place < bytes.count, isSpace(bytes[place]) || bytes[place] == UInt8(ascii: "#") {
            if bytes[place] == UInt8(ascii: "#") {
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            } else {
                place += 1
            }
        }
        let start = place
        var value = 0
        while place < bytes.count, place - start < 10, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
            value = 10 * value + Int(bytes[place] - UInt8(ascii: "0"))
            place += 1
        }
        return (1...9).contains(place - start) ? value : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }
}
