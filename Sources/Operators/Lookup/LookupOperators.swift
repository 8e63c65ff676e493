package import GraphIR

/// Lookup tables, and the assets that fill them.
package enum LookupOperators {
    package static let spellings: [OperatorSpelling] =
        TableHandle.spellings + TableOperator.spellings + LookupTableFind.spellings + [
            .tensorFlow("InitializeTableFromTextFile") { reader throws(OperatorError) in try TableFile(reader) },
            .tensorFlow("InitializeTableFromTextFileV2") { reader throws(OperatorError) in try TableFile(reader) },
            .tensorFlow("ReadFile") { _ throws(OperatorError) in ReadFile() },
        ]

    package static let passes: [any GraphPass] = [FixedTables()]
}
