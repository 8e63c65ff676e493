import GRDB
import ServableCore

/// Which models are wanted, and where their labels point.
extension EventApplication {
    func setWanted(_ models: [String: String], at time: Timestamp) throws {
        for (name, basePath) in models.sorted(by: { $0.key < $1.key }) { try want(name, basePath: basePath, at: time) }
        let configured = try String.fetchAll(database, sql: "SELECT name FROM models WHERE is_configured = 1 ORDER BY name")
        for name in configured where models[name] == nil { try unwant(name, at: time) }
    }

    private func want(_ name: String, basePath: String, at time: Timestamp) throws {
        let id = try modelRow(name, basePath: basePath, at: time)
        let statement = try database.cachedStatement(sql: "SELECT base_path, is_configured FROM models WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]) else { return }
        let (oldPath, wasConfigured): (String, Bool) = (try row.value("base_path"), try row.value("is_configured"))
        guard !wasConfigured || oldPath != basePath else { return }
        try run("UPDATE models SET base_path = ?, is_configured = 1 WHERE id = ?", [basePath, id])
        try log(time, wasConfigured ? "model_moved" : "model_added", model: name, detail: basePath)
    }

    private func unwant(_ name: String, at time: Timestamp) throws {
        let id = try modelRow(name, at: time)
        try run("UPDATE models SET is_configured = 0 WHERE id = ?", [id])
        try run("UPDATE versions SET desired = 'retired' WHERE model_id = ? AND desired_by = 'policy'", [id])
        try log(time, "model_removed", model: name)
    }

    /// A label that is specified and not assigned waits for its version and stays where it was; one that is neither is dropped.
    func setLabels(_ assigned: [String: Int64], specified: [String: Int64], of model: String, at time: Timestamp) throws {
        let id = try modelRow(model, at: time)
        let statement = try database.cachedStatement(
            sql: "SELECT label, version FROM labels WHERE model_id = ? AND set_by = 'configuration' ORDER BY label")
        let existing = try Row.fetchAll(statement, arguments: [id]).map { row in
            (try row.value("label") as String, try row.value("version") as Int64)
        }
        for (label, version) in existing where assigned[label] == nil && specified[label] == nil {
            try run("DELETE FROM labels WHERE model_id = ? AND label = ?", [id, label])
            try log(time, "label_removed", model: model, version: version, detail: label)
        }
        let old = Dictionary(uniqueKeysWithValues: existing)
        for (label, version) in assigned.sorted(by: { $0.key < $1.key }) where old[label] != version {
            try assign(label, to: version, modelRow: id, at: time)
            try log(time, "label_assigned", model: model, version: version, detail: label)
        }
    }

    private func assign(_ label: String, to version: Int64, modelRow: Int64, at time: Timestamp) throws {
        try run(
            """
            INSERT INTO labels (model_id, label, version, set_by, assigned_at) VALUES (?, ?, ?, 'configuration', ?)
            ON CONFLICT (model_id, label) DO UPDATE SET version = excluded.version, assigned_at = excluded.assigned_at
            """,
            [modelRow, label, version, time.description]
        )
    }
}
