import Batching
package import ServableCore

extension BatchingSettings {
    /// Settings from single values, as a configuration gives them; refused with `invalidArgument` where they do not fit together.
    package init(
        isEnabled: Bool, maxBatchSize: Int, timeout: Duration, allowedSizes: [Int], maxQueuedBatches: Int
    ) throws(ServableError) {
        do {
            let policy = try BatchPolicy(
                maxBatchSize: maxBatchSize, timeout: timeout, allowedSizes: allowedSizes, maxQueuedBatches: maxQueuedBatches)
            self.init(isEnabled: isEnabled, policy: policy)
        } catch {
            throw ServableError(.invalidArgument, error.description)
        }
    }
}
