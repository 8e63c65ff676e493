import Daemon
import ServableCore
import Testing

@Suite("Configuration layers")
struct ConfigurationLayersTests {
    @Test("the command line wins over the environment, this over the file, this over the default")
    func precedence() throws {
        func port(_ yaml: String, _ environment: [String: String], _ flags: [String: String]) throws -> UInt16 {
            try ConfigurationTesting.load(yaml, flags: flags, environment: environment).configuration.server.port
        }
        #expect(try port("", [:], [:]) == 8501)
        #expect(try port("server: {port: 1}", [:], [:]) == 1)
        #expect(try port("server: {port: 1}", ["APUS_SERVER_PORT": "2"], [:]) == 2)
        #expect(try port("server: {port: 1}", ["APUS_REST_API_PORT": "3"], [:]) == 3)
        #expect(try port("server: {port: 1}", ["APUS_SERVER_PORT": "2"], ["rest_api_port": "4"]) == 4)
    }

    @Test("a value that loses is not judged")
    func losingValue() throws {
        let loaded = try ConfigurationTesting.load(
            "server: {port: 99999}", flags: ["rest_api_port": "5"], environment: ["APUS_SERVER_PORT": "many"])
        #expect(loaded.configuration.server.port == 5)
    }

    @Test("paths on the command line and in the environment count from the working directory")
    func relativePaths() throws {
        let yaml = "registry: {path: r.sqlite}\nmodel_root: m"
        let loaded = try ConfigurationTesting.load(
            yaml, assignments: ["registry.store=uploads"], environment: ["APUS_MODEL_ROOT": "elsewhere"])
        #expect(loaded.configuration.registry.path == loaded.folder + "/r.sqlite")
        #expect(loaded.configuration.registry.store == "/work-folder/uploads")
        #expect(loaded.configuration.serving.modelRoot == "/work-folder/elsewhere")
    }

    @Test("TensorFlow Serving's flags set the keys that mean the same")
    func servingFlags() throws {
        let configuration = try ConfigurationTesting.load(
            "",
            flags: [
                "rest_api_port": "9000", "rest_api_timeout_in_ms": "1500", "rest_api_num_threads": "2",
                "file_system_poll_wait_seconds": "7", "num_load_threads": "0", "max_num_load_retries": "1",
                "load_retry_interval_micros": "-1", "enable_model_warmup": "false", "enable_batching": "false",
                "tensorflow_session_parallelism": "3", "port": "0", "flush_filesystem_caches": "false",
            ]
        ).configuration
        #expect(configuration.server.port == 9000)
        #expect(configuration.server.requestTimeout == .milliseconds(1500))
        #expect(configuration.server.loopCount == 2)
        #expect(configuration.lifecycle.pollInterval == .seconds(7))
        #expect(configuration.lifecycle.concurrentLoadLimit == 1)
        #expect(configuration.lifecycle.loadRetryLimit == 1)
        #expect(configuration.lifecycle.loadRetryInterval == .zero)
        #expect(!configuration.engine.warmsUp)
        #expect(configuration.engine.laneCount == 3)
        #expect(!configuration.batching.isEnabled)
    }

