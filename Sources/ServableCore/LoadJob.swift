/// One try to load one version.
struct LoadJob: Sendable {
    let id: ServableID
    let path: String
    let loader: any ServableLoader
    let source: any VersionSource
    let budget: ResourceBudget
    /// Bytes of the budget that are to be left when the version is loaded.
    let headroom: Int
    /// What is known from an earlier load; nil when there was none.
    let earlier: MeasuredLoad?

    struct Result: Sendable {
        let outcome: Outcome
        let report: LoadReport
    }

    enum Outcome: Sendable {
        case loaded(any Servable, ManagedVersion.Loaded)
        case failed(LoadFailure)
    }

    /// Blocks and computes; runs on an executor kept for loading.
    func run() async -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = await load()
        var error: ServableError?
        if case .failed(let failure) = outcome { error = failure.error }
        return Result(outcome: outcome, report: LoadReport(id: id, path: path, error: error, duration: clock.now - start))
    }

    private func load() async -> Outcome {
        let before = source.fingerprint(of: path)
        var needed = 0, reservation: Reservation?
        do {
            let measured = earlier.map { $0.fingerprint == before ? $0.byteCount : 0 } ?? 0
            needed = max(try loader.estimatedMemory(of: id, path: path), measured)
            let memory = try budget.reserve(needed, keeping: headroom, for: id)
            reservation = memory
            let servable = try await loader.load(id, path: path, memory: memory)
            guard source.fingerprint(of: path) == before else {
                throw ServableError(
                    .unavailable,
                    "the files of \(id) in \"\(path)\" changed while it was loaded; publish a version by renaming "
                        + "a finished directory"
                )
            }
            try settle(memory, of: servable)
            return .loaded(servable, ManagedVersion.Loaded(memory: memory, fingerprint: before))
        } catch {
            // Refused for memory before it began, or on the way; what else fails lacks none.
            if let reservation { needed = reservation.refusedByteCount ?? 0 }
            reservation?.release()
            let missing = needed == 0 ? 0 : budget.missing(of: needed, keeping: headroom)
            return .failed(
                LoadFailure(
                    error: ServableError(wrapping: error), fingerprint: before, neededByteCount: needed, missingByteCount: missing))
        }
    }

    /// A servable that has charged nothing itself is charged as a whole.
    private func settle(_ memory: Reservation, of servable: any Servable) throws(ServableError) {
        if memory.chargedByteCount == 0 {
            let byteCount = servable.memoryByteCount
            if let available = memory.charge(byteCount) { throw memory.refusal(of: byteCount, available: available) }
        }
        memory.settle()
    }
}

/// Why a try failed, and what the files looked like when it began.
struct LoadFailure: Sendable {
    enum Cause: Sendable {
        /// The files are at fault: another try is worth while only when they change.
        case files
        /// Too little memory: another try is worth while when some is given back, and may pass by itself.
        case budget
        /// May pass by itself.
        case passing
    }

    let error: ServableError
    let cause: Cause
    let fingerprint: VersionFingerprint?
    /// Bytes that the version needs, as far as is known; 0 when it did not fail for want of memory.
    let neededByteCount: Int
    /// Bytes that have to be given back before another try.
    let missingByteCount: Int

    init(error: ServableError, fingerprint: VersionFingerprint?, neededByteCount: Int, missingByteCount: Int) {
        self.error = error
        cause = Self.cause(of: error.code)
        self.fingerprint = fingerprint
        self.neededByteCount = neededByteCount
        self.missingByteCount = missingByteCount
    }

    /// Whether the memory that was refused has been given back meanwhile.
    var lacksNothingNow: Bool { cause == .budget && neededByteCount > 0 && missingByteCount == 0 }

    private static func cause(of code: StatusCode) -> Cause {
        switch code {
        case .invalidArgument, .unimplemented, .dataLoss, .failedPrecondition: .files
        case .resourceExhausted: .budget
        default: .passing
        }
    }
}

/// What a version was seen to need, while its files are the same.
struct MeasuredLoad: Sendable {
    let fingerprint: VersionFingerprint?
    let byteCount: Int
}
