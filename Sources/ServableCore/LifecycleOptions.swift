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
    /// In which order the versions of a model are changed.
    package var swapPolicy: SwapPolicy
    /// How long a version stays after another has taken over, for requests that name it; zero or less: it goes at once. Without effect
    /// where the old version goes first.
    package var unloadDelay: Duration
    /// What becomes of a version whose files change while it is served.
    package var changedInPlace: ChangedInPlace
    /// How long a look at one model's path may take before the others are looked at without it.
    package var scanPatience: Duration

    package enum ChangedInPlace: String, Sendable, CaseIterable {
        /// What is loaded goes on serving.
        case keep
        /// The new content is loaded and takes its place; if it cannot be loaded, the old goes on serving.
        case reload
    }

    package init(
        pollInterval: Duration = .seconds(1),
        concurrentLoadLimit: Int = 2,
        loadRetryLimit: Int = 5,
        loadRetryInterval: Duration = .seconds(60),
        quietPeriod: Duration = .milliseconds(500),
        changedInPlace: ChangedInPlace = .keep,
        scanPatience: Duration = .seconds(5),
        swapPolicy: SwapPolicy = .availability,
        unloadDelay: Duration = .zero
    ) {
        self.pollInterval = pollInterval
        self.concurrentLoadLimit = max(1, concurrentLoadLimit)
        self.loadRetryLimit = max(0, loadRetryLimit)
        self.loadRetryInterval = loadRetryInterval
        self.quietPeriod = quietPeriod
        self.changedInPlace = changedInPlace
        self.scanPatience = scanPatience
        self.swapPolicy = swapPolicy
        self.unloadDelay = swapPolicy == .resource ? .zero : unloadDelay
    }
}
