import Daemon
import Testing

@Suite("Flag spelling")
struct FlagSpellingTests {
    @Test(
        "brings both spellings into one",
        arguments: [
            (["serve", "--rest_api_port=8501"], ["serve", "--rest-api-port=8501"]),
            (["serve", "--rest_api_port", "8501"], ["serve", "--rest-api-port", "8501"]),
            (["serve", "--rest-api-port", "8501"], ["serve", "--rest-api-port", "8501"]),
            (["--enable_batching"], ["--enable-batching=true"]),
            (["--enable_batching=false"], ["--enable-batching=false"]),
            (["--enable_batching", "next"], ["--enable-batching=true", "next"]),
            (["--config", "my_file.yaml"], ["--config", "my_file.yaml"]),
            (["--model_base_path=/my_models/a=b"], ["--model-base-path=/my_models/a=b"]),
            (["run", "a_b", "-x_y"], ["run", "a_b", "-x_y"]),
            (["--", "--rest_api_port=1"], ["--", "--rest_api_port=1"]),
            (["--no_such_flag=1_2"], ["--no-such-flag=1_2"]),
        ])
    func normalizes(arguments: [String], normalized: [String]) throws {
        #expect(try FlagSpelling.normalized(arguments) == normalized)
    }

    @Test(
        "takes out what asks for what is the case anyway",
        arguments: [
            ["--num_unload_threads=0"], ["--num_unload_threads", "1"], ["--flush_filesystem_caches=false"], ["--flush_filesystem_caches"],
            ["--skip_initialize_tpu"],
            ["--per_process_gpu_memory_fraction=0.0"], ["--use_alts_credentials=false"],
        ])
    func takesOut(arguments: [String]) throws {
        #expect(try FlagSpelling.normalized(arguments + ["rest"]) == ["rest"])
    }

    @Test("refuses every flag that cannot be honoured, all at once and with the reason")
    func refuses() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try FlagSpelling.normalized(["serve", "--port=8500", "--enable-profiler", "--num_tflite_pools", "4"])
        }
        #expect(error?.isUsageError == true)
        #expect(
            error?.problems.map(\.description) == [
                "--enable_profiler: cannot be honoured with the value \"true\": there is no profiler service",
                "--num_tflite_pools: cannot be honoured with the value \"4\": TensorFlow Lite models are not supported",
            ])
    }

    /// tensorflow/serving, model_servers/main.cc; `version` is a flag of the command itself.
    static let servingFlagNames: Set<String> = [
        "port", "grpc_socket_path", "rest_api_port", "rest_api_num_threads", "rest_api_timeout_in_ms", "rest_api_enable_cors_support",
        "grpc_channel_arguments", "grpc_max_threads", "enable_grpc_healthcheck_service", "use_alts_credentials", "ssl_config_file",
        "enable_profiler", "model_name", "model_base_path", "model_config_file", "model_config_file_poll_wait_seconds",
        "file_system_poll_wait_seconds", "num_load_threads", "num_unload_threads", "max_num_load_retries", "load_retry_interval_micros",
        "flush_filesystem_caches", "allow_version_labels_for_unavailable_models", "saved_model_tags", "enable_model_warmup",
        "num_request_iterations_for_warmup", "remove_unused_fields_from_bundle_metagraph", "enable_signature_method_name_check",
        "prefer_tflite_model", "num_tflite_pools", "num_tflite_interpreters_per_pool", "enable_batching", "batching_parameters_file",
        "enable_per_model_batching_parameters", "tensorflow_session_parallelism", "tensorflow_intra_op_parallelism",
        "tensorflow_inter_op_parallelism", "tensorflow_session_config_file", "per_process_gpu_memory_fraction", "platform_config_file",
        "thread_pool_factory_config_file", "mixed_precision", "enable_serialization_as_tensor_content", "xla_cpu_compilation_enabled",
        "xla_gpu_compilation_enabled", "skip_initialize_tpu", "monitoring_config_file",
    ]

    @Test("knows every flag of TensorFlow Serving, and every flag's key is a setting")
    func completeness() {
        #expect(Set(ServingFlag.all.map(\.name)) == Self.servingFlagNames)
        #expect(ServingFlag.all.count == Self.servingFlagNames.count)
        for flag in ServingFlag.all {
            if case .setting(let path, _, _) = flag.meaning {
                #expect(Settings.all.contains { $0.path == path }, "\(flag.name) sets \(path)")
            }
        }
    }
}
