package import GraphIR

/// Operators that join elements along axes.
package enum ReductionOperators {
    package static let spellings: [OperatorSpelling] = TensorFlowReductions.spellings + onnx

    private static let onnx: [OperatorSpelling] =
        Reduce.Function.allCases.flatMap(reduce)
        + ArgExtremum.Function.allCases.map { function in
            .onnx(function.rawValue) { (node) throws(OperatorError) in
                ArgExtremum(
                    function: function, axis: try node.integer("axis", default: 0),
                    keepsAxis: try node.flag("keepdims", default: true),
                    selectsLast: try node.flag("select_last_index", default: false))
            }
        }
        + ([.sum, .product] as [Cumulative.Function]).map { function in
            .onnx(function.rawValue, since: function == .sum ? 11 : 26) { (node) throws(OperatorError) in
                let isExclusive = try node.flag("exclusive", default: false)
                return Cumulative(
                    function: function, isExclusive: isExclusive, isReversed: try node.flag("reverse", default: false))
            }
        }

    /// The axes moved from an attribute to an input: for ReduceSum in opset 13, for the others in opset 18.
    private static func reduce(_ function: Reduce.Function) -> [OperatorSpelling] {
        let change = function == .sum ? 13 : 18
        return [
            .onnx(function.rawValue, through: change - 1) { (node) throws(OperatorError) in
                let axes = ReductionAxes(
                    source: .attribute(try node.integers("axes")), keepsAxes: try node.flag("keepdims", default: true),
                    emptyMeansNone: false)
                return Reduce(function: function, axes: axes)
            },
            .onnx(function.rawValue, since: change) { (node) throws(OperatorError) in
                let axes = ReductionAxes(
                    source: .input, keepsAxes: try node.flag("keepdims", default: true),
                    emptyMeansNone: try node.flag("noop_with_empty_axes", default: false))
                return Reduce(function: function, axes: axes)
            },
        ]
    }
}
