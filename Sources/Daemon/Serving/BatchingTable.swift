package import ModelServing
package import ServableCore
import Synchronization

/// Batching of each version as configured now.
package final class BatchingTable: Sendable {
    private let configuration: Mutex<ApusConfiguration>

    /// In the folder of a version, as TensorFlow Serving has it.
    private static let fileName = "batching_params.pbtxt"

    package init(_ configuration: ApusConfiguration) { self.configuration = Mutex(configuration) }

    func replace(with configuration: ApusConfiguration) { self.configuration.withLock { $0 = configuration } }

    /// Puts what is configured now in force for the versions that are loaded; others take it when they are.
    ///
    /// - Returns: why versions are batched as before: their own files cannot be read.
    func apply(to manager: ServableManager) -> [String] {
        var warnings: [String] = []
        for name in manager.board.modelNames {
            for status in manager.board.statuses(of: name) where status.state == .available {
                guard let model = Self.model(status.id, of: manager) else { continue }
                do throws(ServableError) {
                    try model.reloadBatching()
                } catch {
                    warnings.append("\(error.message); the version is batched as before")
                }
            }
        }
        return warnings
    }

    /// Nil when it has left the table since: what is unloaded batches as it did.
    private static func model(_ id: ServableID, of manager: ServableManager) -> LoadedModel? {
        do throws(ServableError) {
            return try manager.table.handle(id.name, .version(id.version)).servable as? LoadedModel
        } catch {
            return nil
        }
    }

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
