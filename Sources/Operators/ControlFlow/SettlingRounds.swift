import GraphIR

/// The rounds of one run of a loop, which are runs of one plan once the types of what they hand on are settled.
protocol SettlingRounds {
    /// Whether another round runs.
    ///
    /// - Throws: when the run is to stop, or has had more rounds than it may.
    func runsAnother(_ context: EvaluationContext) throws -> Bool

    /// Runs all rounds that are left by one plan.
    ///
    /// - Returns: false when they are not such; then none has run.
    mutating func runSteadily(_ context: EvaluationContext) throws -> Bool

    /// Runs one round of whatever kind.
    mutating func runAnew(_ context: EvaluationContext) throws
}

extension SettlingRounds {
    mutating func run(_ context: EvaluationContext) throws {
        // The first round may change the types of what is handed on; later ones rarely do.
        var attempts = 2
        while try runsAnother(context) {
            if attempts > 0 {
                attempts -= 1
                if try runSteadily(context) { return }
            }
            try runAnew(context)
        }
    }
}
