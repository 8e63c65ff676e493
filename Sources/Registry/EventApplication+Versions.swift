import GRDB
import ServableCore

/// Which versions exist, what they hold and how they fare.
extension EventApplication {
    /// What is listed exists, what was known and is not listed is lost; the version policy's choice is noted.
    func setPresent(_ versions: [Int64: String], wanted: Set<Int64>, of model: String, at time: Timestamp) throws {
        let id = try modelRow(model, at: time)
        for (version, path) in versions.sorted(by: { $0.key < $1.key }) {
            try find(version, path: path, model: model, modelRow: id, at: time)
        }
        let statement = try database.cachedStatement(
            sql: "SELECT version FROM versions WHERE model_id = ? AND lost_at IS NULL ORDER BY version")
        for version in try Int64.fetchAll(statement, arguments: [id]) where versions[version] == nil {
            try run("UPDATE versions SET lost_at = ? WHERE model_id = ? AND version = ?", [time.description, id, version])
            try log(time, "version_lost", model: model, version: version)
        }
        try setDesired(wanted, modelRow: id)
    }

    func set(_ status: ServableStatus, at time: Timestamp) throws {
        let id = try versionRow(status.id, path: status.path, at: time)
        try run(
            "UPDATE versions SET state = ?, state_since = ? WHERE id = ? AND state <> ?",
            [status.state.rawValue, status.since.description, id, status.state.rawValue]
        )
        if let error = status.lastError {
            try run("UPDATE versions SET last_error_code = ?, last_error = ? WHERE id = ?", [error.code.name, error.message, id])
        }
        try log(status, at: time)
        switch status.state {
        case .start, .loading: break
        case .available:
            try run(
                "UPDATE versions SET loaded_at = ?, last_error_code = NULL, last_error = NULL WHERE id = ?",
                [status.since.description, id])
        case .unloading: break
        case .end:
            guard status.error == nil else { break }
            try run("UPDATE versions SET unloaded_at = ? WHERE id = ?", [status.since.description, id])
        }
    }

    func set(_ description: ServableDescription, of id: ServableID, at time: Timestamp) throws {
        let row = try versionRow(id, path: "", at: time)
        let statement = try database.cachedStatement(sql: "SELECT digest FROM versions WHERE id = ?")
        let oldDigest = try String.fetchOne(statement, arguments: [row])
        try run(
            "UPDATE versions SET format = ?, digest = ?, byte_count = ?, signatures = ? WHERE id = ?",
            [description.format, description.digest, description.byteCount, description.signaturesJSON, row]
        )
        guard let oldDigest, oldDigest != description.digest else { return }
        try log(
            time, "content_changed", model: id.name, version: id.version,
            detail: "digest \(oldDigest) became \(description.digest)")
    }

    private func find(_ version: Int64, path: String, model: String, modelRow: Int64, at time: Timestamp) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT path, lost_at IS NOT NULL AS is_lost FROM versions WHERE model_id = ? AND version = ?")
        guard let row = try Row.fetchOne(statement, arguments: [modelRow, version]) else {
            try insert(version, path: path, modelRow: modelRow, at: time)
            return try log(time, "version_found", model: model, version: version, detail: path)
        }
        let (oldPath, isLost): (String, Bool) = (try row.value("path"), try row.value("is_lost"))
        guard isLost || oldPath != path else { return }
        try run("UPDATE versions SET path = ?, lost_at = NULL WHERE model_id = ? AND version = ?", [path, modelRow, version])
        try log(time, isLost ? "version_found" : "version_moved", model: model, version: version, detail: path)
    }

    private func setDesired(_ wanted: Set<Int64>, modelRow: Int64) throws {
        try run("UPDATE versions SET desired = 'retired' WHERE model_id = ? AND desired_by = 'policy'", [modelRow])
        for version in wanted {
            try run(
                "UPDATE versions SET desired = 'serving' WHERE model_id = ? AND version = ? AND desired_by = 'policy'",
                [modelRow, version])
        }
    }

    /// What an operator decides holds until he decides otherwise, also for versions that come later.
    func decide(_ model: String, serves: Bool, by administrator: String, at time: Timestamp) throws {
        let id = try modelRow(model, at: time)
        if serves {
            // What the policy chooses is noted when its choice is next announced.
            try run("UPDATE versions SET desired_by = 'policy' WHERE model_id = ?", [id])
        } else {
            try run("UPDATE versions SET desired = 'retired', desired_by = 'operator' WHERE model_id = ?", [id])
        }
        try log(time, serves ? "model_load_requested" : "model_unload_requested", model: model, by: administrator)
    }

    private func versionRow(_ id: ServableID, path: String, at time: Timestamp) throws -> Int64 {
        let model = try modelRow(id.name, at: time)
        let statement = try database.cachedStatement(sql: "SELECT id FROM versions WHERE model_id = ? AND version = ?")
        if let row = try Int64.fetchOne(statement, arguments: [model, id.version]) { return row }
        try insert(id.version, path: path, modelRow: model, at: time)
        return database.lastInsertedRowID
    }

    private func insert(_ version: Int64, path: String, modelRow: Int64, at time: Timestamp) throws {
        try run(
            """
            INSERT INTO versions (model_id, version, path, desired, state, state_since, first_seen)
            VALUES (?, ?, ?, 'retired', 'NOT_LOADED', ?, ?)
            """,
            [modelRow, version, path, time.description, time.description]
        )
    }

    private func log(_ status: ServableStatus, at time: Timestamp) throws {
        let (name, version) = (status.id.name, status.id.version)
        if let error = status.lastError {
            return try log(time, "load_failed", model: name, version: version, detail: error.description, hasFailed: true)
        }
        switch status.state {
        case .start: break
        case .loading: try log(time, "load_started", model: name, version: version)
        case .available: try log(time, "version_available", model: name, version: version)
        case .unloading: try log(time, "unload_started", model: name, version: version)
        case .end: try log(time, "version_unloaded", model: name, version: version)
        }
    }
}
