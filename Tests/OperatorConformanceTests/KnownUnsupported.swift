/// Cases that Apus does not pass, each with the reason; a case that passes must be taken out of the list.
enum KnownUnsupported {
    static let operators: [String: String] = [:]
    /// Of the models that ship and of those that APUS_TEST_CORPUS may add.
    static let models: [String: String] = [
        "sk_pipeline_strings": "takes strings and ends in ZipMap, whose answer is no tensor",
        "ort_logreg_iris": "ends in ZipMap, whose answer is no tensor",
        "pt_digits_cnn_int8_qdq": "computes with quantized integers",
    ]
}
