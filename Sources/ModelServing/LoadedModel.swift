package import GraphIR
import Inference
import ModelFormats
package import ServableCore

/// A version in memory, ready to predict.
package final class LoadedModel: Servable {
    package let id: ServableID
    package let path: String
    package let format: String
    package let signatures: [Signature]
    /// Bytes of the model's files.
    package let fileByteCount: Int
    let runners: [String: SignatureRunner]
    /// Of the signature that a request means when it names none.
    let defaultRunner: SignatureRunner?
    private let engines: [Engine]
    private let digest: @Sendable () throws -> String

    init(
        id: ServableID, path: String, format: String, fileByteCount: Int, signatures: [Signature],
        runners: [String: SignatureRunner], engines: [Engine], digest: @escaping @Sendable () throws -> String
    ) {
        self.id = id
        self.path = path
        self.format = format
        self.fileByteCount = fileByteCount
        self.signatures = signatures
        self.runners = runners
        defaultRunner = runners[Signature.defaultName]
        self.engines = engines
        self.digest = digest
    }

    /// The mapped file and what the engines hold beside it.
    package var memoryByteCount: Int { fileByteCount + engines.reduce(0) { $0 + $1.constantByteCount } }

    package func describe() throws -> ServableDescription? {
        ServableDescription(
            format: format, digest: try digest(), byteCount: Int64(fileByteCount), signaturesJSON: SignatureJSON.text(signatures))
    }

    /// Rows waiting, by signature.
    package var queuedRowCounts: [(signature: String, rowCount: Int)] {
        runners.map { ($0.key, $0.value.queuedRowCount) }
    }
}
