import Batching
import Daemon
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Telemetry
import Testing

@Suite("Configuration file")
struct ConfigurationFileTests {
    @Test("an empty file gives the defaults", arguments: ["", "# nothing\n", "---\n", "server:\nmodels:\n"])
    func defaults(yaml: String) throws {
        let configuration = try ConfigurationTesting.load(yaml).configuration
        #expect(configuration.server.address == "127.0.0.1")
        #expect(configuration.server.port == 8501)
        #expect(configuration.server.loopCount == nil)
        #expect(configuration.server.limits == ConnectionLimits())
        #expect(configuration.engine.laneCount == nil)
        #expect(configuration.engine.memoryBudget == .percent(80))
        #expect(configuration.engine.warmsUp)
        #expect(configuration.lifecycle == LifecycleOptions())
        #expect(configuration.batching.settings == BatchingSettings())
        #expect(configuration.serving == ServingSpecification(models: []))
        #expect(configuration.registry.path == "/var/lib/apus/registry.sqlite")
        #expect(configuration.registry.store == "/var/lib/apus/store")
        #expect(configuration.monitoring.prometheusPath == "/monitoring/prometheus/metrics")
        #expect(configuration.log.level == .info)
        #expect(configuration.log.style == .auto)
    }

    @Test("reads how requests are batched, recorded and answered")
    func requests() throws {
        let yaml = """
            server: {nonfinite: null}
            batching: {target_latency: 20ms}
            request_log: {path: log/requests.tfrecord, format: tfrecord, sample: 1, max_file_bytes: 1MiB, max_files: 2}
            models: [{name: m, path: /m, batching: {target_latency: 5ms}}, {name: n, path: /n, batching: {target_latency: 0us}}]
            """
        let (configuration, folder) = try ConfigurationTesting.load(yaml)
        #expect(configuration.server.nonfinite == .null)
        #expect(try ConfigurationTesting.load("server: {nonfinite: string}\nmodel_root: /m").configuration.server.nonfinite == .string)
        #expect(configuration.batching.settings.policy.targetLatency == .milliseconds(20))
        #expect(configuration.batching(of: "m").settings.policy.targetLatency == .milliseconds(5))
        #expect(configuration.batching(of: "n").settings.policy.targetLatency == nil)
        let log = try #require(configuration.requestLog)
        #expect(log.path == folder + "/log/requests.tfrecord" && log.format == .tfrecord && log.sample == 1)
        #expect(log.limits.fileByteCount == 1 << 20 && log.limits.fileCount == 2)
        #expect(try ConfigurationTesting.load("request_log: {format: tfrecord}").configuration.requestLog == nil)
    }

