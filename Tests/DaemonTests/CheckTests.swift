import Foundation
import Testing

/// What `apus check` finds before `apus serve` would end on it.
@Suite("Check")
struct CheckTests {
    private static let models = ConfigurationTesting.repository + "/models"

    struct Fault: Sendable, CustomTestStringConvertible {
        /// FOLDER stands for the test's own.
        let yaml: String
        let exitCode: Int32
        let says: String
        var testDescription: String { says }
    }

    static let faults: [Fault] = [
        Fault(
            yaml: "server: { listeners: [{ unix: FOLDER/a.sock, group: nosuchgroup }] }", exitCode: 74,
            says: "there is no group \"nosuchgroup\""),
        Fault(yaml: "server: { listeners: [{ unix: FOLDER/none/a.sock }] }", exitCode: 74, says: "there is no folder FOLDER/none"),
        Fault(yaml: "server: { listeners: [{ unix: FOLDER/c.yaml }] }", exitCode: 74, says: "there is something that is not a socket"),
        Fault(yaml: "server: { address: 203.0.113.7 }", exitCode: 69, says: "203.0.113.7:8501 is not an address of this machine"),
        Fault(
            yaml: "server: { access_log: { destination: FOLDER/none/access.log } }", exitCode: 74,
            says: "cannot open the access log FOLDER/none/access.log: its folder does not exist"),
        Fault(yaml: "request_log: { path: FOLDER/none/requests }", exitCode: 74, says: "request_log.path: \"FOLDER/none/requests\""),
        Fault(yaml: "registry: { path: /proc/none/registry }", exitCode: 74, says: "registry: cannot make directory"),
        Fault(yaml: "registry: { path: FOLDER/c.yaml }", exitCode: 65, says: "is not an SQLite database"),
    ]

    @Test("finds what serving would end on, with the code it would end with, and makes nothing", arguments: faults)
    func finds(fault: Fault) throws {
        let folder = try CheckFolder()
        let port = fault.yaml.contains("server:") ? "" : "\nserver: { port: 0 }"
        let yaml = fault.yaml.replacing("FOLDER", with: folder.path)
        try folder.write("c.yaml", "\(yaml)\(port)\nmodel_root: \(Self.models)\n")
        let check = try Program(["check", "--config", folder.path + "/c.yaml"], environment: ["STATE_DIRECTORY": folder.path])
        #expect(check.exitCode == fault.exitCode, "\(check.errors)")
        #expect(check.errors.contains(fault.says.replacing("FOLDER", with: folder.path)), "\(check.errors)")
        #expect(try folder.names == ["c.yaml"])
    }

    @Test("a daemon that runs by the same configuration is not disturbed and no fault")
    func running() async throws {
        let daemon = try await RunningDaemon(server: ", listeners: [{unix: @/a.sock}]")
        try await daemon.wait("/readyz") { $0.status == 200 }
        let check = try Program("check", "--config", daemon.folder.path + "/apus.yaml")
        #expect(check.exitCode == 0, "\(check.errors)")
        #expect(check.errors == "")
        #expect(try HTTPAnswer(socketPath: daemon.folder.path + "/a.sock", "GET", "/readyz").status == 200)
    }

    @Test("a folder of the model root without a version is named, an empty one is not")
    func foldersWithoutVersions() throws {
        let folder = try CheckFolder()
        for name in ["root/flat", "root/empty"] {
            try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
        }
        try folder.write("root/flat/weights.bin", "x")
        try folder.write("c.yaml", "server: { port: 0 }\nmodel_root: root\n")
        let check = try Program(["check", "--config", folder.path + "/c.yaml"], environment: ["STATE_DIRECTORY": folder.path])
        #expect(check.errors.contains("root/flat\" has no version directory (found weights.bin)"))
        #expect(!check.errors.contains("root/empty"))
    }

    @Test("the printed configuration names each value's origin and is read again as the same")
    func prints() throws {
        let folder = try CheckFolder()
        try folder.write(
            "c.yaml",
            """
            server: { port: 8601, listeners: [{ unix: a.sock, mode: "0600" }, { address: "::1", port: 1, tls: false }] }
            models: [{ name: "a b", path: m, versions: [1, 2], labels: { s: 1 }, load: on_demand, batching: { allowed_sizes: [2, 64] } }]
            """)
        let arguments = ["check", "--config", folder.path + "/c.yaml", "--set", "log.level=debug"]
        let environment = ["APUS_SERVER_LOOPS": "3", "STATE_DIRECTORY": folder.path]
        let printed = try Program(arguments + ["--print"], environment: environment)
        #expect(printed.exitCode == 0 && printed.errors == "")
        for (value, origin) in [
            ("  port: 8601", "\(folder.path)/c.yaml:1:17"), ("  loops: 3", "environment variable APUS_SERVER_LOOPS"),
            ("  level: debug", "--set log.level=debug"), ("  request_timeout: 30s", "defaults"),
            ("  - name: \"a b\"", "\(folder.path)/c.yaml:2:"),
        ] {
            let line = printed.output.split(separator: "\n").first { $0.hasPrefix(value + " ") }
            #expect(line?.contains("# \(origin)") == true, "\(value): \(line ?? "no such line")")
        }
        try folder.write("again.yaml", printed.output)
        let again = try Program(["check", "--print", "--config", folder.path + "/again.yaml"], environment: environment)
        #expect(Self.values(again.output) == Self.values(printed.output))
        #expect(try Program(["check", "--print", Self.models + "/digits"], environment: [:]).exitCode == 64)
    }

    private static func values(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            String(line.prefix(upTo: line.ranges(of: "  #").first?.lowerBound ?? line.endIndex)).trimmingCharacters(in: .whitespaces)
        }
    }
}

/// A folder of one test, removed with it.
private final class CheckFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "apus-check-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path + "/" + name)) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}
