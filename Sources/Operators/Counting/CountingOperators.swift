package import GraphIR
import Tensors

/// Operators that count what falls where.
package enum CountingOperators {
    package static let spellings: [OperatorSpelling] = [
        .tensorFlow("Bincount") { _ in Bincount(countsRows: false) },
        .tensorFlow("DenseBincount") { (node) throws(OperatorError) in
            Bincount(countsRows: true, isBinary: try node.flag("binary_output", default: false))
        },
        .tensorFlow("HistogramFixedWidth") { (node) throws(OperatorError) in
            HistogramFixedWidth(output: try node.elementType("dtype", default: .int32, of: [.int32, .int64]))
        },
        .tensorFlow("Bucketize") { (node) throws(OperatorError) in
            try Bucketize(boundaries: try node.floats("boundaries") ?? [])
        },
    ]
}
