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
            let reservation = try reserve(try loader.estimatedMemory(of: id, path: path))
            let servable = try await loader.load(id, path: path)
            guard source.fingerprint(of: path) == before else {
                throw ServableError(
                    .unavailable,
                    "the files of \(id) in \"\(path)\" changed while it was loaded; publish a version by renaming "
                        + "a finished directory"
                )
            }
            reservation.correct(to: servable.memoryByteCount)
            return .loaded(servable, reservation)
        } catch let refusal as BudgetRefusal {
            return .failed(LoadFailure(error: refusal.error, cause: .budget, fingerprint: before))
        } catch {
            return .failed(LoadFailure(error: ServableError(wrapping: error), fingerprint: before))
        }
    }

    private func reserve(_ byteCount: Int) throws(BudgetRefusal) -> Reservation {
        do {
            return try budget.reserve(byteCount, for: id)
        } catch {
            throw BudgetRefusal(error: error)
        }
    }

    private struct BudgetRefusal: Error {
        let error: ServableError
    }
}

/// Why a try failed, and what the files looked like when it began.
struct LoadFailure: Sendable {
    enum Cause: Sendable {
        /// The files are at fault: another try is worth while only when they change.
        case files
        /// Too little memory: another try is worth while when some is given back.
        case budget
        /// May pass by itself.
        case passing
    }

    let error: ServableError
    let cause: Cause
    let fingerprint: VersionFingerprint?

    init(error: ServableError, cause: Cause? = nil, fingerprint: VersionFingerprint?) {
        self.error = error
        self.cause = cause ?? Self.cause(of: error.code)
        self.fingerprint = fingerprint
    }

    private static func cause(of code: StatusCode) -> Cause {
        switch code {
        case .invalidArgument, .unimplemented, .dataLoss, .failedPrecondition: .files
        default: .passing
        }
    }
}
