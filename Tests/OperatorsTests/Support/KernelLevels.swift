import CKernels
import Synchronization

/// The kernel levels of this machine, and a way to compile for one of them while other tests run.
enum KernelLevels {
    static let available: [apus_isa] = [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512]
        .filter { apus_kernels_for($0) != nil }

    /// The level in force belongs to the whole process: one compilation at a time.
    private static let selection = Mutex(())

    /// Runs `body` while `isa` (the machine's best when nil) is the level in force.
    static func with<Result>(_ isa: apus_isa?, _ body: () throws -> Result) throws -> Result {
        let best = available[available.count - 1]
        return try selection.withLock { _ in
            apus_kernels_select(isa ?? best)
            defer { apus_kernels_select(best) }
            return try body()
        }
    }
}

extension apus_isa {
    /// As in `APUS_ISA`.
    var name: String { String(cString: apus_isa_name(self)) }
}
