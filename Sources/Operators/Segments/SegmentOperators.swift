package import GraphIR

/// Operators that join the slices of a tensor by the ids that another gives them.
package enum SegmentOperators {
    package static let spellings: [OperatorSpelling] = sorted + sparse + unsorted

    private static let sorted: [OperatorSpelling] =
        ([
            ("SegmentSum", .sum), ("SegmentMean", .mean), ("SegmentProd", .product), ("SegmentMin", .minimum), ("SegmentMax", .maximum),
        ] as [(String, SegmentFold)]).map { name, fold in .tensorFlow(name) { _ in SortedSegments(name: name, fold: fold) } }

    private static let sparse: [OperatorSpelling] =
        ([("SparseSegmentSum", .sum), ("SparseSegmentMean", .mean), ("SparseSegmentSqrtN", .rootMean)] as [(String, SegmentFold)])
        .flatMap { name, fold in
            [
                .tensorFlow(name) { _ in SortedSegments(name: name, fold: fold, isSparse: true) },
                .tensorFlow(name + "WithNumSegments") { _ in
                    SortedSegments(name: name + "WithNumSegments", fold: fold, isSparse: true, hasSegmentCount: true)
                },
            ] as [OperatorSpelling]
        }

    private static let unsorted: [OperatorSpelling] =
        ([
            ("UnsortedSegmentSum", .sum), ("UnsortedSegmentProd", .product), ("UnsortedSegmentMin", .minimum),
            ("UnsortedSegmentMax", .maximum),
        ] as [(String, SegmentFold)]).map { name, fold in .tensorFlow(name) { _ in UnsortedSegments(name: name, fold: fold) } }
}
