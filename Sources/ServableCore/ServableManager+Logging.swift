import Logging

/// What is logged of the lives of versions: one sentence for each thing that an operator wants to know, each step for who debugs.
///
/// The fields whose keys begin with a dot repeat what the sentence says, for logs that machines read.
extension ServableManager {
    func log(_ status: ServableStatus) {
        let id = Self.name(of: status.id), facts = Self.facts(of: status.id)
        switch (status.state, status.lastError) {
        case (.start, _): logger.debug("\(id) is wanted", metadata: facts.merging(["path": "\(status.path)"]) { $1 })
        case (.loading, nil): logger.debug("\(id) is being loaded", metadata: facts.merging(["path": "\(status.path)"]) { $1 })
        case (.loading, let error?):
            let wait = ElapsedTime.text(options.loadRetryInterval)
            logger.warning("\(id) could not be loaded and is tried again in \(wait): \(error)", metadata: facts)
        case (.available, _): break  // With what is known of its load.
        case (.unloading, _): logger.debug("\(id) is being unloaded", metadata: facts)
        case (.end, nil): logger.info("\(id) unloaded", metadata: facts)
        case (.end, let error?): logger.error("\(id) cannot be loaded: \(error)", metadata: facts)
        }
    }

    /// `model digits version 1 loaded in 3 ms, 208 KiB`.
    func logLoad(_ report: LoadReport, byteCount: Int) {
        var facts = Self.facts(of: report.id)
        facts[".duration_ms"] = .stringConvertible(Double(Int64(report.duration / .microseconds(1))) / 1_000)
        facts[".memory_bytes"] = .stringConvertible(byteCount)
        logger.info(
            "\(Self.name(of: report.id)) loaded in \(ElapsedTime.text(report.duration)), \(ByteCount.text(byteCount))", metadata: facts)
    }

    /// `model digits version 1`; a name that is more than a word stands between quotation marks.
    private static func name(of id: ServableID) -> String {
        let isWord = id.name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0)
        }
        return isWord ? "model \(id.name) version \(id.version)" : id.description
    }

    static func facts(of id: ServableID) -> Logger.Metadata {
        [".model": "\(id.name)", ".version": .stringConvertible(id.version)]
    }
}
