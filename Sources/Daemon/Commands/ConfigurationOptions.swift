import ArgumentParser

/// Where the configuration comes from: a file, single keys, and TensorFlow Serving's flags.
///
/// Values of flags are texts here; they are judged together with all other sources, so that every error tells of its place.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read the configuration from this YAML file.", valueName: "file"),
        completion: .file(extensions: ["yaml", "json"]))
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set one key of the configuration, such as server.limits.max_body_bytes=1MiB; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: ArgumentHelp("TCP port of gRPC, 0 for none (grpc.port).", valueName: "port"))
    var port: String?

    @Option(help: ArgumentHelp("Unix socket of gRPC (grpc.unix).", valueName: "file"), completion: .file())
    var grpcSocketPath: String?

    @Option(help: ArgumentHelp("Threads of gRPC's connections (grpc.loops).", valueName: "count"))
    var grpcMaxThreads: String?

    @Option(help: ArgumentHelp("gRPC's channel arguments, NAME=VALUE between commas (grpc.channel_options).", valueName: "arguments"))
    var grpcChannelArguments: String?

    @Option(help: ArgumentHelp("Offer grpc.health.v1 (grpc.health).", valueName: "true|false"))
    var enableGrpcHealthcheckService: String?

    @Option(
        help: ArgumentHelp("Encrypt gRPC by this file, an SSLConfig in protobuf's text format (grpc.ssl_config).", valueName: "file"),
        completion: .file())
    var sslConfigFile: String?

    @Option(
        help: ArgumentHelp("Write tensors of gRPC responses as tensor_content (grpc.tensor_content).", valueName: "true|false"))
    var enableSerializationAsTensorContent: String?

    @Option(help: ArgumentHelp("TCP port of REST and metrics (server.port).", valueName: "port"))
    var restApiPort: String?

    @Option(help: ArgumentHelp("Threads that read and write connections (server.loops).", valueName: "count"))
    var restApiNumThreads: String?

    @Option(help: ArgumentHelp("Milliseconds from a request to its answer (server.request_timeout).", valueName: "ms"))
    var restApiTimeoutInMs: String?

    @Option(help: ArgumentHelp("Send CORS headers (server.cors).", valueName: "true|false"))
    var restApiEnableCorsSupport: String?

    @Option(help: ArgumentHelp("Name of the one model of --model_base_path.", valueName: "name"))
    var modelName: String?

    @Option(
        help: ArgumentHelp("Serve one model from this folder of numbered versions.", valueName: "folder"), completion: .directory)
    var modelBasePath: String?

    @Option(
        help: ArgumentHelp("Serve the models of this file, a ModelServerConfig in protobuf's text format.", valueName: "file"),
        completion: .file())
    var modelConfigFile: String?

    @Option(
        help: ArgumentHelp(
            "Seconds between two looks whether a configuration file has changed, 0 for none (lifecycle.config_poll_interval).",
            valueName: "s"))
    var modelConfigFilePollWaitSeconds: String?

    @Option(help: ArgumentHelp("Seconds between two looks for versions, 0 for none (lifecycle.poll_interval).", valueName: "s"))
    var fileSystemPollWaitSeconds: String?

    @Option(help: ArgumentHelp("Versions loaded at the same time (lifecycle.load_threads).", valueName: "count"))
    var numLoadThreads: String?

    @Option(help: ArgumentHelp("Tries after a first failed load (lifecycle.load_retries).", valueName: "count"))
    var maxNumLoadRetries: String?

    @Option(help: ArgumentHelp("Microseconds between two tries (lifecycle.load_retry_interval).", valueName: "us"))
    var loadRetryIntervalMicros: String?

    @Option(
        help: ArgumentHelp(
            "Run each signature and the warm-up records before a version becomes available (engine.warm_up).", valueName: "true|false"))
    var enableModelWarmup: String?

    @Option(help: ArgumentHelp("How often each warm-up record is run (engine.warm_up_iterations).", valueName: "count"))
    var numRequestIterationsForWarmup: String?

    @Option(help: ArgumentHelp("Tags of the meta graph of a SavedModel that is served (engine.saved_model_tags).", valueName: "tags"))
    var savedModelTags: String?

    @Option(
        help: ArgumentHelp(
            "Let a signature be called only by the method that it is made for (server.check_method_names).", valueName: "true|false"))
    var enableSignatureMethodNameCheck: String?

    @Option(help: ArgumentHelp("Let requests share batches (batching.enabled).", valueName: "true|false"))
    var enableBatching: String?

    @Option(
        help: ArgumentHelp("Take batching from this file, BatchingParameters in protobuf's text format.", valueName: "file"),
        completion: .file())
    var batchingParametersFile: String?

    @Option(
        help: ArgumentHelp(
            "Batch each version by its file batching_params.pbtxt, and not at all without (batching.per_version_files).",
            valueName: "true|false"))
    var enablePerModelBatchingParameters: String?

    @Option(help: ArgumentHelp("Threads that compute, 0 for one a core (engine.lanes).", valueName: "count"))
    var tensorflowSessionParallelism: String?

    @Option(
        help: ArgumentHelp("Take monitoring from this file, a MonitoringConfig in protobuf's text format.", valueName: "file"),
        completion: .file())
    var monitoringConfigFile: String?

    var arguments: ConfigurationArguments {
        let flags: [String: String?] = [
            "port": port, "grpc_socket_path": grpcSocketPath, "grpc_max_threads": grpcMaxThreads,
            "grpc_channel_arguments": grpcChannelArguments, "enable_grpc_healthcheck_service": enableGrpcHealthcheckService,
            "ssl_config_file": sslConfigFile, "enable_serialization_as_tensor_content": enableSerializationAsTensorContent,
            "rest_api_port": restApiPort, "rest_api_num_threads": restApiNumThreads,
            "rest_api_timeout_in_ms": restApiTimeoutInMs, "rest_api_enable_cors_support": restApiEnableCorsSupport,
            "model_name": modelName, "model_base_path": modelBasePath, "model_config_file": modelConfigFile,
            "model_config_file_poll_wait_seconds": modelConfigFilePollWaitSeconds,
            "num_request_iterations_for_warmup": numRequestIterationsForWarmup, "saved_model_tags": savedModelTags,
            "enable_signature_method_name_check": enableSignatureMethodNameCheck,
            "enable_per_model_batching_parameters": enablePerModelBatchingParameters,
            "file_system_poll_wait_seconds": fileSystemPollWaitSeconds, "num_load_threads": numLoadThreads,
            "max_num_load_retries": maxNumLoadRetries, "load_retry_interval_micros": loadRetryIntervalMicros,
            "enable_model_warmup": enableModelWarmup, "enable_batching": enableBatching,
            "batching_parameters_file": batchingParametersFile,
            "tensorflow_session_parallelism": tensorflowSessionParallelism, "monitoring_config_file": monitoringConfigFile,
        ]
        var arguments = ConfigurationArguments(configPath: config)
        arguments.flags = flags.compactMapValues { $0 }
        arguments.assignments = assignments
        return arguments
    }

    /// Reads the configuration, now and for each reload.
    var loader: ConfigurationLoader { loader(arguments) }

    func loader(_ arguments: ConfigurationArguments) -> ConfigurationLoader {
        ConfigurationLoader(
            arguments: arguments, environment: ProcessEnvironment.variables,
            workingDirectory: ProcessEnvironment.workingDirectory, isRoot: ProcessEnvironment.isRoot)
    }

    static let flagsDiscussion = """
        TensorFlow Serving's flags are accepted under their own names, --rest_api_port=8501 and --rest-api-port 8501 alike; one \
        that cannot be honoured is an error that says why. Precedence: command line, environment (APUS_SERVER_PORT or \
        APUS_REST_API_PORT), file, defaults.
        """
}
