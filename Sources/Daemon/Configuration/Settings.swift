import HTTPCore
import RESTFrontend
import ServableCore
import Telemetry

/// Every key of the configuration with a single value, in the order of the reference `config/apus.yaml`.
package enum Settings {
    // server
    static let address = Setting(
        "server.address", .text, default: "127.0.0.1",
        "Address or host name to listen on; 0.0.0.0 or :: for every interface; none: only the listeners listed.")
    static let port = Setting("server.port", .integer(0...65_535), default: "8501", "TCP port; 0 lets the system choose.")
    static let admin = Setting(
        "server.admin", .adminAddress, default: "none",
        "A listener for operators, HOST:PORT, unix:PATH or systemd:NAME: metrics, the registry and paths of files are there alone.")
    static let loops = Setting(
        "server.loops", .integerOrAutomatic(1...256), default: "auto", "Threads that read and write connections; auto: one for two cores.")
    static let requestTimeout = Setting(
        "server.request_timeout", .duration(.milliseconds(1) ... .seconds(86_400)), default: "30s",
        "From a whole request received to its answer; then 504.")
    static let drainDelay = Setting(
        "server.drain_delay", .duration(.zero ... .seconds(3_600)), default: "0s",
        "How long requests are still accepted when the daemon stops and readiness is refused, before the listeners close.")
    static let drainTimeout = Setting(
        "server.drain_timeout", .duration(.zero ... .seconds(3_600)), default: "30s",
        "How long requests under way may take to end when the daemon stops.")
    static let cors = Setting(
        "server.cors", .boolean, default: "false", "Whether answers let pages of other origins read them (CORS).")
    static let nonfinite = Setting(
        "server.nonfinite", ValueKind<NonfiniteForm>.oneOf, default: "bare",
        "How NaN and infinities are written in answers: bare: as TensorFlow Serving does; null; string: between quotation marks.")
    static let checksMethodNames = Setting(
        "server.check_method_names", .boolean, default: "false",
        "Whether a signature may only be called by the method that its model says it is made for.")
    static let notifyReady = Setting(
        "server.notify_ready", ValueKind<ReadinessNotice>.oneOf, default: "loaded",
        "When systemd is notified of readiness: loaded: after the first loads; listening: at once.")
    static let startTimeout = Setting(
        "server.start_timeout", .duration(.zero ... .seconds(86_400)), default: "5m",
        "How long the first loads may keep readiness, and the clients of sockets that were handed over, waiting.")

    // grpc
    static let grpcPort = Setting("grpc.port", .integer(0...65_535), default: "0", "TCP port of gRPC; 0: none.")
    static let grpcAddress = Setting(
        "grpc.address", .optionalText, default: "", "Address or host name that gRPC listens on; empty: as server.address.")
    static let grpcUnix = Setting("grpc.unix", .optionalText, default: "", "File of a Unix socket that gRPC listens on; empty: none.")
    static let grpcTLS = Setting(
        "grpc.tls", .boolean, default: "true", "Whether the TCP port is encrypted when there is a certificate.")
    static let grpcSSLConfig = Setting(
        "grpc.ssl_config", .optionalText, default: "", "SSLConfig file whose certificates take the place of server.tls; empty: none.")
    static let grpcLoops = Setting(
        "grpc.loops", .integerOrAutomatic(1...256), default: "auto",
        "Threads that read and write gRPC's connections; auto: one for two cores.")
    static let grpcMaxMessageBytes = Setting(
        "grpc.max_message_bytes", .byteCount(1_024...Int(Int32.max)), default: "256MiB",
        "One message of a request, inflated; more is answered RESOURCE_EXHAUSTED.")
    static let grpcMaxConcurrentStreams = Setting(
        "grpc.max_concurrent_streams", .integer(1...Int(Int32.max)), default: "1024", "Calls under way on one connection; more wait.")
    static let grpcHealth = Setting("grpc.health", .boolean, default: "true", "Whether grpc.health.v1 is offered.")
    static let grpcTensorContent = Setting(
        "grpc.tensor_content", .boolean, default: "false",
        "Whether tensors go out in tensor_content, and not in the fields of their types.")
    static let grpcChannelOptions = Setting(
        "grpc.channel_options", .optionalText, default: "", "Channel arguments of gRPC, NAME=VALUE between commas.")

    // server.tls
    static let tlsCertificate = Setting(
        "server.tls.certificate", .optionalText, default: "", "PEM file of the certificate and its chain; empty: no TLS.")
    static let tlsKey = Setting("server.tls.key", .optionalText, default: "", "PEM file of the certificate's private key.")
    static let tlsClientCA = Setting(
        "server.tls.client_ca", .optionalText, default: "", "PEM file of the authorities whose certificates clients may show.")
    static let tlsClientVerification = Setting(
        "server.tls.client_verification", ValueKind<TLSConfiguration.ClientVerification>.oneOf, default: "none",
        "Whether clients show a certificate.")
    static let strictTransportSecurity = Setting(
        "server.tls.strict_transport_security", .duration(.zero ... .seconds(63_072_000)), default: "0s",
        "How long browsers shall keep to TLS (RFC 6797); 0s: they are not told.")

    // server.compression
    static let compressionThreshold = Setting(
        "server.compression.threshold", .byteCount(0...(1 << 30)), default: "16KiB",
        "Smallest answer that is compressed for clients that ask for gzip; 0: none is.")
    static let compressionLevel = Setting(
        "server.compression.level", .integer(1...9), default: "1", "1 is fastest, 9 smallest.")

    // server.access_log
    static let accessLogDestination = Setting(
        "server.access_log.destination", .text, default: "off", "off, stdout, stderr, or a file.")
    static let accessLogFormat = Setting(
        "server.access_log.format", ValueKind<AccessLogConfiguration.Format>.oneOf, default: "text", "How a request is written.")
    static let accessLogSample = Setting(
        "server.access_log.sample", .integer(1...1_000_000), default: "1",
        "One of so many requests is written; 1: all. Refused ones and those that fail inside always are.")
    static let accessLogUserAgent = Setting(
        "server.access_log.user_agent", .boolean, default: "true", "Whether the client's User-Agent is written.")
    static let accessLogBuffer = Setting(
        "server.access_log.buffer", .byteCount(65_536...(1 << 30)), default: "4MiB",
        "What may wait for a slow destination; records beyond are dropped and counted.")

    // server.limits
    static let maxRequestLineBytes = Setting(
        "server.limits.max_request_line_bytes", .byteCount(256...1_048_576), default: "8KiB", "Request line; more is answered 414.")
    static let maxHeadBytes = Setting(
        "server.limits.max_head_bytes", .byteCount(1_024...16_777_216), default: "32KiB",
        "Request line and header fields; more is answered 431.")
    static let maxFieldCount = Setting(
        "server.limits.max_field_count", .integer(1...10_000), default: "128", "Header fields of a request; more is answered 431.")
    static let maxBodyBytes = Setting(
        "server.limits.max_body_bytes", .byteCount(0...(1 << 40)), default: "64MiB", "Request body; more is answered 413.")
    static let maxInlineBodyBytes = Setting(
        "server.limits.max_inline_body_bytes", .byteCount(0...(1 << 40)), default: "128KiB",
        "Request body that the thread which has received it reads itself; a longer one is read on a lane.")
    static let maxResponseBytes = Setting(
        "server.limits.max_response_bytes", .byteCount(65_536...(1 << 40)), default: "256MiB",
        "Response to a prediction; a request for more is answered 400.")
    static let maxChunkExtensionBytes = Setting(
        "server.limits.max_chunk_extension_bytes", .byteCount(0...16_777_216), default: "16KiB",
        "Chunk extensions of one body; more is answered 413.")
    static let maxTrailerBytes = Setting(
        "server.limits.max_trailer_bytes", .byteCount(0...16_777_216), default: "8KiB",
        "Trailer section of a chunked body; more is answered 431.")
    static let maxConnections = Setting(
        "server.limits.max_connections", .integer(1...1_000_000), default: "16384",
        "Connections open at once; one more is answered 503 and closed.")
    static let maxConnectionsPerPeer = Setting(
        "server.limits.max_connections_per_peer", .integer(0...1_000_000), default: "0",
        "Connections open at once from one address; 0: as many as in all.")
    static let maxRequestsPerConnection = Setting(
        "server.limits.max_requests_per_connection", .integer(0...Int(Int32.max)), default: "0",
        "Requests answered on one connection before it is closed; 0: any number.")
    static let maxRequestsInFlight = Setting(
        "server.limits.max_requests_in_flight", .integer(0...1_000_000), default: "0",
        "Requests that are being answered at once; one more is answered 503 at once; 0: any number.")
    static let headTimeout = Setting(
        "server.limits.head_timeout", .duration(timeouts), default: "10s",
        "From the first byte of a request to the end of its head; then 408.")
    static let bodyTimeout = Setting(
        "server.limits.body_timeout", .duration(timeouts), default: "10s",
        "Window in which a body must bring min_bytes_per_second; else 408.")
    static let writeTimeout = Setting(
        "server.limits.write_timeout", .duration(timeouts), default: "30s",
        "Window in which a client must take min_bytes_per_second of an answer; else the connection is reset.")
    static let minBytesPerSecond = Setting(
        "server.limits.min_bytes_per_second", .integer(1...1_000_000_000), default: "256",
        "Slowest rate at which a body may come and an answer may go.")
    static let idleTimeout = Setting(
        "server.limits.idle_timeout", .duration(timeouts), default: "75s", "How long a connection may rest between requests.")
    static let lingerTimeout = Setting(
        "server.limits.linger_timeout", .duration(timeouts), default: "2s",
        "How long a closing connection goes on reading, so that its last answer is not lost to a reset.")
    static let drainGrace = Setting(
        "server.limits.drain_grace", .duration(timeouts), default: "500ms",
        "How long, when the daemon stops, a resting connection may still bring a request that was under way.")

    // engine
    static let lanes = Setting(
        "engine.lanes", .integerOrAutomatic(1...1_024), default: "auto", "Threads that compute; auto: one for each core.")
    static let memoryBudget = Setting(
        "engine.memory_budget", .memoryBudget, default: "80%",
        "What all loaded versions and the lanes may hold; a version that does not fit is not loaded.")
    static let maxRunBytes = Setting(
        "engine.max_run_bytes", .byteCount(1_048_576...(1 << 40)), default: "2GiB",
        "Results whose sizes depend on a request's contents, all that one run holds at once; more is answered 400.")
    static let warmsUp = Setting(
        "engine.warm_up", .boolean, default: "true",
        "Run each signature, and a version's warm-up records, before the version becomes available.")
    static let warmUpIterations = Setting(
        "engine.warm_up_iterations", .integer(1...1_000), default: "1", "How often each warm-up record is run.")
    static let savedModelTags = Setting(
        "engine.saved_model_tags", .words, default: "serve", "Tags of the meta graph of a SavedModel that is served, exactly.")
    static let inlineBudget = Setting(
        "engine.inline_budget", .duration(.zero ... .milliseconds(10)), default: "10us",
        "A run that takes no longer is done on the thread that reads the request instead of a lane; 0us: none is.")

    // lifecycle
    static let pollInterval = Setting(
        "lifecycle.poll_interval", .duration(.zero ... .seconds(86_400)), default: "1s",
        "Time between two looks for versions; 0s: only at start and on reload.")
    static let configurationPollInterval = Setting(
        "lifecycle.config_poll_interval", .duration(.zero ... .seconds(86_400)), default: "0s",
        "Time between two looks at the configuration files, which are read again when one has changed; 0s: only on SIGHUP.")
    static let loadThreads = Setting(
        "lifecycle.load_threads", .integer(1...64), default: "2", "Versions loaded at the same time.")
    static let loadRetries = Setting(
        "lifecycle.load_retries", .integer(0...1_000), default: "5", "Tries after a first failed one that may pass by itself.")
    static let loadRetryInterval = Setting(
        "lifecycle.load_retry_interval", .duration(.zero ... .seconds(86_400)), default: "60s", "Wait between two tries.")
    static let quietPeriod = Setting(
        "lifecycle.quiet_period", .duration(.zero ... .seconds(3_600)), default: "500ms",
        "A version whose files changed more recently may still be being copied and waits.")
    static let hold = Setting(
        "lifecycle.hold", .duration(.zero ... .seconds(3_600)), default: "0s",
        "How long a request waits for a version that is being loaded, within its own time; then, or with 0s at once, 503.")
    static let startHold = Setting(
        "lifecycle.start_hold", .duration(.zero ... .seconds(3_600)), default: "10s",
        "How long a request waits for a version while the first loads go on, within its own time; then, or with 0s at once, 503.")
    static let changedInPlace = Setting(
        "lifecycle.changed_in_place", ValueKind<LifecycleOptions.ChangedInPlace>.oneOf, default: "keep",
        "A version whose files change while it serves: keep what is loaded, or reload.")
    static let allowsEmpty = Setting(
        "lifecycle.allow_empty", .boolean, default: "false", "Whether the daemon is ready when there is nothing to serve.")
    static let loadMode = Setting(
        "lifecycle.load", ValueKind<LoadMode>.oneOf, default: "eager",
        "Models that say nothing else are loaded at once (eager), or by the first request (on_demand).")
    static let swap = Setting(
        "lifecycle.swap", ValueKind<SwapPolicy>.oneOf, default: "availability",
        "availability: a new version is loaded before the old one goes; resource: the old one goes first.")
    static let unloadDelay = Setting(
        "lifecycle.unload_delay", .duration(.zero ... .seconds(86_400)), default: "0s",
        "How long a version stays after another has taken over, for requests that name it.")

    // batching
    static let batchingEnabled = Setting(
        "batching.enabled", .boolean, default: "true", "Whether requests share batches.")
    static let maxBatchSize = Setting(
        "batching.max_batch_size", .integer(1...1_000_000), default: "64", "Most rows in one batch.")
    static let batchTimeout = Setting(
        "batching.timeout", .duration(.zero ... .seconds(3_600)), default: "0us",
        "How long the oldest request may wait for company; 0us: it runs as soon as a lane is free.")
    static let allowedBatchSizes = Setting(
        "batching.allowed_sizes", .integerList(1...1_000_000), default: "",
        "Row counts that are run, ascending, the last equal to max_batch_size; empty: chosen by the daemon.")
    static let targetLatency = Setting(
        "batching.target_latency", .duration(.zero ... .seconds(3_600)), default: "0us",
        "What the slowest requests may take; batches are as large as keeps them within it. 0us: as large as they may be.")
    static let maxQueuedBatches = Setting(
        "batching.max_queued_batches", .integer(0...1_000_000), default: "100",
        "Bound of each queue in full batches; more is answered 429.")
    static let refusesOversize = Setting(
        "batching.refuse_oversize", .boolean, default: "false",
        "Whether a request of more rows than max_batch_size is answered 400 instead of being run alone.")
    static let readsBatchingFiles = Setting(
        "batching.per_version_files", .boolean, default: "false",
        "Whether each version is batched by its file batching_params.pbtxt, and not at all without one.")

    // request_log
    static let requestLogPath = Setting(
        "request_log.path", .optionalText, default: "", "File of recorded requests with their answers; empty: none are recorded.")
    static let requestLogFormat = Setting(
        "request_log.format", ValueKind<RequestLogFormat>.oneOf, default: "json",
        "json: one object a line; tfrecord: PredictionLog messages, as warm-up files have.")
    static let requestLogSample = Setting(
        "request_log.sample", .integer(1...1_000_000_000), default: "100", "One of so many requests is recorded; 1: all.")
    static let requestLogMaxRecordBytes = Setting(
        "request_log.max_record_bytes", .byteCount(1_024...(1 << 30)), default: "1MiB",
        "Tensors of one request and its answer; larger ones are not recorded.")
    static let requestLogMaxFileBytes = Setting(
        "request_log.max_file_bytes", .byteCount(65_536...(1 << 40)), default: "64MiB",
        "Size beyond which a new file is begun and the old one renamed.")
    static let requestLogMaxFiles = Setting(
        "request_log.max_files", .integer(1...1_000), default: "4", "Files that are kept, the current one included.")
    static let requestLogBuffer = Setting(
        "request_log.buffer", .byteCount(65_536...(1 << 32)), default: "16MiB",
        "What may wait for a slow disk; records beyond are dropped and counted.")

    // registry
    static let registryPath = Setting(
        "registry.path", .text, default: "registry.sqlite", "Database of models, versions and events.")
    static let registryStore = Setting(
        "registry.store", .text, default: "store", "Folder for models that are uploaded.")

    // monitoring
    static let prometheusEnabled = Setting(
        "monitoring.prometheus.enabled", .boolean, default: "true", "Whether metrics are offered to Prometheus.")
    static let prometheusPath = Setting(
        "monitoring.prometheus.path", .absoluteURLPath, default: "/monitoring/prometheus/metrics", "Path of the metrics.")

    // log
    static let logLevel = Setting("log.level", ValueKind<LogLevel>.oneOf, default: "info", "Least severe level that is written.")
    static let logFormat = Setting(
        "log.format", ValueKind<LogStyle>.oneOf, default: "auto", "auto: what suits the place that standard error leads to.")

    private static let timeouts: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)

    package static let all: [SettingFacts] = [
        address.facts, port.facts, admin.facts, loops.facts, requestTimeout.facts, drainDelay.facts, drainTimeout.facts, cors.facts,
        nonfinite.facts, checksMethodNames.facts, notifyReady.facts, startTimeout.facts,
        tlsCertificate.facts, tlsKey.facts, tlsClientCA.facts, tlsClientVerification.facts, strictTransportSecurity.facts,
        compressionThreshold.facts, compressionLevel.facts,
        accessLogDestination.facts, accessLogFormat.facts, accessLogSample.facts, accessLogUserAgent.facts, accessLogBuffer.facts,
        maxRequestLineBytes.facts, maxHeadBytes.facts, maxFieldCount.facts, maxBodyBytes.facts, maxInlineBodyBytes.facts,
        maxResponseBytes.facts, maxChunkExtensionBytes.facts,
        maxTrailerBytes.facts, maxConnections.facts, maxConnectionsPerPeer.facts, maxRequestsPerConnection.facts,
        maxRequestsInFlight.facts,
        headTimeout.facts, bodyTimeout.facts, writeTimeout.facts, minBytesPerSecond.facts, idleTimeout.facts,
        lingerTimeout.facts, drainGrace.facts,
        grpcPort.facts, grpcAddress.facts, grpcUnix.facts, grpcTLS.facts, grpcSSLConfig.facts, grpcLoops.facts,
        grpcMaxMessageBytes.facts, grpcMaxConcurrentStreams.facts, grpcHealth.facts, grpcTensorContent.facts, grpcChannelOptions.facts,
        lanes.facts, memoryBudget.facts, maxRunBytes.facts, warmsUp.facts, warmUpIterations.facts, savedModelTags.facts, inlineBudget.facts,
        pollInterval.facts, configurationPollInterval.facts, loadThreads.facts, loadRetries.facts, loadRetryInterval.facts,
        quietPeriod.facts, hold.facts, startHold.facts, changedInPlace.facts, allowsEmpty.facts, loadMode.facts, swap.facts,
        unloadDelay.facts,
        batchingEnabled.facts, maxBatchSize.facts, batchTimeout.facts, targetLatency.facts, allowedBatchSizes.facts,
        maxQueuedBatches.facts, refusesOversize.facts, readsBatchingFiles.facts,
        requestLogPath.facts, requestLogFormat.facts, requestLogSample.facts, requestLogMaxRecordBytes.facts,
        requestLogMaxFileBytes.facts, requestLogMaxFiles.facts, requestLogBuffer.facts,
        registryPath.facts, registryStore.facts,
        prometheusEnabled.facts, prometheusPath.facts,
        logLevel.facts, logFormat.facts,
    ]

    /// Whether a reload puts a change of the key in force; of the others the next start does.
    package static func isReloaded(_ path: String) -> Bool {
        let isOfReloadedSection = ["batching.", "server.tls."].contains { path.hasPrefix($0) } && path != strictTransportSecurity.path
        return isOfReloadedSection || [logLevel.path, loadMode.path].contains(path)
    }

    /// Keys beside the settings that the file may hold; they are read apart.
    static let structuredKeys = ["models", "model_root", "server.listeners"]
}

/// When the service manager is notified that the daemon is ready.
package enum ReadinessNotice: String, CaseIterable, Sendable {
    /// When each model serves or has had its first try.
    case loaded
    /// When connections are accepted.
    case listening
}

/// Levels of the log by name.
package enum LogLevel: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
}

/// How the log is written; `auto` asks where it goes.
package enum LogStyle: String, CaseIterable, Sendable {
    case auto, journal, terminal, plain, json

    /// The format to use; nil: to be found out.
    var format: LogFormat? { LogFormat(rawValue: rawValue) }
}

extension ValueKind where Value == String {
    /// The path of a route: only characters that need no escape there (RFC 3986 §3.3).
    static var absoluteURLPath: ValueKind {
        ValueKind(expected: "a path that begins with / and holds letters, digits and -._~/ only") { text in
            let isPlain = text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~/".utf8.contains(byte)
                }
            }
            return text.hasPrefix("/") && isPlain ? text : nil
        }
    }
}
