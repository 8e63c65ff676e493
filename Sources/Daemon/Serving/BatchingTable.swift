package import ModelServing
import ServableCore
import Synchronization

/// Batching of each model as configured now.
package final class BatchingTable: Sendable {
    private let configuration: Mutex<ApusConfiguration>

    package init(_ configuration: ApusConfiguration) { self.configuration = Mutex(configuration) }

    func replace(with configuration: ApusConfiguration) { self.configuration.withLock { $0 = configuration } }

    /// Puts what is configured now in force for the versions that are loaded; others take it when they are.
    func apply(to manager: ServableManager) {
        for name in manager.board.modelNames {
            for status in manager.board.statuses(of: name) where status.state == .available {
                do {
                    let handle = try manager.table.handle(name, .version(status.id.version))
                    (handle.servable as? LoadedModel)?.reloadBatching()
                } catch {
                    continue  // It has left the table since: what is unloaded batches as it did.
                }
            }
        }
    }

    package func settings(of model: String) -> BatchingSettings {
        configuration.withLock { $0.batching(of: model).settings }
    }
}
