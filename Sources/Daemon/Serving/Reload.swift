package import HTTPCore
package import ServableCore
package import Telemetry

/// What a reload changes in the running daemon.
package struct ReloadTargets: Sendable {
    package let manager: ServableManager
    package let server: HTTPServer
    /// Nil: the daemon was started without TLS.
    package let tls: TLSContext?
    package let batching: BatchingTable
    package let threshold: LogThreshold
    /// Reads the certificates of the gRPC server anew; what it returns puts them in force.
    let prepareGRPC: @Sendable (ApusConfiguration) throws -> @Sendable () -> Void

    package init(
        manager: ServableManager, server: HTTPServer, tls: TLSContext?, batching: BatchingTable, threshold: LogThreshold,
        prepareGRPC: @escaping @Sendable (ApusConfiguration) throws -> @Sendable () -> Void = { _ in {} }
    ) {
        self.manager = manager
        self.server = server
        self.tls = tls
        self.batching = batching
        self.threshold = threshold
        self.prepareGRPC = prepareGRPC
    }
}

/// A new configuration, ready to be put in force: all that can fail has been done, and nothing has changed yet.
package struct Reload: Sendable {
    private let targets: ReloadTargets
    private let configuration: ApusConfiguration
    private let serving: ValidatedSpecification
    private let certificates: TLSContext.Prepared?
    private let commitGRPC: @Sendable () -> Void
    private let accessLog: AccessLog.Reopening?

    /// - Throws: when a part of the configuration cannot be put in force; then the old one stays as a whole.
    package init(_ configuration: ApusConfiguration, of targets: ReloadTargets) throws {
        self.targets = targets
        self.configuration = configuration
        serving = try configuration.serving.validated()
        // Read even when no name has changed: certificates are renewed in their files.
        certificates = targets.tls == nil ? nil : try configuration.server.tls.map { try TLSContext.prepare($0) }
        commitGRPC = try targets.prepareGRPC(configuration)
        // Last, as it makes a file that does not exist.
        accessLog = try targets.server.prepareAccessLog()
    }

    /// Puts the configuration in force. Cannot fail; models are loaded and unloaded in the background.
    ///
    /// - Returns: what the operator should know of batching and of the certificates, for the log.
    package func commit() async -> [String] {
        if let certificates { targets.tls?.commit(certificates) }
        commitGRPC()
        accessLog?.commit()
        targets.threshold.level = configuration.log.level.level
        // Before the models: what they now load takes the new batching.
        targets.batching.replace(with: configuration)
        await targets.manager.serve(serving)
        let warnings = targets.batching.apply(to: targets.manager)
        return warnings + (certificates == nil ? [] : targets.tls?.warnings ?? [])
    }
}
