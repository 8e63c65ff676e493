/// What takes bytes from outside, each as one function of those bytes: a fuzzer calls them with what it makes up, the tests
/// with what is kept under `Fixtures/Fuzz`.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The bytes of a whole connection.
    case head
    /// A body with chunked framing and what follows it.
    case chunks
    /// The body of a predict request.
    case json
    /// Compressed content.
    case inflate
    /// The file of an ONNX model.
    case model
    /// A NumPy file, or an archive of them.
    case archive
    /// A picture, behind a byte for its format.
    case picture
    /// The files of a SavedModel, as `SavedModelFuzzing` packs them.
    case savedmodel

    /// What is wrong with how the bytes are taken; nil when all is well. A trap, a read outside the memory and a time
    /// out of proportion are findings as well, which only the caller can see.
    package func violation(_ input: [UInt8]) -> String? {
        switch self {
        case .head: ConnectionFuzzing.violation(input)
        case .chunks: ConnectionFuzzing.violation(ConnectionFuzzing.chunkedHead + input)
        case .json: TensorJSONFuzzing.violation(input)
        case .inflate: InflateFuzzing.violation(input)
        case .model: ModelFuzzing.violation(input)
        case .archive: TensorCodecFuzzing.archiveViolation(input)
        case .picture: TensorCodecFuzzing.pictureViolation(input)
        case .savedmodel: SavedModelFuzzing.violation(input)
        }
    }
}
