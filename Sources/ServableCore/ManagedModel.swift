/// What the manager keeps of one model.
struct ManagedModel {
    var specification: ModelSpecification
    /// False once the model is wanted no more; its record lives on until its last version has ended.
    var isConfigured = true
    /// Whether the specification names the model; false for one found in the model root.
    var isNamed = true
    /// Every version that exists.
    var existing: [Int64: DiscoveredVersion] = [:]
    /// Versions that the policy chooses.
    var wanted: [Int64: DiscoveredVersion] = [:]
    /// Older versions that are to serve, or were to, while none of the wanted ones can be loaded.
    var standIns: Set<Int64> = []
    /// Versions of a model loaded on demand that requests have asked for.
    var demanded: Set<Int64> = []
    /// What loads of versions have shown them to need, of those that exist.
    var measured: [Int64: MeasuredLoad] = [:]
    /// Versions that have a life, and those that failed and are still wanted.
    var versions: [Int64: ManagedVersion] = [:]
    /// The labels last published, nil before the first time.
    var publishedLabels: Labels?
    /// What was last announced to observers, nil before the first look.
    var announcedPresence: Presence?
    /// Why no version is found, nil when one is.
    var problem: String?
    /// Warnings that stand in the log.
    var loggedWarnings: Set<String> = []

    init(_ specification: ModelSpecification) {
        self.specification = specification
    }

    struct Presence: Equatable {
        let versions: [Int64: String]
        let wanted: [Int64]
    }

    struct Labels: Equatable {
        let assigned: [String: Int64]
        let specified: [String: Int64]
    }

    var isOnDemand: Bool { specification.loadMode == .onDemand }

    var hasAvailableVersion: Bool { versions.values.contains { $0.phase.isAvailable } }

    var firstTriesAreOver: Bool { hasAvailableVersion || !versions.values.contains { $0.phase.awaitsFirstTry } }

    var isLoading: Bool { versions.values.contains { $0.phase.isLoading } }

    var hasWantedVersionAvailable: Bool { versions.contains { isWanted($0.key) && $0.value.phase.isAvailable } }

    /// The version as it was last found, if it is to be served.
    func target(_ version: Int64) -> DiscoveredVersion? {
        guard isConfigured else { return nil }
        return wanted[version] ?? (standIns.contains(version) ? existing[version] : nil)
    }

    func isWanted(_ version: Int64) -> Bool { target(version) != nil }

    /// Versions that are to be served, whether or not they are loaded before a request asks for them.
    var targets: Set<Int64> { isConfigured ? Set(wanted.keys).union(standIns.filter { existing[$0] != nil }) : [] }

    /// Whether the version waits until a request asks for it.
    func isCold(_ version: Int64) -> Bool { isOnDemand && !demanded.contains(version) }
}

/// One life of a version, as the manager sees it.
struct ManagedVersion {
    /// Differs from an earlier life of the same version, whose late messages are passed over.
    var life: UInt64
    let path: String
    var phase: Phase
    /// What is loaded, and what its files looked like; nil before.
    var loaded: Loaded?
    /// Loads the files that have changed since, while what was loaded goes on serving.
    var reload: Task<Void, Never>?
    /// Why the last load of files beside those that serve has failed; nil when it has not.
    var reloadError: ServableError?

    var departure = Departure.none

    /// How far an available version is on its way out, where versions stay for a while after they were wanted.
    enum Departure {
        case none
        case waiting(Task<Void, Never>)
        case due
    }

    struct Loaded {
        /// What the version's memory is charged to.
        let memory: Reservation
        /// Of the files that were loaded.
        let fingerprint: VersionFingerprint?
        /// Of files that have taken their place and cannot be loaded.
        var refused: VersionFingerprint?
    }

    enum Phase {
        /// Waits for a request that asks for it.
        case cold
        /// Waits for a load slot; `attempt` counts from one.
        case queued(attempt: Int)
        case loading(attempt: Int, task: Task<Void, Never>)
        case backingOff(attempt: Int, LoadFailure, timer: Task<Void, Never>)
        /// `description` finds the facts to record.
        case available(description: Task<Void, Never>)
        /// Out of the table; the last handle ends it.
        case unloading
        /// Ended with an error while wanted.
        case failed(LoadFailure)

        var isAvailable: Bool { if case .available = self { true } else { false } }
        var isLoading: Bool { if case .loading = self { true } else { false } }
        var isCold: Bool { if case .cold = self { true } else { false } }
        var isUnloading: Bool { if case .unloading = self { true } else { false } }
        /// Whether nothing happens to the version by itself, except a retry.
        var isAtRest: Bool {
            switch self {
            case .cold, .available, .failed, .backingOff: true
            case .queued, .loading, .unloading: false
            }
        }

        var hasEnded: Bool { if case .failed = self { true } else { false } }

        var failure: LoadFailure? {
            switch self {
            case .failed(let failure), .backingOff(_, let failure, _): failure
            default: nil
            }
        }

        /// Whether a first try lies ahead or is under way.
        var awaitsFirstTry: Bool {
            switch self {
            case .queued(let attempt), .loading(let attempt, _): attempt == 1
            default: false
            }
        }
    }
}