    @Test("one model from the command line takes the place of those in the file")
    func singleModel() throws {
        let yaml = "models: [{name: other, path: /other}]\nmodel_root: /root"
        let flags = ["model_name": "digits", "model_base_path": "models/digits"]
        let serving = try ConfigurationTesting.load(yaml, flags: flags).configuration.serving
        #expect(serving == ServingSpecification(models: [ModelSpecification(name: "digits", basePath: "/work-folder/models/digits")]))
        let environment = ["APUS_MODEL_BASE_PATH": "/m"]
        let unnamed = try ConfigurationTesting.load(yaml, environment: environment).configuration.serving
        #expect(unnamed.models == [ModelSpecification(name: "default", basePath: "/m")])
        let both = try ConfigurationTesting.load(yaml, flags: flags, environment: environment).configuration.serving
        #expect(both.models.map(\.name) == ["digits"])
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        var flags: [String: String] = [:]
        var assignments: [String] = []
        var environment: [String: String] = [:]
        let problem: String
        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(
            name: "REST switched off", flags: ["rest_api_port": "0"],
            problem: "--rest_api_port: found \"0\"; expected a port from 1 to 65535, as metrics and health are there too"),
        Refused(
            name: "a bad value by flag", flags: ["max_num_load_retries": "-1"],
            problem: "--max_num_load_retries: lifecycle.load_retries: found \"-1\"; expected a whole number from 0 to 1000"),
        Refused(
            name: "a bad value by variable", environment: ["APUS_SERVER_PORT": "x"],
            problem: "environment variable APUS_SERVER_PORT: server.port: found \"x\"; expected a whole number from 0 to 65535"),
        Refused(
            name: "a variable that cannot be honoured", environment: ["APUS_MIXED_PRECISION": "fp16"],
            problem: "environment variable APUS_MIXED_PRECISION: cannot be honoured with the value \"fp16\": models run in the precision "
                + "that they were exported in"),
        Refused(
            name: "two variables for one key", environment: ["APUS_SERVER_PORT": "1", "APUS_REST_API_PORT": "2"],
            problem: "environment variable APUS_REST_API_PORT: environment variable APUS_SERVER_PORT sets server.port too; keep one of them"
        ),
        Refused(
            name: "a flag and an assignment for one key", flags: ["rest_api_port": "1"], assignments: ["server.port=2"],
            problem: "--set server.port=2: --rest_api_port sets server.port too; keep one of them"),
        Refused(
            name: "an assignment without value", assignments: ["server.port"],
            problem: "--set server.port: expected KEY=VALUE, such as server.port=8080"),
        Refused(
            name: "an assignment to no key", assignments: ["server.prot=1"],
            problem: "--set server.prot=1: there is no key \"server.prot\" with a single value; did you mean server.port?"),
        Refused(
            name: "a model without place", flags: ["model_name": "m"],
            problem: "--model_name: names a model but not where it is; add --model_base_path"),
        Refused(
            name: "a file that is not there", flags: ["model_config_file": "/missing.config"],
            problem: "--model_config_file: /missing.config cannot be read: No such file or directory"),
    ]

    @Test("refuses, naming the flag or variable", arguments: refused)
    func refuses(_ refused: Refused) {
        let problems = ConfigurationTesting.problems(
            "", flags: refused.flags, assignments: refused.assignments, environment: refused.environment)
        #expect(problems == [refused.problem])
    }

