package import GraphIR

/// Classical machine learning: the operators of the domain ai.onnx.ml.
package enum ClassicalOperators {
    private static let domain = "ai.onnx.ml"

    package static let spellings: [OperatorSpelling] = [
        .onnx("TreeEnsembleClassifier", domain: domain) { reader throws(OperatorError) in
            try ClassLabels.classifier(reader, integers: "classlabels_int64s") { (labels) throws(OperatorError) in
                try TreeEnsembleClassifier(reader, labels: labels)
            }
        },
        .onnx("TreeEnsembleRegressor", domain: domain) { reader throws(OperatorError) in
            try TreeEnsembleRegressor(reader)
        },
        .onnx("TreeEnsemble", domain: domain, since: 5) { reader throws(OperatorError) in
            try TreeEnsembleRegressor(ensemble: reader)
        },
        .onnx("LinearClassifier", domain: domain) { reader throws(OperatorError) in
            try ClassLabels.classifier(reader, integers: "classlabels_ints") { (labels) throws(OperatorError) in
                try LinearClassifier(reader, labels: labels)
            }
        },
        .onnx("SVMClassifier", domain: domain) { reader throws(OperatorError) in
            try ClassLabels.classifier(reader, integers: "classlabels_ints") { (labels) throws(OperatorError) in
                try SVMClassifier(reader, labels: labels)
            }
        },
        .onnx("SVMRegressor", domain: domain) { reader throws(OperatorError) in try SVMRegressor(reader) },
        .onnx("LinearRegressor", domain: domain) { reader throws(OperatorError) in try LinearRegressor(reader) },
        .onnx("Scaler", domain: domain) { reader throws(OperatorError) in try Scaler(reader) },
        .onnx("Normalizer", domain: domain) { reader throws(OperatorError) in
            Normalizer(norm: try reader.choice("norm", default: .max))
        },
        .onnx("Binarizer", domain: domain) { reader throws(OperatorError) in
            Binarizer(threshold: try reader.float("threshold", default: 0))
        },
        .onnx("Imputer", domain: domain) { reader throws(OperatorError) in try Imputer(reader) },
        .onnx("ArrayFeatureExtractor", domain: domain) { _ throws(OperatorError) in ArrayFeatureExtractor() },
        .onnx("OneHotEncoder", domain: domain) { reader throws(OperatorError) in try TextOneHotEncoder.make(reader) },
        .onnx("FeatureVectorizer", domain: domain) { reader throws(OperatorError) in try FeatureVectorizer(reader) },
        .onnx("LabelEncoder", domain: domain, through: 1) { reader throws(OperatorError) in try TextNumbering(labels: reader) },
        .onnx("LabelEncoder", domain: domain, since: 2) { reader throws(OperatorError) in try LabelEncoder(reader) },
        .onnx("CategoryMapper", domain: domain) { reader throws(OperatorError) in try TextNumbering(categories: reader) },
        .onnx("DictVectorizer", domain: domain) { reader throws(OperatorError) in try DictVectorizer(reader) },
        .onnx("CastMap", domain: domain) { reader throws(OperatorError) in try CastMap(reader) },
        .onnx("ZipMap", domain: domain) { reader throws(OperatorError) in try ZipMap(reader) },
    ]
}
