/// The operator-set version that a model or function imports for each domain.
struct OpsetTable {
    private var versions: [String: Int64] = [:]

    /// `ai.onnx` is the long name of the default domain, whose other name is empty.
    static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

    /// A domain listed twice (tools that merge graphs do that) means its newest version.
    init(_ imports: [ONNX.OpsetImport]) {
        for entry in imports {
            let domain = Self.normalized(entry.domain)
            versions[domain] = max(versions[domain] ?? entry.version, entry.version)
        }
    }

    subscript(domain: String) -> Int? { versions[domain].map { Int($0) } }

    var isEmpty: Bool { versions.isEmpty }

    /// `ai.onnx 17, ai.onnx.ml 3`
    var description: String {
        versions.sorted { $0.key < $1.key }
            .map { "\($0.key.isEmpty ? "ai.onnx" : $0.key) \($0.value)" }
            .joined(separator: ", ")
    }
}
