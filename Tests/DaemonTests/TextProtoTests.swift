import Daemon
import ServableCore
import Testing

@Suite("Protobuf text files")
struct TextProtoTests {
    static let modelConfig = """
        # two models
        model_config_list: {
          config: {
            name: "half_plus_two",
            base_path: "/srv/half",
            model_platform: "tensorflow"
          },
          config {
            name: 'digits' base_path: "/srv/" "digits" model_type: TENSORFLOW;
            model_version_policy < specific { versions: [3, 5] versions: 7 } >
            version_labels { key: "stable" value: 3 }
            version_labels: { key: "canary", value: 5 }
          }
        }
        """

    @Test("reads a model config file")
    func modelConfigFile() throws {
        let configuration = try ConfigurationTesting.load(
            flags: ["model_config_file": "@/models.config"], files: ["models.config": Self.modelConfig]
        ).configuration
        #expect(
            configuration.serving.models == [
                ModelSpecification(name: "half_plus_two", basePath: "/srv/half"),
                ModelSpecification(
                    name: "digits", basePath: "/srv/digits", versionPolicy: .specific([3, 5, 7]),
                    labels: ["stable": 3, "canary": 5]),
            ])
    }

    @Test(
        "reads version policies",
        arguments: [
            ("latest {}", VersionPolicy.latest(1)), ("latest { num_versions: 3 }", .latest(3)), ("latest { num_versions: 0 }", .latest(1)),
            ("all {}", .all), ("specific {}", .specific([])), ("", .latest(1)),
        ])
    func policies(text: String, policy: VersionPolicy) throws {
        let file =
            "model_config_list { config { name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" model_version_policy { \(text) } } }"
        #expect(try ModelConfigFile.models(file, path: "f").first?.versionPolicy == policy)
    }

    @Test("an empty config serves nothing", arguments: ["", "# nothing", "model_config_list {}", "model_config_list: { }"])
    func emptyConfig(text: String) throws {
        #expect(try ModelConfigFile.models(text, path: "f").isEmpty)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        let message: String
        var testDescription: String { text }

        init(_ text: String, _ line: Int, _ message: String) {
            self.text = text
            self.line = line
            self.message = message
        }

        static func model(_ fields: String, _ message: String) -> Refused {
            Refused("model_config_list {\n config { \(fields) } }", 2, message)
        }
    }

    static let refused: [Refused] = [
        Refused("improperly formatted file", 1, "expected : or { after improperly"),
        Refused("model_config_list {", 1, "a message is not closed"),
        Refused("}", 1, "expected the name of a field"),
        Refused("model_config_list {} }", 1, "expected the name of a field"),
        Refused("model_config_list { config [ {} {} ] }", 1, "expected , or ] in the list of config"),
        Refused("\n\nmodels {}", 3, "ModelServerConfig has no field \"models\"; known here: custom_model_config, model_config_list"),
        Refused("custom_model_config {}", 1, "custom_model_config is not supported; list the models"),
        Refused("model_config_list: 3", 1, "ModelServerConfig.model_config_list: expected a message { … }"),
        Refused("model_config_list {} model_config_list {}", 1, "ModelServerConfig.model_config_list is given 2 times; expected once"),
        Refused("model_config_list { config: 3 }", 1, "ModelConfigList.config: expected a message { … }"),
        .model("nme: \"m\"", "ModelConfig has no field \"nme\"; did you mean \"name\"?"),
        .model("name: m", "ModelConfig.name: expected a quoted text"),
        .model("name: \"m", "the text that begins here has no closing quote"),
        .model(#"name: "\q""#, "unknown escape \"\\q\""),
        .model(#"name: "\777""#, "a numeric escape has no digits or is above 255"),
        .model(#"name: "\xff""#, "the text is not UTF-8"),
        .model(
            "name: \"m\" base_path: \"m\" model_platform: \"tensorflow\"",
            "Expected model m to have an absolute path or URI; got base_path()=m"),
        .model(
            "name: \"m\" base_path: \"/m\"",
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, model name is m"),
        .model("name: \"m\" base_path: \"/m\" model_platform: \"caffe\"", "Model m requests unsupported platform caffe"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" model_type: TENSORFLOW",
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform, model name is m"),
        .model(
            "name: \"m\" base_path: \"s3://bucket/m\" model_platform: \"tensorflow\"",
            "Expected model m to have an absolute path or URI; got base_path()=s3://bucket/m; Apus reads folders of this machine, "
                + "copy the model or mount its store"),
        .model(
            "name: \"a/b\" base_path: \"/m\" model_platform: \"tensorflow\"",
            "ModelConfig.name is \"a/b\"; expected 1 to 255 characters without / and :"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" model_version_policy { latest { num_versions: -1 } }",
            "Latest.num_versions is -1; expected 0 to 4294967295"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" model_version_policy { specific { versions: [3, -4] } }",
            "Specific.versions has -4; expected versions of 0 or more"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" version_labels { key: \"\" value: 1 }",
            "ModelConfig.version_labels has \"\" for version 1; expected a label without / and :, and a version of 0 or more"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" version_labels { key: \"a\" value: -1 }",
            "ModelConfig.version_labels has \"a\" for version -1; expected a label without / and :, and a version of 0 or more"),
        .model(
            "name: \"m\" logging_config {}",
            "logging_config is not supported; request_log of the YAML configuration records requests of every model"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" model_version_policy { all {} latest {} }",
            "ServableVersionPolicy: expected one of latest, all, specific"),
        .model(
            "name: \"m\" base_path: \"/m\" model_platform: \"tensorflow\" version_labels { key: \"a\" value: x }",
            "VersionLabelsEntry.value: expected a whole number"),
        Refused(String(repeating: "a {", count: 40), 1, "messages lie deeper than 16"),
        Refused("a: @", 1, "unexpected character \"@\""),
    ]

    @Test("refuses, naming line, field and what was expected", arguments: refused)
    func refuses(_ refused: Refused) {
        let error = #expect(throws: TextProtoError.self) { try ModelConfigFile.models(refused.text, path: "f") }
        #expect(error == TextProtoError(line: refused.line, message: refused.message))
    }

    @Test("every prefix and every damaged byte is taken or refused, never a trap")
    func damagedFiles() {
        let bytes = Array(Self.modelConfig.utf8)
        var refusals = 0
        for index in bytes.indices {
            for flip in [0x00, 0x01, 0x20, 0x80] as [UInt8] {
                var damaged = flip == 0 ? Array(bytes[..<index]) : bytes
                if flip != 0 { damaged[index] ^= flip }
                do {
                    _ = try ModelConfigFile.models(String(decoding: damaged, as: UTF8.self), path: "f")
                } catch {
                    refusals += 1
                }
            }
        }
        #expect(refusals > bytes.count)
    }

    @Test("reads batching parameters, with TensorFlow Serving's defaults for what is left out")
    func batchingParameters() throws {
        let text = "max_batch_size { value: 128 } batch_timeout_micros { value: 500 } allowed_batch_sizes: 8 allowed_batch_sizes: [64, 128]"
        let batching = try ConfigurationTesting.load(
            "batching: {max_queued_batches: 3}", flags: ["batching_parameters_file": "@/b"], files: ["b": text]
        ).configuration.batching
        #expect(batching.maxBatchSize == 128)
        #expect(batching.timeout == .microseconds(500))
        #expect(batching.allowedSizes == [8, 64, 128])
        #expect(batching.maxQueuedBatches == 10)
        #expect(batching.refusesOversize)
        let split = "max_batch_size { value: 64 } max_execution_batch_size { value: 16 } enable_large_batch_splitting { value: true }"
        let splitting = try ConfigurationTesting.load("", flags: ["batching_parameters_file": "@/b"], files: ["b": split])
        #expect(splitting.configuration.batching.maxBatchSize == 16)
        #expect(!splitting.configuration.batching.refusesOversize)
        let empty = try ConfigurationTesting.load("", flags: ["batching_parameters_file": "@/b"], files: ["b": ""])
        #expect(empty.configuration.batching.maxBatchSize == 1000)
    }

    @Test(
        "refuses batching parameters that cannot be honoured",
        arguments: [
            (
                "pad_variable_length_inputs: true",
                "@/b:1: pad_variable_length_inputs is not supported; requests of different shapes run in different batches"
            ),
            (
                "max_batch_size { value: 8 }\nmax_execution_batch_size { value: 4 }",
                "@/b:2: max_execution_batch_size is 4; expected max_batch_size, 8, or less with enable_large_batch_splitting"
            ),
            (
                "max_execution_batch_size { value: 1001 }\nenable_large_batch_splitting { value: true }",
                "@/b:1: max_execution_batch_size is 1001; expected max_batch_size, 1000, or less"
            ),
            (
                "max_batch_size { value: 0 }",
                "@/b:1: batching.max_batch_size: found \"0\"; expected a whole number from 1 to 1000000"
            ),
            (
                "max_batch_size { value: 8 }\nallowed_batch_sizes: 4",
                "@/b:2: batching: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8"
            ),
        ])
    func refusedParameters(text: String, problem: String) {
        let problems = ConfigurationTesting.problems("", flags: ["batching_parameters_file": "@/b"], files: ["b": text])
        #expect(problems == [problem])
    }

    @Test(
        "reads the monitoring config",
        arguments: [
            ("prometheus_config { enable: true, path: \"/metrics\" }", "/metrics"), ("prometheus_config { enable: false }", nil), ("", nil),
            ("prometheus_config: { enable: true }", "/monitoring/prometheus/metrics"),
        ] as [(String, String?)])
    func monitoring(text: String, path: String?) throws {
        let loaded = try ConfigurationTesting.load("", flags: ["monitoring_config_file": "@/m"], files: ["m": text])
        #expect(loaded.configuration.monitoring.prometheusPath == path)
    }
}
