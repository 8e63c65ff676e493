import GraphIR
import Tensors

/// The samples of a WAV file of 16 bits.
///
/// - Shapes: contents (a scalar string) → float32 [samples, channels] from −1 to 1, and the sample rate (int32 scalar).
/// - Numerics: more channels than the file has repeat the last one, more samples are 0.
/// - Source: TensorFlow operator DecodeWav.
struct WAVDecoder: DynamicOperator {
    /// −1: those of the file.
    let channels: Int
    let samples: Int
    var name: String { "DecodeWav" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        channels = try reader.integer("desired_channels", default: -1)
        samples = try reader.integer("desired_samples", default: -1)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        try PictureDecoder.checkContents(inputs)
        let shape = [samples, channels].map { $0 < 0 ? Dimension.unknown : .known($0) }
        return [ValueFact(.float32, try SymbolicShape(shape).checked("the output")), ValueFact(.int32, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let contents = try PictureDecoder.contents(context)
        let file = try WAVFile(contents)
        let rows = samples < 0 ? file.samples : samples, columns = channels < 0 ? file.channels : channels
        let shape = try Shape(checked: [rows, columns], what: "the output")
        let audio = try context.makeTensor(TensorSpec(.float32, shape)) { bytes in
            let output = bytes.bindMemory(to: Float.self)
            for row in 0..<rows {
                for column in 0..<columns {
                    let isThere = row < file.samples
                    output[row * columns + column] = isThere ? file.sample(contents, row, min(column, file.channels - 1)) : 0
                }
            }
        }
        return [.tensor(audio), .tensor(Tensor(scalar: Int32(truncatingIfNeeded: file.rate)))]
    }
}

/// Where the samples of a file lie.
private struct WAVFile {
    let rate: Int
    let channels: Int
    let samples: Int
    let start: Int

    /// Chunks that may stand before the format.
    private static let skipped: Set<String> = ["JUNK", "bext", "iXML", "qlty", "mext", "levl", "link", "axml"]

    init(_ bytes: [UInt8]) throws(OperatorError) {
        var reader = ByteReader(bytes)
        guard reader.text(4) == "RIFF", reader.skip(4), reader.text(4) == "WAVE" else { throw Self.wrong("is no RIFF file of kind WAVE") }
        while true {
            guard let name = reader.text(4) else { throw Self.wrong("ends before its format") }
            if name == "fmt " { break }
            guard Self.skipped.contains(name), let count = reader.uint32(), reader.skip(count) else {
                throw Self.wrong("has an unexpected part \(name) before its format")
            }
        }
        guard let size = reader.uint32(), let code = reader.uint16(), let channels = reader.uint16(), let rate = reader.uint32(),
            let bytesPerSecond = reader.uint32(), let bytesPerSample = reader.uint16(), let bits = reader.uint16()
        else { throw Self.wrong("ends within its format") }
        guard size == 16 || size == 18, code == 1, bits == 16, channels > 0, bytesPerSample == 2 * channels,
            bytesPerSecond == bytesPerSample * rate
        else { throw Self.wrong("is not plain 16-bit samples (format \(code), \(bits) bits, \(channels) channels)") }
        if size == 18, !reader.skip(2) { throw Self.wrong("ends within its format") }
        self.rate = rate
        self.channels = channels
        (samples, start) = try Self.data(&reader, bytesPerSample: bytesPerSample)
    }

    private static func wrong(_ what: String) -> OperatorError { .invalidValue("the WAV contents cannot be decoded: the file \(what)") }

    /// Samples and place of the one part of data.
    private static func data(_ reader: inout ByteReader, bytesPerSample: Int) throws(OperatorError) -> (Int, Int) {
        var found: (Int, Int)?
        while reader.remaining > 0 {
            guard let name = reader.text(4), let count = reader.uint32() else { throw wrong("ends within the head of a part") }
            guard name == "data" else {
                if !reader.skip(count) { break }
                continue
            }
            guard found == nil else { throw wrong("has two parts of data") }
            let samples = count / bytesPerSample
            found = (samples, reader.position)
            guard reader.skip(samples * bytesPerSample) else { throw wrong("has less data than it says") }
        }
        guard let found else { throw wrong("has no data") }
        return found
    }

    func sample(_ bytes: [UInt8], _ row: Int, _ channel: Int) -> Float {
        let at = start + 2 * (row * channels + channel)
        return Float(Int16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)) / 32768
    }
}

/// Samples as a WAV file of 16 bits.
///
/// - Shapes: audio float32 [samples, channels], sample rate (int32 scalar) → a string.
/// - Source: TensorFlow operator EncodeWav.
struct WAVEncoder: DynamicOperator {
    var name: String { "EncodeWav" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        for (index, type) in [(0, ElementType.float32), (1, .int32)] {
            guard try inputs.required(index).valueType.tensor?.elementType == type else {
                throw .invalidInput(index: index, reason: "is not of \(type)")
            }
        }
        try ImageInputs.check(inputs, 0, [nil, nil])
        return [ValueFact(.string, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let audio = try context.required(0), rate = try context.required(1).integers?.first ?? 0
        guard audio.elementType == .float32, audio.shape.rank == 2 else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(audio.spec), expected float32 [samples, channels]")
        }
        let channels = audio.shape[1], size = ByteCount.product(audio.elementCount, 2)
        guard rate > 0, (1...65535).contains(channels), size + 44 <= UInt32.max else {
            throw OperatorError.invalidValue("\(audio.shape[0]) samples of \(channels) channels at rate \(rate) are no WAV file")
        }
        return try context.withScratch(size + 44) { () throws(OperatorError) in
            var file = Array("RIFF".utf8)
            file.reserveCapacity(size + 44)
            func append(_ value: Int, bytes: Int) { for byte in 0..<bytes { file.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) } }
            append(size + 36, bytes: 4)
            file += Array("WAVEfmt ".utf8)
            append(16, bytes: 4)
            append(1, bytes: 2)
            append(channels, bytes: 2)
            append(rate, bytes: 4)
            append(rate * 2 * channels, bytes: 4)
            append(2 * channels, bytes: 2)
            append(16, bytes: 2)
            file += Array("data".utf8)
            append(size, bytes: 4)
            for sample in audio.values(Float.self) {
                let scaled = (sample * 32768).rounded(.toNearestOrAwayFromZero)
                append(scaled.isNaN ? 0 : Int(min(max(scaled, -32768), 32767)), bytes: 2)
            }
            return [.strings(StringTensor(shape: .scalar, elements: [file]))]
        }
    }
}
