import GraphIR
import Tensors

/// The names that TensorFlow has for reductions.
enum TensorFlowReductions {
    static let spellings: [OperatorSpelling] = reductions + extrema + running

    private static let reductions: [OperatorSpelling] =
        ([
            ("Sum", .sum), ("Mean", .mean), ("Prod", .product), ("Max", .maximum), ("Min", .minimum), ("All", .minimum),
            ("Any", .maximum), ("EuclideanNorm", .l2),
        ] as [(String, Reduce.Function)]).map { name, function in
            .tensorFlow(name) { (node) throws(OperatorError) in
                let axes = ReductionAxes(
                    source: .input, keepsAxes: try node.flag("keep_dims", default: false), emptyMeansNone: true)
                return Reduce(function: function, axes: axes, tensorFlowName: name)
            }
        }

    private static let extrema: [OperatorSpelling] = [("ArgMax", true), ("ArgMin", false)].map { name, isMaximum in
        .tensorFlow(name) { (node) throws(OperatorError) in
            IndexOfExtremum(
                isMaximum: isMaximum, output: try node.elementType("output_type", default: .int64, of: [.int64, .int32, .int16, .uint16]))
        }
    }

    private static let running: [OperatorSpelling] =
        ([("Cumsum", .sum), ("Cumprod", .product), ("CumulativeLogsumexp", .logSumExp)] as [(String, Cumulative.Function)])
        .map { name, function in
            .tensorFlow(name) { (node) throws(OperatorError) in
                let isExclusive = try node.flag("exclusive", default: false)
                return Cumulative(
                    function: function, isExclusive: isExclusive, isReversed: try node.flag("reverse", default: false),
                    takesEveryNumber: true)
            }
        }
}
