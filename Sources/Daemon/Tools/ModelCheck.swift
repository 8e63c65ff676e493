import Glibc
import HTTPCore
import ModelFormats
import ServableCore

/// Tries what serving needs, opens every model that would be served, as far as its first row, and the files of TLS, and counts what
/// fails.
struct ModelCheck {
    private var checkedCount = 0
    private var failures: [CommandFailure] = []

    mutating func check(_ configuration: ApusConfiguration) {
        let serving = ServingCheck(configuration)
        for warning in serving.warnings { StandardError.warning(warning) }
        for failure in serving.failures { fail(failure) }
        if let tls = configuration.server.tls { check(tls) }
        let discovery = DirectorySource.versions.discover(configuration.serving, known: [:])
        if let problem = discovery.modelRootProblem { fail(CommandFailure(.inputOutput, problem)) }
        for warning in discovery.warnings { StandardError.warning(warning) }
        for model in discovery.models {
            let name = model.specification.name
            for warning in model.warnings { StandardError.warning(warning) }
            if let problem = model.problem { fail(CommandFailure(.inputOutput, "model \"\(name)\": \(problem)")) }
            for version in model.versions where model.wanted.contains(version.version) {
                check(path: version.path, name: "\(name) version \(version.version)", tags: configuration.engine.savedModelTags)
                checkBatching(of: ServableID(name: name, version: version.version), path: version.path, configuration)
            }
        }
    }

    private mutating func check(_ tls: TLSConfiguration) {
        do throws(TLSError) {
            for warning in try TLSContext(tls).warnings { StandardError.warning(warning) }
            print("certificate is valid: \(tls.certificateFile)")
        } catch .unreadable(_, let path, EACCES) where Self.isCredential(path) {
            // The service manager opens them to the process that it starts, and to no other command of the unit.
            StandardError.print("apus: warning: \(path) is a credential of the running service and cannot be checked")
        } catch {
            fail(CommandFailure(error))
        }
    }

    private static func isCredential(_ path: String) -> Bool {
        ProcessEnvironment.variables["CREDENTIALS_DIRECTORY"].map { path.hasPrefix($0 + "/") } ?? false
    }

    /// The version's own batching parameters, when they are to be read.
    private mutating func checkBatching(of id: ServableID, path: String, _ configuration: ApusConfiguration) {
        do throws(ServableError) { _ = try BatchingTable(configuration).settings(of: id, path: path) } catch {
            fail(CommandFailure(.configuration, error.message))
        }
    }

    mutating func check(path: String, name: String, tags: Set<String> = SavedModelImporter.servingTags) {
        checkedCount += 1
        do {
            let summary = try Progress.during("checking \(name)") {
                let file = try ModelFile(path: path, tags: tags)
                try file.checkFirstRow()
                return try ModelSummary(file)
            }
            print(
                "\(name): valid, \(summary.format), \(HumanText.plural(summary.nodes, "node")), \(HumanText.bytes(summary.byteCount))")
        } catch {
            fail(CommandFailure(error) ?? CommandFailure(.failed, "\(error)"))
        }
    }

    /// Throws when anything failed; the first failure decides how the process ends.
    func finish() throws {
        guard let first = failures.first else {
            if checkedCount == 0 { StandardError.warning("no model was found to check") }
            return
        }
        throw CommandFailure(first.status, "\(failures.count) of \(max(checkedCount, failures.count)) checks failed")
    }

    private mutating func fail(_ failure: CommandFailure) {
        StandardError.error(failure.message)
        failures.append(failure)
    }
}
