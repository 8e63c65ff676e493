import Daemon
import Testing

/// What a reload says that has changed.
@Suite("Configuration changes")
struct ConfigurationChangesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let old: String
        let new: String
        var taken: [String] = []
        var deferred: [String] = []
        var testDescription: String { name }
    }

    private static let cases: [Case] = [
        Case(name: "nothing", old: "log: {level: info}\nmodel_root: /m", new: "model_root: /m"),
        Case(
            name: "keys that a reload takes", old: "model_root: /m", new: "model_root: /n\nlog: {level: debug}\nbatching: {timeout: 2ms}",
            taken: ["batching.timeout from 0us to 2ms", "log.level from info to debug", "model_root from /m to /n"]),
        Case(
            name: "keys that wait for a start", old: "model_root: /m", new: "model_root: /m\nserver: {port: 8600, admin: \"unix:/a\"}",
            deferred: ["server.port from 8501 to 8600", "server.admin from none to unix:/a"]),
        Case(
            name: "encryption, which only a start turns on", old: "model_root: /m",
            new: "model_root: /m\nserver: {tls: {certificate: /c, key: /k}}",
            deferred: ["server.tls.certificate from nothing to /c", "server.tls.key from nothing to /k"]),
        Case(
            name: "another certificate", old: "model_root: /m\nserver: {tls: {certificate: /c, key: /k}}",
            new: "model_root: /m\nserver: {tls: {certificate: /d, key: /k}}", taken: ["server.tls.certificate from /c to /d"]),
        Case(
            name: "models",
            old: "models: [{name: a, path: /a, labels: {stable: 2}}, {name: b, path: /b}]",
            new: "models: [{name: a, path: /a, versions: all, labels: {stable: 3}}, {name: c, path: /c}]",
            taken: ["model a (versions from latest to all, label stable from 2 to 3)", "model b removed", "model c added"]),
        Case(
            name: "listeners", old: "model_root: /m", new: "model_root: /m\nserver: {listeners: [{unix: /s}]}",
            deferred: ["server.listeners"]),
    ]

    @Test("are said key by key, and whether they wait for a start", arguments: cases)
    func changes(_ each: Case) throws {
        let old = try ConfigurationTesting.load(each.old).configuration, new = try ConfigurationTesting.load(each.new).configuration
        let changes = ConfigurationChanges(from: old, atStart: old, to: new)
        #expect(changes.taken.map(\.description) == each.taken)
        #expect(changes.deferred.map(\.description) == each.deferred)
    }

    @Test("what waits for a start is compared with what the start has read")
    func sinceStart() throws {
        func load(_ port: Int) throws -> ApusConfiguration {
            try ConfigurationTesting.load("model_root: /m\nserver: {port: \(port)}").configuration
        }
        let (start, second) = (try load(1), try load(2))
        #expect(ConfigurationChanges(from: second, atStart: start, to: second).deferred.map(\.key) == ["server.port"])
        #expect(ConfigurationChanges(from: second, atStart: start, to: start).deferred == [])
    }
}
