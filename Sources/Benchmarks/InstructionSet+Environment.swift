import CKernels
import Foundation
import GraphIR
import Operators

extension InstructionSet {
    /// The level that `APUS_ISA` names, the best of the processor without it.
    static func requested() throws(Refusal) -> InstructionSet {
        guard let name = ProcessInfo.processInfo.environment["APUS_ISA"] else { return .best }
        return try named(name)
    }

    /// The C kernels themselves.
    var functions: UnsafePointer<apus_kernels> { kernels.table.assumingMemoryBound(to: apus_kernels.self) }
}