    @Test("a list of models puts a single one out of force, as TensorFlow Serving's container image gives both, and says so")
    func listBesideModel() throws {
        let loaded = try ConfigurationTesting.load(
            flags: ["model_config_file": "@/models", "model_name": "model", "model_base_path": "/models/model"],
            files: ["models": "model_config_list { config { name: \"a\" base_path: \"/a\" model_platform: \"tensorflow\" } }"])
        #expect(loaded.configuration.serving.models.map(\.name) == ["a"])
        #expect(loaded.configuration.files == [loaded.folder + "/models"])
        #expect(
            loaded.configuration.warnings == [
                "--model_base_path has no effect: --model_config_file says what to serve",
                "--model_name has no effect: --model_config_file says what to serve",
            ])
    }

    @Test(
        "flags of TensorFlow Serving set what they mean",
        arguments: [
            ("rest_api_timeout_in_ms", "0", \.server.requestTimeout, .seconds(86_400)),
            ("rest_api_timeout_in_ms", "-5", \.server.requestTimeout, .seconds(86_400)),
            ("rest_api_timeout_in_ms", "250", \.server.requestTimeout, .milliseconds(250)),
            ("model_config_file_poll_wait_seconds", "7", \.configurationPollInterval, .seconds(7)),
            ("load_retry_interval_micros", "-1000", \.lifecycle.loadRetryInterval, .zero),
            ("load_retry_interval_micros", "90", \.lifecycle.loadRetryInterval, .microseconds(90)),
        ] as [(String, String, any KeyPath<ApusConfiguration, Duration> & Sendable, Duration)])
    func durations(flag: String, text: String, path: any KeyPath<ApusConfiguration, Duration> & Sendable, value: Duration) throws {
        let configuration = try ConfigurationTesting.load("", flags: [flag: text]).configuration
        #expect(configuration[keyPath: path] == value)
    }

    @Test("flags of SavedModels, warm-up and per-version batching set what they mean")
    func modelFlags() throws {
        let configuration = try ConfigurationTesting.load(
            "",
            flags: [
                "saved_model_tags": "serve, gpu", "num_request_iterations_for_warmup": "0", "enable_signature_method_name_check": "true",
                "enable_per_model_batching_parameters": "true",
            ]
        ).configuration
        #expect(configuration.engine.savedModelTags == ["serve", "gpu"])
        #expect(configuration.engine.warmUpIterations == 1)
        #expect(configuration.server.checksMethodNames)
        #expect(configuration.readsBatchingFiles)
        #expect(
            ConfigurationTesting.problems("", flags: ["saved_model_tags": "serve,,gpu"])
                == ["--saved_model_tags: engine.saved_model_tags: found \"serve,,gpu\"; expected a list of words that are not empty"])
    }

    @Test("nothing to serve is a fault of usage only where no file was given")
    func nothingToServe() throws {
        let refusal = #expect(throws: ConfigurationTesting.Refusal.self) { try ConfigurationTesting.load() }
        #expect(refusal?.isUsageError == true)
        #expect(refusal?.problems == ["--config: nothing to serve; give --config FILE, or --model_base_path with --model_name"])
        #expect(try ConfigurationTesting.load("models: []").configuration.serving.models.isEmpty)
    }

    @Test("a bad command line is a fault of usage, a bad file is not")
    func usageError() {
        let usage = #expect(throws: ConfigurationTesting.Refusal.self) {
            try ConfigurationTesting.load("", flags: ["rest_api_port": "x"])
        }
        #expect(usage?.isUsageError == true)
        let file = #expect(throws: ConfigurationTesting.Refusal.self) {
            try ConfigurationTesting.load("server: {port: x}", flags: ["rest_api_num_threads": "x"])
        }
        #expect(file?.isUsageError == false)
    }

    @Test(
        "variables by which Kubernetes describes a Service are passed over with one warning",
        arguments: ["APUS_SERVER_PORT", "APUS_PORT", "APUS_GPU_PORT"])
    func serviceLinks(address: String) throws {
        let service = address.dropLast("_PORT".count)
        let links = [
            address: "tcp://10.0.0.1:8501", "\(address)_8501_TCP": "tcp://10.0.0.1:8501", "\(address)_8501_TCP_ADDR": "10.0.0.1",
            "\(service)_SERVICE_HOST": "10.0.0.1", "\(service)_SERVICE_PORT": "8501", "\(service)_SERVICE_PORT_HTTP": "8501",
        ]
        let environment = links.merging(["APUS_LOG_LEVEL": "debug"]) { own, _ in own }
        let configuration = try ConfigurationTesting.load("model_root: m", environment: environment).configuration
        #expect(configuration.server.port == 8501 && configuration.log.level == .debug)
        #expect(configuration.warnings.count == 1)
        #expect(
            configuration.warnings.first?.contains("describe a Service of Kubernetes and are passed over; set enableServiceLinks: false")
                == true)
        // Without such an address they are what they look like.
        #expect(ConfigurationTesting.problems("model_root: m", environment: ["APUS_SERVER_PORT": "10.0.0.1:8501"]).count == 1)
    }

    @Test("a variable that is not known is warned of, one for other parts is not")
    func unknownVariables() throws {
        let environment = ["APUS_SERVER_PROT": "1", "APUS_ISA": "portable", "PATH": "/bin"]
        let warnings = try ConfigurationTesting.load("", environment: environment).configuration.warnings
        #expect(warnings == ["environment variable APUS_SERVER_PROT is not known and has no effect; did you mean APUS_SERVER_PORT?"])
    }

    @Test(
        "state is kept where systemd, the system or the user has a place for it",
        arguments: [
            (["STATE_DIRECTORY": "/run/s:/other"], true, "/run/s"), (["HOME": "/home/u"], true, "/var/lib/apus"),
            (["HOME": "/home/u"], false, "/home/u/.local/state/apus"), (["XDG_STATE_HOME": "/x", "HOME": "/home/u"], false, "/x/apus"),
            ([:], false, "/var/lib/apus"), (["HOME": "relative"], false, "/var/lib/apus"),
        ])
    func stateDirectory(environment: [String: String], isRoot: Bool, path: String) {
        #expect(StateDirectory.path(environment: environment, isRoot: isRoot) == path)
    }
}
