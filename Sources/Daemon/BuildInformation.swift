import ModelFormats
import Operators

/// What this binary is, for `apus version` and the metrics.
struct BuildInformation: Encodable {
    let version: String
    /// The level of the kernels in force, and all that this processor runs.
    let isa: String
    let isas: [String]
    let math: [String]
    let formats: [String]

    static var current: BuildInformation {
        BuildInformation(
            version: Version.number, isa: InstructionSet.current, isas: InstructionSet.available, math: [LinearAlgebra.libraryName],
            formats: FormatDetector.formatNames)
    }
}
