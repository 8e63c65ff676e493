package import GraphIR
import Inference
package import ServableCore

/// A version in memory, ready to predict.
package final class LoadedModel: Servable, PredictingModel {
    package let id: ServableID
    package let path: String
    package let format: String
    package let signatures: [Signature]
    package let initialisationValue: String?
    /// Whether the version says by which run of a pipeline it was made (TFX: `assets.extra/mlmd_uuid`).
    package let hasPipelineMetadata: Bool
    /// Bytes of the model's files.
    package let fileByteCount: Int
    private let runners: [String: SignatureRunner]
    /// Of the signature that a request means when it names none.
    private let defaultRunner: SignatureRunner?
    private let memory: Reservation
    private let batching: @Sendable () throws(ServableError) -> BatchingSettings
    private let digest: @Sendable () throws -> String

    /// - Parameters:
    ///   - memory: what the version's memory is charged to.
    ///   - batching: the settings that hold when it is called.
    init(
        id: ServableID, path: String, format: String, fileByteCount: Int, runners: [SignatureRunner], initialisationValue: String?,
        memory: Reservation, batching: @escaping @Sendable () throws(ServableError) -> BatchingSettings,
        digest: @escaping @Sendable () throws -> String
    ) {
        self.id = id
        self.path = path
        self.format = format
        self.fileByteCount = fileByteCount
        signatures = runners.map(\.signature)
        self.runners = Dictionary(runners.map { ($0.signature.name, $0) }) { first, _ in first }
        defaultRunner = self.runners[Signature.defaultName]
        self.initialisationValue = initialisationValue
        hasPipelineMetadata = VersionFiles.byteCount(at: path + "/assets.extra/mlmd_uuid") > 0
        self.memory = memory
        self.batching = batching
        self.digest = digest
    }

    package func runner(_ name: String?) -> (any SignatureRunning)? {
        guard let name else { return defaultRunner }
        return runners[name]
    }

    /// The file's contents, prepared constants, plans and resources.
    package var memoryByteCount: Int { memory.chargedByteCount }

    package func describe() throws -> ServableDescription? {
        ServableDescription(
            format: format, digest: try digest(), byteCount: Int64(fileByteCount),
            signaturesJSON: SignatureJSON.text(signatures.compactMap { runners[$0.name] }))
    }

    /// Puts in force what is configured for batching now; calls that wait are batched by it too.
    ///
    /// - Throws: when the version's own file cannot be read; then it is batched as before.
    package func reloadBatching() throws(ServableError) {
        let settings = try batching()
        for runner in runners.values { runner.apply(settings) }
    }

    package func willUnload() {
        for runner in runners.values { runner.beginDrain() }
    }

    /// Of all signatures.
    var engines: [Engine] { runners.values.flatMap(\.engines) }

    /// Rows waiting, by signature.
    package var queuedRowCounts: [(signature: String, rowCount: Int)] {
        runners.map { ($0.key, $0.value.queuedRowCount) }
    }
}
