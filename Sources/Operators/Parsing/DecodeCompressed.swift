import CZlib
import GraphIR
import Tensors

/// Strings inflated.
///
/// - Shapes: string [A…] → string [A…].
/// - Source: TensorFlow operator DecodeCompressed: zlib (RFC 1950) or gzip (RFC 1952, several members one after another); without
///   a type the strings are handed on. Data that ends early gives what was there.
struct DecodeCompressed: DynamicOperator {
    private enum Compression: String, CaseIterable {
        case none = ""
        case zlib = "ZLIB"
        case gzip = "GZIP"

        /// zlib's number for the format, with the largest window.
        var windowBits: Int32 { self == .gzip ? 31 : 15 }
    }

    private let compression: Compression

    init(_ reader: AttributeReader) throws(OperatorError) {
        compression = try reader.choice("compression_type", default: .none)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.string, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        guard compression != .none else { return [.strings(texts)] }
        let builder = try TextBuilder(context, capacity: texts.elements.count)
        for text in texts.elements { try builder.append(try inflated(text, builder, context)) }
        return [try builder.tensor(texts.shape)]
    }

    /// Bytes that are made at a time, charged before.
    private static let step = 1 << 16

    private func inflated(_ text: [UInt8], _ builder: TextBuilder, _ context: EvaluationContext) throws(OperatorError) -> [UInt8] {
        guard text.count < Int(UInt32.max) else { throw .unsupported("a compressed string of \(text.count) bytes") }
        var result: [UInt8] = []
        guard !text.isEmpty else { return result }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        guard apus_inflate_begin(stream, compression.windowBits) == Z_OK else { throw .unavailable("zlib has no memory") }
        defer { inflateEnd(stream) }
        let outcome: Result<Void, OperatorError> = text.withUnsafeBytes { bytes in
            Result { () throws(OperatorError) in
                // zlib does not write to its input; its header leaves out the `const`.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.pointee.avail_in = UInt32(bytes.count)
                while true {
                    try context.checkStop()
                    try builder.charge(Self.step)
                    var code: Int32 = Z_OK
                    result += [UInt8](unsafeUninitializedCapacity: Self.step) { buffer, count in
                        stream.pointee.next_out = buffer.baseAddress
                        stream.pointee.avail_out = UInt32(Self.step)
                        code = inflate(stream, Z_NO_FLUSH)
                        count = Self.step - Int(stream.pointee.avail_out)
                    }
                    switch code {
                    case Z_OK where stream.pointee.avail_out == 0 || stream.pointee.avail_in > 0: continue
                    case Z_OK, Z_BUF_ERROR: return
                    case Z_STREAM_END:
                        guard compression == .gzip, stream.pointee.avail_in > 0 else { return }
                        guard inflateReset(stream) == Z_OK else { throw .invalidValue("zlib cannot begin anew") }
                    default:
                        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "no compressed data"
                        throw .invalidValue("inflate() failed with error \(code): \(reason)")
                    }
                }
            }
        }
        try outcome.get()
        return result
    }
}
