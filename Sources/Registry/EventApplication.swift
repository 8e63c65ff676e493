import GRDB
import ServableCore

/// Turns what happened into rows, within one transaction.
struct EventApplication {
    let database: Database

    /// Who is said to have done what the daemon does by itself.
    private static let daemon = "daemon"

    /// States describe this process; those of the last one are corrected, and what it had not unloaded is noted.
    func beginLife(at now: Timestamp) throws {
        let interrupted = try Row.fetchAll(
            database,
            sql: """
                SELECT models.name, versions.version FROM versions JOIN models ON models.id = versions.model_id
                WHERE versions.state IN ('START', 'LOADING', 'AVAILABLE', 'UNLOADING') ORDER BY models.name, versions.version
                """
        ).map { row in "\(try row.value("name") as String)/\(try row.value("version") as Int64)" }
        try run("UPDATE versions SET state = 'NOT_LOADED', state_since = ? WHERE state <> 'NOT_LOADED'", [now.description])
        let detail =
            interrupted.isEmpty
            ? ""
            : "the last process ended without unloading \(interrupted.prefix(20).joined(separator: ", "))"
                + (interrupted.count > 20 ? " and \(interrupted.count - 20) more" : "")
        try log(now, "daemon_started", detail: detail)
    }

    func endLife(at now: Timestamp) throws {
        try log(now, "daemon_stopped")
    }

    func apply(_ event: ServableEvent) throws {
        switch event.kind {
        case .modelsWanted(let models): try setWanted(models, at: event.time)
        case .versionsPresent(let model, let versions, let wanted):
            try setPresent(versions, wanted: Set(wanted), of: model, at: event.time)
        case .status(let status): try set(status, at: event.time)
        case .described(let id, let description): try set(description, of: id, at: event.time)
        case .labels(let model, let assigned, let specified):
            try setLabels(assigned, specified: specified, of: model, at: event.time)
        case .filesChanged(let id, let detail):
            try log(event.time, "files_changed", model: id.name, version: id.version, detail: detail)
        case .decided(let model, let serves, let administrator):
            try decide(model, serves: serves, by: administrator, at: event.time)
        case .reload(let detail, let isInForce):
            try log(event.time, "configuration_reloaded", detail: detail, hasFailed: !isInForce)
        case .problem(let model, let problem):
            try log(
                event.time, problem == nil ? "model_found" : "model_unavailable", model: model, detail: problem ?? "",
                hasFailed: problem != nil)
        }
    }

    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func log(
        _ time: Timestamp, _ kind: String, model: String? = nil, version: Int64? = nil, detail: String = "",
        hasFailed: Bool = false, by actor: String = daemon
    ) throws {
        try run(
            "INSERT INTO events (time, actor, kind, model, version, detail, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [time.description, actor, kind, model, version, detail, hasFailed ? "failed" : "ok"]
        )
    }

    /// The row of a model, made if need be.
    func modelRow(_ name: String, basePath: String = "", at time: Timestamp) throws -> Int64 {
        let existing = try database.cachedStatement(sql: "SELECT id FROM models WHERE name = ?")
        if let id = try Int64.fetchOne(existing, arguments: [name]) { return id }
        try run(
            "INSERT INTO models (name, base_path, is_configured, first_seen) VALUES (?, ?, 0, ?)",
            [name, basePath, time.description])
        return database.lastInsertedRowID
    }
}
