import Operators

/// The level of the kernels that this process compiles models for.
extension InstructionSet {
    /// The level that the environment variable `APUS_ISA` names, for tests and comparisons; without it the best of the processor.
    static func requested() throws(Refusal) -> InstructionSet {
        guard let name = ProcessEnvironment.variables["APUS_ISA"] else { return .best }
        return try named(name)
    }

    /// What `requested()` returns. `Main` calls that first, so that a wrong name ends the process with a message.
    static let chosen: InstructionSet = {
        do {
            return try requested()
        } catch {
            preconditionFailure("\(error)")
        }
    }()
}
