package import GraphIR

/// Operators that make tensors from nothing but parameters.
package enum GenerationOperators {
    package static let spellings: [OperatorSpelling] =
        [
            .onnx("Constant") { reader throws(OperatorError) in try Constant.read(reader) },
            .onnx("ConstantOfShape", since: 9) { reader throws(OperatorError) in
                try ConstantOfShape(value: reader.tensor("value"))
            },
            .onnx("Range", since: 11) { _ throws(OperatorError) in RangeOperator() },
            .tensorFlow("Range") { _ throws(OperatorError) in RangeOperator(countsInOwnPrecision: true) },
        ] + FillingOperators.spellings
}
