import Batching
package import HTTPCore
package import ModelServing
package import RESTFrontend
package import ServableCore
package import Telemetry

/// The whole configuration, judged and complete: whatever holds one of these can start.
package struct ApusConfiguration: Sendable, Equatable {
    package var server: ServerConfiguration
    /// Nil: gRPC is not offered.
    package var grpc: GRPCEntry?
    package var engine: EngineConfiguration
    package var lifecycle: LifecycleOptions
    /// How long a request waits for a version that is being loaded; zero: it is refused at once.
    package var hold: Duration
    /// The same while the first loads go on.
    package var startHold: Duration
    /// Whether the daemon is ready with nothing to serve.
    package var allowsEmpty: Bool
    /// Batching of every model that has no batching of its own, and of those below `model_root`.
    package var batching: BatchingConfiguration
    package var serving: ServingSpecification
    /// Whether a version's own file says how it is batched.
    package var readsBatchingFiles: Bool
    /// Batching of the models that set something, by name.
    package var modelBatching: [String: BatchingConfiguration]
    /// Nil: requests are not recorded.
    package var requestLog: RequestLogConfiguration?
    package var registry: RegistryConfiguration
    package var monitoring: MonitoringConfiguration
    package var log: LogConfiguration
    /// Every setting's value as it was written, or its default, by key.
    package var texts: [String: String]
    /// The file that was read, for a later reload.
    package var configPath: String?
    /// Every file that was read, for a look whether one has changed.
    package var files: [String]
    /// Time between two such looks; zero: none.
    package var configurationPollInterval: Duration
    /// What deserves a word in the log but is no error.
    package var warnings: [String]

    package func batching(of model: String) -> BatchingConfiguration { modelBatching[model] ?? batching }
}

package struct ServerConfiguration: Sendable, Equatable {
    /// Nil: only `listeners` and sockets that are handed over.
    package var address: String?
    package var port: UInt16
    package var listeners: [ListenerEntry]
    /// Where operators find metrics and the registry; nil: where everybody does.
    package var admin: ListenerEntry.Place?
    /// Nil: clear text everywhere.
    package var tls: TLSConfiguration?
    package var strictTransportSecurity: Duration?
    /// Nil: requests are not logged.
    package var accessLog: AccessLogConfiguration?
    /// Nil: what suits the machine.
    package var loopCount: Int?
    package var requestTimeout: Duration
    package var drainDelay: Duration
    package var drainTimeout: Duration
    package var isCORSEnabled: Bool
    package var nonfinite: NonfiniteForm
    package var checksMethodNames: Bool
    package var notifyReady: ReadinessNotice
    package var startTimeout: Duration
    package var limits: ConnectionLimits
}

package struct EngineConfiguration: Sendable, Equatable {
    /// Nil: one for each core.
    package var laneCount: Int?
    package var memoryBudget: MemoryBudget
    /// Of the results whose sizes depend on a request's contents.
    package var maxRunByteCount: Int
    package var warmsUp: Bool
    package var warmUpIterations: Int
    package var savedModelTags: Set<String>
    package var inlineBudget: Duration
}

/// Batching values that fit together.
package struct BatchingConfiguration: Sendable, Equatable {
    package let isEnabled: Bool
    package let maxBatchSize: Int
    package let timeout: Duration
    /// Zero: none.
    package let targetLatency: Duration
    package let allowedSizes: [Int]
    package let maxQueuedBatches: Int
    package let refusesOversize: Bool
    /// The same as the serving layer takes it.
    package let settings: BatchingSettings

    /// What a configuration that says nothing has.
    static let standard = BatchingConfiguration(standard: BatchingSettings())

    private init(standard: BatchingSettings) {
        isEnabled = standard.isEnabled
        maxBatchSize = standard.policy.maxBatchSize
        timeout = standard.policy.timeout
        targetLatency = standard.policy.targetLatency ?? .zero
        allowedSizes = standard.policy.allowedSizes
        maxQueuedBatches = standard.policy.maxQueuedBatches
        refusesOversize = !standard.policy.allowsOversize
        settings = standard
    }

    init(
        isEnabled: Bool, maxBatchSize: Int, timeout: Duration, targetLatency: Duration, allowedSizes: [Int], maxQueuedBatches: Int,
        refusesOversize: Bool = false
    ) throws(BatchPolicyError) {
        let policy = try BatchPolicy(
            maxBatchSize: maxBatchSize, timeout: timeout, allowedSizes: allowedSizes, maxQueuedBatches: maxQueuedBatches,
            targetLatency: targetLatency == .zero ? nil : targetLatency, allowsOversize: !refusesOversize)
        settings = BatchingSettings(isEnabled: isEnabled, policy: policy)
        self.isEnabled = isEnabled
        self.maxBatchSize = maxBatchSize
        self.timeout = timeout
        self.targetLatency = targetLatency
        self.allowedSizes = allowedSizes
        self.maxQueuedBatches = maxQueuedBatches
        self.refusesOversize = refusesOversize
    }
}

/// Where and how requests are recorded.
package struct RequestLogConfiguration: Sendable, Equatable {
    /// Absolute.
    package var path: String
    package var format: RequestLogFormat
    /// One of so many requests is recorded.
    package var sample: Int
    package var recordByteLimit: Int
    package var limits: RecordFile.Limits
}

/// Absolute paths.
package struct RegistryConfiguration: Sendable, Equatable {
    package var path: String
    package var store: String
}

package struct MonitoringConfiguration: Sendable, Equatable {
    /// Path of the metrics; nil: they are not offered.
    package var prometheusPath: String?
}

package struct LogConfiguration: Sendable, Equatable {
    package var level: LogLevel
    package var style: LogStyle
}
