/// Something that is loaded, served and unloaded as a whole; what it does is none of this module's business.
///
/// The object is immutable to the lifecycle and used from many threads at once. Its `deinit` frees the memory and runs on
/// a background queue, never on the thread that held the last handle.
package protocol Servable: AnyObject, Sendable {
    /// Bytes that the servable holds now.
    var memoryByteCount: Int { get }

    /// Facts for the record, nil when there are none. Called once after the version became available, off the data plane
    /// and off the cooperative pool, so it may read files (a digest). The version's memory stays until it returns: the task is
    /// cancelled when the version is unloaded, and what takes long checks for it.
    func describe() throws -> ServableDescription?

    /// No further request will find the servable: what waits in it for company or for a better time should go on at once. Requests
    /// that have found it before still come. Must not block.
    func willUnload()
}

extension Servable {
    package func describe() throws -> ServableDescription? { nil }
    package func willUnload() {}
}

/// Facts of a loaded version that are worth recording.
package struct ServableDescription: Sendable, Equatable {
    /// `onnx`, `saved_model`.
    package let format: String
    /// SHA-256 of the model's files, lower-case hexadecimal.
    package let digest: String
    /// Bytes of the model's files.
    package let byteCount: Int64
    /// The signatures as one JSON text.
    package let signaturesJSON: String

    package init(format: String, digest: String, byteCount: Int64, signaturesJSON: String) {
        self.format = format
        self.digest = digest
        self.byteCount = byteCount
        self.signaturesJSON = signaturesJSON
    }
}

/// Makes servables out of version directories.
///
/// Both functions run on a thread kept for loading, so they may block and compute. An error that is a `ServableError` keeps its
/// code: `invalidArgument`, `unimplemented`, `dataLoss` and `failedPrecondition` mean that the files themselves are at
/// fault, and the version is tried again only when they change; any other is tried again after an interval.
package protocol ServableLoader: Sendable {
    /// Bytes that the version will hold once loaded, before anything large is read.
    func estimatedMemory(of id: ServableID, path: String) throws -> Int

    /// Loads and warms up. A load whose version is no longer wanted is cancelled: a loader may check `Task.isCancelled`.
    ///
    /// - Parameter memory: holds the estimate. What is taken beyond it, now and while the servable lives, is charged first, and
    ///   a refused charge means that the memory may not be taken. A servable whose loader charges nothing is charged its
    ///   `memoryByteCount` once it is loaded. It is released after the servable's `deinit`.
    func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable
}
