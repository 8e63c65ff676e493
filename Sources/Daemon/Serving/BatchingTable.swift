import ModelServing
import Synchronization

/// Batching of each model as configured now; a version takes what holds when it is loaded.
final class BatchingTable: Sendable {
    private let configuration: Mutex<ApusConfiguration>

    init(_ configuration: ApusConfiguration) { self.configuration = Mutex(configuration) }

    func replace(with configuration: ApusConfiguration) { self.configuration.withLock { $0 = configuration } }

    func settings(of model: String) -> BatchingSettings {
        configuration.withLock { $0.batching(of: model).settings }
    }
}
