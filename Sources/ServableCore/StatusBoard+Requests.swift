extension StatusBoard {
    /// The versions of a model that a client asks the status of, newest first.
    ///
    /// - Parameter version: nil for all.
    /// - Throws: `notFound` for what is not known, in TensorFlow Serving's words; `unavailable` for a model that is to be served and has
    ///   no version yet.
    package func requestedStatuses(of model: String, version: Int64?) throws(ServableError) -> [ServableStatus] {
        let all = statuses(of: model), wanted = all.filter { version == nil || $0.id.version == version }
        guard wanted.isEmpty else { return wanted }
        if !all.isEmpty, let version { throw ServableError(.notFound, "Could not find version \(version) of model \(model)") }
        let miss = "Could not find any versions of model \(model)"
        switch absence(of: model, version: nil) {
        case .expected(let reason), .failed(let reason): throw ServableError(.unavailable, "\(miss): \(reason)")
        case .unknown(let near) where near.isEmpty: throw ServableError(.notFound, miss)
        case .unknown(let near):
            throw ServableError(.notFound, "\(miss); did you mean \(near.map { "\"\($0)\"" }.joined(separator: " or "))?")
        }
    }
}
