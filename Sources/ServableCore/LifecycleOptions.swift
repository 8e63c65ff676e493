/// How versions are looked for and loaded.
package struct LifecycleOptions: Sendable, Equatable {
    /// Time between two looks at the directories; zero or less: only when a specification is applied.
    package var pollInterval: Duration
    /// Loads that run at the same time, at least one.
    package var concurrentLoadLimit: Int
    /// Tries after the first failed one, for failures that may pass by themselves.
    package var loadRetryLimit: Int
    /// Wait between two tries; zero or less: none.
    package var loadRetryInterval: Duration
    /// A version whose files changed more recently may still be being copied. It waits while another version of its model serves,
    /// and after a failed load; with `pollInterval` zero it never waits.
    package var quietPeriod: Duration

    package init(
        pollInterval: Duration = .seconds(1),
        concurrentLoadLimit: Int = 2,
        loadRetryLimit: Int = 5,
        loadRetryInterval: Duration = .seconds(60),
        quietPeriod: Duration = .milliseconds(500)
    ) {
        self.pollInterval = pollInterval
        self.concurrentLoadLimit = max(1, concurrentLoadLimit)
        self.loadRetryLimit = max(0, loadRetryLimit)
        self.loadRetryInterval = loadRetryInterval
        self.quietPeriod = quietPeriod
    }
}