    @Test(
        "refuses values that do not fit, naming key and place",
        arguments: [
            ("server: {nonfinite: nil}", "@/apus.yaml:1:21: server.nonfinite: found \"nil\"; expected one of bare, null, string"),
            ("server: {nonfinite: ~}", "server.nonfinite"),
            (
                "batching: {timeout: 30ms, target_latency: 20ms}",
                "batching: the target latency is 20000 us; expected more than the batch timeout"
            ),
            ("request_log: {path: /x, format: csv}", "request_log.format: found \"csv\"; expected one of json, tfrecord"),
            ("request_log: {path: /x, sample: 0}", "request_log.sample: found \"0\"; expected a whole number from 1"),
            ("request_log: {max_files: 0}", "request_log.max_files: found \"0\""),
            ("request_log: {pth: /x}", "request_log.pth: unknown key; did you mean \"path\"?"),
        ])
    func wrongRequests(_ yaml: String, _ problem: String) {
        let problems = ConfigurationTesting.problems(yaml)
        #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }

    @Test("every default is a value that the key itself takes", arguments: Settings.all)
    func defaultsAreValid(setting: SettingFacts) {
        #expect(setting.defaultIsValid)
        #expect(setting.summary.hasSuffix("."))
    }

    @Test("reads every part, JSON included, with paths counted from the file's folder")
    func everything() throws {
        let yaml = """
            {"server": {"address": "::", "port": 0, "loops": 3, "limits": {"max_body_bytes": "1.5MiB", "idle_timeout": "2m"}},
             "engine": {"lanes": 2, "memory_budget": "512MiB", "warm_up": false},
             "registry": {"path": "r/registry.sqlite", "store": "/elsewhere/store"},
             "log": {"level": "debug", "format": "json"},
             "model_root": "../all",
             "models": [
               {"name": "a", "path": "models/a"},
               {"name": "b", "path": "/b", "versions": "all", "labels": {"stable": 3}, "batching": {"timeout": "5ms"}}]}
            """
        let (configuration, folder) = try ConfigurationTesting.load(yaml)
        #expect(configuration.server.address == "::")
        #expect(configuration.server.port == 0)
        #expect(configuration.server.loopCount == 3)
        #expect(configuration.server.limits.maxBodyBytes == 1_572_864)
        #expect(configuration.server.limits.idleTimeout == .seconds(120))
        #expect(configuration.engine.laneCount == 2)
        #expect(configuration.engine.memoryBudget == .byteCount(512 << 20))
        #expect(!configuration.engine.warmsUp)
        #expect(configuration.registry.path == folder + "/r/registry.sqlite")
        #expect(configuration.registry.store == "/elsewhere/store")
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.style == .json)
        #expect(configuration.serving.modelRoot == FilePaths.folder(of: folder) + "/all")
        #expect(
            configuration.serving.models == [
                ModelSpecification(name: "a", basePath: folder + "/models/a"),
                ModelSpecification(name: "b", basePath: "/b", versionPolicy: .all, labels: ["stable": 3]),
            ])
        #expect(configuration.batching(of: "a").timeout == .zero)
        #expect(configuration.batching(of: "b").timeout == .milliseconds(5))
    }

    @Test("reads when models are loaded, and what becomes of changed files, waiting requests and an empty daemon")
    func lifecycle() throws {
        let (standard, _) = try ConfigurationTesting.load("models: [{name: a, path: /a}]\nmodel_root: /r")
        #expect(standard.serving.models == [ModelSpecification(name: "a", basePath: "/a")])
        #expect(standard.serving.rootLoadMode == .eager && standard.hold == .zero && !standard.allowsEmpty)
        let (configuration, _) = try ConfigurationTesting.load(
            """
            lifecycle: {load: on_demand, hold: 5s, allow_empty: true, changed_in_place: reload}
            models: [{name: a, path: /a}, {name: b, path: /b, load: eager}, {name: c, path: /c, pinned: true}]
            """)
        #expect(configuration.serving.models.map(\.loadMode) == [.onDemand, .eager, .onDemand])
        #expect(configuration.serving.models.map(\.isPinned) == [false, false, true])
        #expect(configuration.serving.rootLoadMode == .onDemand && configuration.hold == .seconds(5) && configuration.allowsEmpty)
        #expect(configuration.lifecycle.changedInPlace == .reload)
    }

    @Test(
        "reads version policies",
        arguments: [
            ("latest", VersionPolicy.latest(1)), ("{latest: 2}", .latest(2)), ("all", .all), ("[3, 5]", .specific([3, 5])),
            ("[]", .specific([])),
            ("7", .specific([7])),
        ])
    func versionPolicies(text: String, policy: VersionPolicy) throws {
        let configuration = try ConfigurationTesting.load("models: [{name: m, path: /m, versions: \(text)}]").configuration
        #expect(configuration.serving.models.first?.versionPolicy == policy)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let yaml: String
        let problems: [String]
        var testDescription: String { yaml }

        init(_ yaml: String, _ problems: String...) {
            self.yaml = yaml
            self.problems = problems
        }
    }

    static let versionForms = "latest, \"latest: N\" with N from 1 to 1000, all, or a list of version numbers"

    static let refused: [Refused] = [
        Refused("servr: {}", "@/apus.yaml:1:8: servr: unknown key; did you mean \"server\"?"),
        Refused("server: {prot: 1}", "@/apus.yaml:1:16: server.prot: unknown key; did you mean \"port\"?"),
        Refused(
            "monitoring: {grafana: 1}", "@/apus.yaml:1:23: monitoring.grafana: unknown key; known here: prometheus"),
        Refused("server:\n  port: abc", "@/apus.yaml:2:9: server.port: found \"abc\"; expected a whole number from 0 to 65535"),
        Refused("server: {port: 65536}", "@/apus.yaml:1:16: server.port: found \"65536\"; expected a whole number from 0 to 65535"),
        Refused("server: {port: -1}", "@/apus.yaml:1:16: server.port: found \"-1\"; expected a whole number from 0 to 65535"),
        Refused("server: {port: [1]}", "@/apus.yaml:1:16: server.port: found a list; expected a whole number from 0 to 65535"),
        Refused("server: {port: }", "@/apus.yaml:1:16: server.port: found nothing; expected a whole number from 0 to 65535"),
        Refused("server: [1]", "@/apus.yaml:1:9: server: found a list; expected a map of keys"),
        Refused("- server", "@/apus.yaml:1:1: found a list; expected a map of keys"),
        Refused(
            "server: {request_timeout: 5}",
            "@/apus.yaml:1:27: server.request_timeout: found \"5\"; expected a duration from 1ms to 24h, a number with us, ms, s, m or h"),
        Refused(
            "engine: {warm_up: yes, lanes: 0}",
            "@/apus.yaml:1:31: engine.lanes: found \"0\"; expected auto or a whole number from 1 to 1024",
            "@/apus.yaml:1:19: engine.warm_up: found \"yes\"; expected true or false"),
        Refused(
            "engine: {memory_budget: 101%}",
            "@/apus.yaml:1:25: engine.memory_budget: found \"101%\"; expected unlimited, a percentage from 1% to 100%, or a number of "
                + "bytes such as 8GiB"),
        Refused(
            "log: {level: loud}",
            "@/apus.yaml:1:14: log.level: found \"loud\"; expected one of trace, debug, info, notice, warning, error, critical"),
        Refused(
            "monitoring: {prometheus: {path: metrics}}",
            "@/apus.yaml:1:33: monitoring.prometheus.path: found \"metrics\"; expected a path that begins with / and holds letters, digits "
                + "and -._~/ only"),
        Refused(
            "batching: {max_batch_size: 8, allowed_sizes: [2, 4]}",
            "@/apus.yaml:1:46: batching: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8"),
        Refused("models: {}", "@/apus.yaml:1:9: models: found a map; expected a list of models, each with name and path"),
        Refused("models: [3]", "@/apus.yaml:1:10: models[0]: found \"3\"; expected a map with name and path"),
        Refused("models: [{}]", "@/apus.yaml:1:10: models[0]: has no name", "@/apus.yaml:1:10: models[0]: has no path"),
        Refused(
            "models: [{name: a/b, path: /m}]",
            "@/apus.yaml:1:17: models[0].name: found \"a/b\"; expected the name that requests use, of 1 to 255 characters without / and :"),
        Refused(
            "models: [{name: m, path: /m, version: all}]",
            "@/apus.yaml:1:39: models[0].version: unknown key; did you mean \"versions\"?"),
        Refused(
            "models: [{name: m, path: /m, versions: newest}]",
            "@/apus.yaml:1:40: models[0].versions: found \"newest\"; expected \(versionForms)"),
        Refused(
            "models: [{name: m, path: /m, versions: {latest: 0}}]",
            "@/apus.yaml:1:40: models[0].versions: found a map; expected \(versionForms)"),
        Refused(
            "models: [{name: m, path: /m, versions: [1, x]}]",
            "@/apus.yaml:1:40: models[0].versions: found a list; expected \(versionForms)"),
        Refused(
            "models: [{name: m, path: /m, load: later}]",
            "@/apus.yaml:1:36: models[0].load: found \"later\"; expected one of eager, on_demand"),
        Refused(
            "models: [{name: m, path: /m, labels: {stable: new}}]",
            "@/apus.yaml:1:47: models[0].labels.stable: found \"new\"; expected a label without / and :, and a version number"),
        Refused(
            "models: [{name: m, path: /m, batching: {max_batch_size: 4, allowed_sizes: [1, 2]}}]",
            "@/apus.yaml:1:10: models[0].batching: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 2; expected 4"
        ),
        Refused(
            "models:\n- {name: m, path: /a}\n- {name: m, path: /b}",
            "@/apus.yaml:3:3: models[1]: Illegal to list model m multiple times in config list; first listed at @/apus.yaml:2:3"),
        Refused("server: {port: 1, port: 2}", "@/apus.yaml:1:10: the same key twice: port"),
        Refused("server: {port: 1", "@/apus.yaml:2:1: is not YAML: did not find expected ',' or '}'"),
        Refused("a: \u{1}", "@/apus.yaml:1: is not YAML: control characters are not allowed"),
    ]

    @Test("refuses, naming place, key, what was found and what was expected", arguments: refused)
    func refuses(_ refused: Refused) {
        #expect(ConfigurationTesting.problems(refused.yaml) == refused.problems)
    }

    @Test("a file that cannot be read is named with the reason")
    func unreadable() throws {
        let arguments = ConfigurationArguments(configPath: "missing.yaml")
        let loader = ConfigurationLoader(arguments: arguments, environment: [:], workingDirectory: "/nowhere", isRoot: false)
        let error = #expect(throws: ConfigurationErrors.self) { try loader.load() }
        #expect(error?.description == "/nowhere/missing.yaml: the configuration cannot be read: No such file or directory")
    }

    @Test("every prefix and every damaged byte of the reference is taken or refused, never a trap")
    func damagedFiles() throws {
        let text = try FileReader.text(of: ConfigurationTesting.repository + "/config/apus.yaml")
        let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
        let bytes = Array(lines.utf8)
        var refusals = 0
        for index in bytes.indices {
            let prefix = ConfigurationFile(text: String(decoding: bytes[..<index], as: UTF8.self), path: "f")
            var damaged = bytes
            damaged[index] ^= 0x15
            let changed = ConfigurationFile(text: String(decoding: damaged, as: UTF8.self), path: "f")
            refusals += (prefix.problems.isEmpty ? 0 : 1) + (changed.problems.isEmpty ? 0 : 1)
        }
        #expect(refusals > bytes.count / 4)
    }
}
