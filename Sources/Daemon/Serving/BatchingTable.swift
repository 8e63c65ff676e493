package import ModelServing
package import ServableCore
import Synchronization

/// Batching of each version as configured now; a version takes what holds when it is loaded.
package final class BatchingTable: Sendable {
    private let configuration: Mutex<ApusConfiguration>

    /// In the folder of a version, as TensorFlow Serving has it.
    private static let fileName = "batching_params.pbtxt"

    package init(_ configuration: ApusConfiguration) { self.configuration = Mutex(configuration) }

    func replace(with configuration: ApusConfiguration) { self.configuration.withLock { $0 = configuration } }

    /// - Parameter path: of the version's folder.
    /// - Throws: when the version's own file is to be read and cannot be.
    package func settings(of id: ServableID, path: String) throws(ServableError) -> BatchingSettings {
        let (settings, readsFiles) = configuration.withLock { ($0.batching(of: id.name).settings, $0.readsBatchingFiles) }
        return readsFiles ? try Self.settings(path + "/" + Self.fileName, for: id) : settings
    }

    /// A version without the file is not batched.
    private static func settings(_ file: String, for id: ServableID) throws(ServableError) -> BatchingSettings {
        let text: String
        do throws(FileFault) {
            text = try FileReader.text(of: file)
        } catch {
            guard !error.isMissing else { return BatchingSettings(isEnabled: false) }
            throw ServableError(.unavailable, "the batching parameters of \(id), \(file), \(error)")
        }
        do throws(TextProtoError) {
            return try BatchingParametersFile.settings(text)
        } catch {
            throw ServableError(.invalidArgument, "the batching parameters of \(id), \(file):\(error.line): \(error.message)")
        }
    }
}
