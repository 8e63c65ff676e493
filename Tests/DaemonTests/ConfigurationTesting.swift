import Daemon
import Foundation
import Testing

/// Loads configurations from texts, with nothing from the real environment.
enum ConfigurationTesting {
    /// The repository's folder.
    static var repository: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }

    /// Loads `yaml` as `/…/apus.yaml` of a folder of its own, which holds `files` too; in flags `@` stands for the folder.
    static func load(
        _ yaml: String? = nil, flags: [String: String] = [:], assignments: [String] = [],
        environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> (configuration: ApusConfiguration, folder: String) {
        let folder = URL.temporaryDirectory.appending(path: "apus-configuration-\(UUID().uuidString)").resolvingSymlinksInPath()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { removeFolder(folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        if let yaml { try Data(yaml.utf8).write(to: folder.appending(path: "apus.yaml")) }
        let path = folder.path
        var arguments = ConfigurationArguments()
        arguments.configPath = yaml == nil ? nil : path + "/apus.yaml"
        arguments.flags = flags.mapValues { $0.replacingOccurrences(of: "@", with: path) }
        arguments.assignments = assignments
        let loader = ConfigurationLoader(
            arguments: arguments, environment: environment, workingDirectory: "/work-folder", isRoot: true)
        do {
            return (try loader.load(), path)
        } catch {
            let problems = error.problems.map { $0.description.replacingOccurrences(of: path, with: "@") }
            throw Refusal(problems: problems, isUsageError: error.isUsageError)
        }
    }

    /// What a refused configuration says, with the folder written `@`.
    struct Refusal: Error, Equatable {
        let problems: [String]
        let isUsageError: Bool
    }

    /// The problems of a configuration that must be refused.
    static func problems(
        _ yaml: String? = nil, flags: [String: String] = [:], assignments: [String] = [],
        environment: [String: String] = [:], files: [String: String] = [:]
    ) -> [String] {
        let refusal = #expect(throws: Refusal.self) {
            try load(yaml, flags: flags, assignments: assignments, environment: environment, files: files)
        }
        return refusal?.problems ?? []
    }

    private static func removeFolder(_ folder: URL) {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Issue.record("cannot remove \(folder.path): \(error)")
        }
    }
}
