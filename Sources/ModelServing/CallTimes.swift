/// When the parts of one call ended, in nanoseconds of the monotonic clock; each begins where the one before it ends.
package struct CallTimes: Sendable, Equatable {
    /// The call's tensors were there and it went to its signature.
    package var submitted: Int64
    /// A lane took it, or the thread that had brought it.
    package var taken: Int64
    /// The inputs of its batch lay together.
    package var assembled: Int64
    /// The outputs were there.
    package var ended: Int64
    /// Rows of the calls that ran together with it, its own included.
    package var batchRowCount: Int

    package init(submitted: Int64, taken: Int64, assembled: Int64, ended: Int64, batchRowCount: Int = 1) {
        self.submitted = submitted
        self.taken = taken
        self.assembled = assembled
        self.ended = ended
        self.batchRowCount = batchRowCount
    }
}

/// Calls that have run together, or one that has run alone.
package struct BatchRun: Sendable, Equatable {
    /// Rows of the calls.
    package var rowCount: Int
    /// Rows that ran: those of the calls and padding.
    package var executedRowCount: Int
    /// Of the execution, without putting the inputs together.
    package var nanoseconds: Int64
    /// Of putting the inputs together.
    package var assemblyNanoseconds: Int64

    package init(rowCount: Int, executedRowCount: Int, nanoseconds: Int64, assemblyNanoseconds: Int64 = 0) {
        self.rowCount = rowCount
        self.executedRowCount = executedRowCount
        self.nanoseconds = nanoseconds
        self.assemblyNanoseconds = assemblyNanoseconds
    }
}
