extension ServingFlag {
    /// Every flag of TensorFlow Serving, in the order of its main.cc by area: network, models, runtime.
    package static let all: [ServingFlag] = network + models + runtime

    private static let noTensorFlow = "models run on Apus' own engine, not on the TensorFlow runtime"

    private static let network: [ServingFlag] = [
        setting("port", "grpc.port"),
        setting("grpc_socket_path", "grpc.unix"),
        translated("rest_api_port", "server.port", "a port from 1 to 65535, as metrics and health are there too") { text in
            Int(text).flatMap { (1...65_535).contains($0) ? text : nil }
        },
        setting("rest_api_num_threads", "server.loops"),
        // Without a limit, a request has the longest that there is.
        translated("rest_api_timeout_in_ms", "server.request_timeout", "a whole number of at most 86400000; 0 or less for no limit") {
            text in
            Int(text).flatMap { $0 <= 0 ? "24h" : $0 <= 86_400_000 ? "\($0)ms" : nil }
        },
        setting("rest_api_enable_cors_support", "server.cors", isBoolean: true),
        setting("grpc_channel_arguments", "grpc.channel_options"),
        translated("grpc_max_threads", "grpc.loops", "a whole number from 1 to 65536") { text in
            Int(text).flatMap { (1...65_536).contains($0) ? "\(min($0, 256))" : nil }
        },
        setting("enable_grpc_healthcheck_service", "grpc.health", isBoolean: true),
        always(false, "use_alts_credentials", "ALTS is of Google's own machines; name certificates under server.tls or --ssl_config_file"),
        setting("ssl_config_file", "grpc.ssl_config"),
        always(false, "enable_profiler", "there is no profiler service"),
    ]

    private static let models: [ServingFlag] = [
        source("model_name"),
        source("model_base_path"),
        source("model_config_file"),
        duration("model_config_file_poll_wait_seconds", "lifecycle.config_poll_interval", unit: "s", 0...86_400),
        duration("file_system_poll_wait_seconds", "lifecycle.poll_interval", unit: "s", 0...86_400),
        translated("num_load_threads", "lifecycle.load_threads", "a whole number from 0 to 64") { text in
            Int(text).flatMap { (0...64).contains($0) ? "\(max(1, $0))" : nil }
        },
        only(["0", "1"], "num_unload_threads", "versions are unloaded one after the other"),
        setting("max_num_load_retries", "lifecycle.load_retries"),
        translated("load_retry_interval_micros", "lifecycle.load_retry_interval", "a whole number of at most 86400000000") { text in
            Int(text).flatMap { $0 <= 86_400_000_000 ? "\(max(0, $0))us" : nil }
        },
        ServingFlag(
            // For files of this machine there is nothing to flush in the original either.
            name: "flush_filesystem_caches", isBoolean: true,
            meaning: .fixed(values: ["true", "false"], reason: "model files are read once and not kept by the daemon")),
        always(
            true, "allow_version_labels_for_unavailable_models",
            "a label may always name a version that is not available yet; it takes effect when the version is"),
        setting("saved_model_tags", "engine.saved_model_tags"),
        setting("enable_model_warmup", "engine.warm_up", isBoolean: true),
        translated("num_request_iterations_for_warmup", "engine.warm_up_iterations", "a whole number of at most 1000") { text in
            Int(text).flatMap { $0 <= 1_000 ? "\(max(1, $0))" : nil }
        },
        always(true, "remove_unused_fields_from_bundle_metagraph", "of a SavedModel only what serving needs is kept"),
        setting("enable_signature_method_name_check", "server.check_method_names", isBoolean: true),
        always(false, "prefer_tflite_model", "TensorFlow Lite models are not supported"),
        only([], "num_tflite_pools", "TensorFlow Lite models are not supported"),
        only([], "num_tflite_interpreters_per_pool", "TensorFlow Lite models are not supported"),
    ]

    private static let runtime: [ServingFlag] = [
        setting("enable_batching", "batching.enabled", isBoolean: true),
        source("batching_parameters_file"),
        setting("enable_per_model_batching_parameters", "batching.per_version_files", isBoolean: true),
        translated("tensorflow_session_parallelism", "engine.lanes", "a whole number from 0 to 1024") { text in
            Int(text).flatMap { (0...1_024).contains($0) ? ($0 == 0 ? "auto" : text) : nil }
        },
        only(
            ["0"], "tensorflow_intra_op_parallelism",
            "requests and rows are the parallelism; set --tensorflow_session_parallelism or engine.lanes"),
        only(
            ["0"], "tensorflow_inter_op_parallelism",
            "requests and rows are the parallelism; set --tensorflow_session_parallelism or engine.lanes"),
        only([""], "tensorflow_session_config_file", noTensorFlow),
        only(["0", "0.0"], "per_process_gpu_memory_fraction", "models run on the processor"),
        only([""], "platform_config_file", noTensorFlow),
        only([""], "thread_pool_factory_config_file", noTensorFlow),
        only([""], "mixed_precision", "models run in the precision that they were exported in"),
        setting("enable_serialization_as_tensor_content", "grpc.tensor_content", isBoolean: true),
        always(false, "xla_cpu_compilation_enabled", noTensorFlow),
        always(false, "xla_gpu_compilation_enabled", noTensorFlow),
        ServingFlag(
            name: "skip_initialize_tpu", isBoolean: true, meaning: .fixed(values: ["true", "false"], reason: "there is no TPU")),
        source("monitoring_config_file"),
    ]
}
