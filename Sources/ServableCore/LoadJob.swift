/// One try to load one version.
struct LoadJob: Sendable {
    let id: ServableID
    let path: String
    let loader: any ServableLoader
    let source: any VersionSource
    let budget: ResourceBudget

    enum Outcome: Sendable {
        case loaded(any Servable, Reservation)
        case failed(LoadFailure)
    }

    /// Blocks and computes; runs on an executor kept for loading.
    func run() async -> Outcome {
        let before = source.fingerprint(of: path)
        do {
            let memory = try budget.reserve(try loader.estimatedMemory(of: id, path: path), for: id)
            let servable = try await loader.load(id, path: path, memory: memory)
            guard source.fingerprint(of: path) == before else {
                throw ServableError(
                    .unavailable,
                    "the files of \(id) in \"\(path)\" changed while it was loaded; publish a version by renaming "
                        + "a finished directory"
                )
            }
            try settle(memory, of: servable)
            return .loaded(servable, memory)
        } catch {
            return .failed(LoadFailure(error: ServableError(wrapping: error), fingerprint: before))
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

    init(error: ServableError, fingerprint: VersionFingerprint?) {
        self.error = error
        cause = Self.cause(of: error.code)
        self.fingerprint = fingerprint
    }

    private static func cause(of code: StatusCode) -> Cause {
        switch code {
        case .invalidArgument, .unimplemented, .dataLoss, .failedPrecondition: .files
        case .resourceExhausted: .budget
        default: .passing
        }
    }
}
