/// Cases that Apus does not pass, each with the reason; a case that passes must be taken out of the list.
enum KnownUnsupported {
    static let operators: [String: String] = [
        "test_scan_sum": "Scan of opset 8 runs a batch of sequences of different lengths; opset 9 dropped that form"
    ]
    static let models: [String: String] = [:]
}
