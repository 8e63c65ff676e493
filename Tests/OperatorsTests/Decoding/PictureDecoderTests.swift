import GraphIR
import Operators
import Tensors
import Testing

/// Files of pictures and sound that are whole, cut or damaged.
@Suite("Decoding")
struct PictureDecoderTests {
    /// A red and a green pixel above a blue and a white one.
    static let pixels: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]

    static let bmp: [UInt8] =
        Array("BM".utf8) + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0]
        + [UInt8](repeating: 0, count: 24) + [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0]

    static let gif: [UInt8] =
        Array("GIF89a".utf8) + [2, 0, 2, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255, 0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0]
        + [2, 3, 0x44, 0x02, 0x05, 0, 0x3b]

    static let wav: [UInt8] =
        Array("RIFF".utf8) + [40, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0]
        + [2, 0, 16, 0] + Array("data".utf8) + [4, 0, 0, 0, 0, 0x40, 0, 0x80]

    private func make(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> any DynamicOperator {
        let op = try makeOperator(name, in: DecodingOperators.spellings, dialect: .tensorFlow, attributes: attributes)
        return try #require(op as? any DynamicOperator)
    }

    private func run(
        _ name: String, _ contents: [UInt8], _ attributes: [String: Attribute] = [:], limit: Int = 1 << 23
    ) throws -> [RuntimeValue] {
        let value = RuntimeValue.strings(StringTensor(shape: .scalar, elements: [contents]))
        let context = EvaluationContext(inputs: [.object(value)], outputCount: 1, allowance: MemoryAllowance(byteLimit: limit))
        return try make(name, attributes).evaluate(context)
    }

    private func tensor(_ values: [RuntimeValue]) throws -> Tensor {
        guard case .tensor(let tensor)? = values.first else { throw OperatorError.invalidValue("no tensor") }
        return tensor
    }

    /// The pixels as a PNG or JPEG file.
    private func encoded(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> [UInt8] {
        let image = Tensor(Self.pixels, shape: [2, 2, 3])
        let context = EvaluationContext(inputs: [.dense(image.view)], outputCount: 1)
        let values = try withExtendedLifetime(image) { try make(name, attributes).evaluate(context) }
        guard case .strings(let strings)? = values.first else { throw OperatorError.invalidValue("no string") }
        return strings.elements[0]
    }

    @Test("what is encoded as PNG comes back")
    func png() throws {
        let file = try encoded("EncodePng")
        #expect(try tensor(run("DecodePng", file)).values(UInt8.self) == Self.pixels)
        #expect(try tensor(run("DecodeImage", file)).shape == [2, 2, 3])
        #expect(try tensor(run("DecodePng", file, ["channels": .integer(4)])).values(UInt8.self)[3] == 255)
        let wide = try tensor(run("DecodePng", file, ["dtype": .type(.tensor(TensorType(.uint16, nil)))]))
        #expect(wide.values(UInt16.self) == Self.pixels.map { UInt16($0) * 257 })
    }

    @Test("bitmaps and animations are read")
    func plainFormats() throws {
        #expect(try tensor(run("DecodeBmp", Self.bmp)).values(UInt8.self) == Self.pixels)
        let frames = try tensor(run("DecodeGif", Self.gif))
        #expect(frames.shape == [1, 2, 2, 3])
        #expect(Set(frames.values(UInt8.self)) == [0, 255])
        let sound = try run("DecodeWav", Self.wav)
        #expect(try tensor(sound).values(Float.self) == [0.5, -1])
    }

    static let files: [(operator: String, file: String)] = [
        ("DecodePng", "png"), ("DecodeJpeg", "jpeg"), ("ExtractJpegShape", "jpeg"), ("DecodeGif", "gif"), ("DecodeBmp", "bmp"),
        ("DecodeWav", "wav"), ("DecodeImage", "gif"),
    ]

    private func contents(_ file: String) throws -> [UInt8] {
        switch file {
        case "png": try encoded("EncodePng")
        case "jpeg": try encoded("EncodeJpeg")
        case "gif": Self.gif
        case "bmp": Self.bmp
        default: Self.wav
        }
    }

    @Test("files that end early are refused, or decoded as far as the format allows", arguments: files.indices)
    func prefixes(_ index: Int) throws {
        let (name, file) = Self.files[index], whole = try contents(file)
        for count in 0..<whole.count {
            do { _ = try run(name, Array(whole.prefix(count))) } catch { #expect(error is OperatorError) }
        }
        expectRefusal([]) { _ = try run(name, Array(whole.prefix(whole.count / 2 - 8))) }
    }

    @Test("files with a damaged byte do no harm", arguments: files.indices)
    func damages(_ index: Int) throws {
        let (name, file) = Self.files[index], whole = try contents(file)
        for place in whole.indices {
            for flip in [0xff, 0x80, 0x01] as [UInt8] {
                var damaged = whole
                damaged[place] ^= flip
                do { _ = try run(name, damaged) } catch { #expect(error is OperatorError) }
            }
        }
    }

    @Test("a picture larger than the run's memory is refused by its header")
    func bombs() throws {
        var file = try encoded("EncodePng")
        // The width in IHDR: its checksum is wrong then, which must not matter for the harm.
        file.replaceSubrange(16..<20, with: [0, 0, 0x40, 0])
        expectRefusal([]) { _ = try run("DecodePng", file) }
        var bitmap = Self.bmp
        bitmap.replaceSubrange(18..<26, with: [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f])
        expectRefusal(["BMP"]) { _ = try run("DecodeBmp", bitmap) }
        var animation = Self.gif
        animation.replaceSubrange(6..<10, with: [0xff, 0xff, 0xff, 0xff])
        expectRefusal([]) { _ = try run("DecodeGif", animation) }
    }

    @Test("refuses what is no picture, and formats that an operator does not read")
    func refusals() throws {
        expectRefusal(["no PNG"]) { _ = try run("DecodeImage", Array("hello".utf8)) }
        expectRefusal(["no PNG"]) { _ = try run("DecodePng", []) }
        expectRefusal(["BMP"]) { _ = try run("DecodePng", Self.bmp) }
        expectRefusal(["GIF"]) { _ = try run("DecodeBmp", Self.gif) }
        expectRefusal(["channels"]) { _ = try make("DecodePng", ["channels": .integer(2)]) }
        expectRefusal(["ratio"]) { _ = try make("DecodeJpeg", ["ratio": .integer(3)]) }
    }
}
