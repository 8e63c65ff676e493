/// What the manager keeps of one model.
struct ManagedModel {
    var specification: ModelSpecification
    /// False once the model is wanted no more; its record lives on until its last version has ended.
    var isConfigured = true
    /// Whether the specification names the model; false for one found in the model root.
    var isNamed = true
    /// Versions that are to be served.
    var wanted: [Int64: DiscoveredVersion] = [:]
    /// Versions that have a life, and those that failed and are still wanted.
    var versions: [Int64: ManagedVersion] = [:]
    /// The labels last published, nil before the first time.
    var publishedLabels: Labels?
    /// What was last announced to observers, nil before the first look.
    var announcedPresence: Presence?
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

    var hasAvailableVersion: Bool { versions.values.contains { $0.phase.isAvailable } }

    var firstTriesAreOver: Bool { hasAvailableVersion || !versions.values.contains { $0.phase.awaitsFirstTry } }

    var isLoading: Bool { versions.values.contains { $0.phase.isLoading } }

    func isWanted(_ version: Int64) -> Bool { isConfigured && wanted[version] != nil }
}

/// One life of a version, as the manager sees it.
struct ManagedVersion {
    /// Differs from an earlier life of the same version, whose late messages are passed over.
    let life: UInt64
    let path: String
    var phase: Phase

    enum Phase {
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
        /// Whether nothing happens to the version by itself, except a retry.
        var isAtRest: Bool {
            switch self {
            case .available, .failed, .backingOff: true
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
