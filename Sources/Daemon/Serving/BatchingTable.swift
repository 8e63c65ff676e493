package import ModelServing
import Synchronization

/// Batching of each model as configured now; a version takes what holds when it is loaded.
package final class BatchingTable: Sendable {
    private let configuration: Mutex<ApusConfiguration>

    package init(_ configuration: ApusConfiguration) { self.configuration = Mutex(configuration) }

    func replace(with configuration: ApusConfiguration) { self.configuration.withLock { $0 = configuration } }

    package func settings(of model: String) -> BatchingSettings {
        configuration.withLock { $0.batching(of: model).settings }
    }
}
