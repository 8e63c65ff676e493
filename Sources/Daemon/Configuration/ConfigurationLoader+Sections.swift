import Batching
import HTTPCore
import ServableCore
import Telemetry

extension ConfigurationLoader {
    func readLimits(_ values: inout LayeredValues) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxRequestLineBytes = values.read(Settings.maxRequestLineBytes)
        limits.maxHeadBytes = values.read(Settings.maxHeadBytes)
        limits.maxFieldCount = values.read(Settings.maxFieldCount)
        limits.maxBodyBytes = values.read(Settings.maxBodyBytes)
        limits.maxInlineBodyBytes = values.read(Settings.maxInlineBodyBytes)
        limits.maxResponseBytes = values.read(Settings.maxResponseBytes)
        limits.maxChunkExtensionBytes = values.read(Settings.maxChunkExtensionBytes)
        limits.maxTrailerBytes = values.read(Settings.maxTrailerBytes)
        limits.maxConnections = values.read(Settings.maxConnections)
        limits.maxConnectionsPerPeer = values.read(Settings.maxConnectionsPerPeer)
        limits.maxRequestsInFlight = values.read(Settings.maxRequestsInFlight)
        limits.compressionThresholdBytes = values.read(Settings.compressionThreshold)
        limits.compressionLevel = values.read(Settings.compressionLevel)
        limits.maxRequestsPerConnection = values.read(Settings.maxRequestsPerConnection)
        limits.headTimeout = values.read(Settings.headTimeout)
        limits.bodyTimeout = values.read(Settings.bodyTimeout)
        limits.writeTimeout = values.read(Settings.writeTimeout)
        limits.minBytesPerSecond = values.read(Settings.minBytesPerSecond)
        limits.idleTimeout = values.read(Settings.idleTimeout)
        limits.lingerTimeout = values.read(Settings.lingerTimeout)
        limits.drainGrace = values.read(Settings.drainGrace)
        return limits
    }

    func readEngine(_ values: inout LayeredValues) -> EngineConfiguration {
        EngineConfiguration(
            laneCount: values.read(Settings.lanes), memoryBudget: values.read(Settings.memoryBudget),
            maxRunByteCount: values.read(Settings.maxRunBytes), warmsUp: values.read(Settings.warmsUp),
            warmUpIterations: values.read(Settings.warmUpIterations), savedModelTags: Set(values.read(Settings.savedModelTags)),
            inlineBudget: values.read(Settings.inlineBudget))
    }

    func readLifecycle(_ values: inout LayeredValues) -> LifecycleOptions {
        LifecycleOptions(
            pollInterval: values.read(Settings.pollInterval), concurrentLoadLimit: values.read(Settings.loadThreads),
            loadRetryLimit: values.read(Settings.loadRetries), loadRetryInterval: values.read(Settings.loadRetryInterval),
            quietPeriod: values.read(Settings.quietPeriod), changedInPlace: values.read(Settings.changedInPlace),
            swapPolicy: values.read(Settings.swap), unloadDelay: values.read(Settings.unloadDelay))
    }

    /// Batching of all models; a problem where the values do not fit together.
    func readBatching(_ values: inout LayeredValues) -> BatchingConfiguration {
        do throws(BatchPolicyError) {
            return try BatchingConfiguration(
                isEnabled: values.read(Settings.batchingEnabled), maxBatchSize: values.read(Settings.maxBatchSize),
                timeout: values.read(Settings.batchTimeout), targetLatency: values.read(Settings.targetLatency),
                allowedSizes: values.read(Settings.allowedBatchSizes),
                maxQueuedBatches: values.read(Settings.maxQueuedBatches), refusesOversize: values.read(Settings.refusesOversize))
        } catch {
            let keys = [Settings.allowedBatchSizes.path, Settings.targetLatency.path, Settings.maxBatchSize.path]
            values.report(at: keys, key: "batching", error.description)
            return .standard
        }
    }

    /// Nil where no file is named.
    func readRequestLog(_ values: inout LayeredValues) -> RequestLogConfiguration? {
        let path = values.read(Settings.requestLogPath)
        let limits = RecordFile.Limits(
            fileByteCount: values.read(Settings.requestLogMaxFileBytes), fileCount: values.read(Settings.requestLogMaxFiles),
            bufferByteCount: values.read(Settings.requestLogBuffer))
        let configuration = RequestLogConfiguration(
            path: values.located(Settings.requestLogPath.path).map(absolute) ?? "", format: values.read(Settings.requestLogFormat),
            sample: values.read(Settings.requestLogSample), recordByteLimit: values.read(Settings.requestLogMaxRecordBytes), limits: limits)
        return path == nil ? nil : configuration
    }

    func readMonitoring(_ values: inout LayeredValues) -> MonitoringConfiguration {
        let isEnabled = values.read(Settings.prometheusEnabled)
        let path = values.read(Settings.prometheusPath)
        return MonitoringConfiguration(prometheusPath: isEnabled ? path : nil)
    }

    func readLog(_ values: inout LayeredValues) -> LogConfiguration {
        LogConfiguration(level: values.read(Settings.logLevel), style: values.read(Settings.logFormat))
    }
}
