import GraphIR
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
    /// Every operator that is computed, with the versions of its domain's operator set.
    let operators: [OperatorEntry]

    struct OperatorEntry: Encodable {
        let domain: String
        let name: String
        /// Ranges of versions, `13-` for one without an end.
        let versions: [String]
    }

    static var current: BuildInformation {
        BuildInformation(
            version: Version.number, isa: InstructionSet.chosen.name, isas: InstructionSet.available.map(\.name),
            math: [LinearAlgebra.libraryName],
            formats: FormatDetector.formatNames, operators: operators)
    }

    private static var operators: [OperatorEntry] {
        StandardOperators.catalog.listing.map { domain, name, ranges in
            OperatorEntry(
                domain: domain.isEmpty ? "ai.onnx" : domain, name: name,
                versions: domain == "tensorflow"
                    ? [] : ranges.map { "\($0.lowerBound)-\($0.upperBound == Int.max ? "" : String($0.upperBound))" })
        }
    }
}
