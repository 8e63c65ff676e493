/// Where requests with large bodies are handled, so that the loop's other clients do not wait for one client's megabytes.
package protocol RequestExecutor: Sendable {
    /// Runs `body` once on another thread, in its turn among calls of that priority, or `expired` instead when its turn has not come by
    /// `deadline`.
    func perform(
        _ priority: CallPriority, until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void)
}
