import GRDB
package import ServableCore

extension ModelRegistry {
    /// What served last, and what the files of versions were when they were last loaded. Blocks; for the start.
    package func previousLife() throws(RegistryError) -> PreviousLife {
        do {
            return try reader.read { db in
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT models.name, version, digest, loaded_at, unloaded_at FROM versions JOIN models ON models.id = model_id
                        WHERE loaded_at IS NOT NULL
                        """)
                var life = try Self.previousLife(rows)
                life.retired = Set(
                    try String.fetchAll(
                        db,
                        sql: """
                            SELECT DISTINCT models.name FROM versions JOIN models ON models.id = model_id
                            WHERE desired = 'retired' AND desired_by = 'operator'
                            """))
                return life
            }
        } catch {
            throw RegistryError(error, doing: "read what served last", path: path)
        }
    }

    /// Of a model served last what was unloaded last, or not at all as the process was killed; of several the newest.
    private static func previousLife(_ rows: [Row]) throws -> PreviousLife {
        var life = PreviousLife(), ends: [String: String] = [:]
        for row in rows {
            let id = ServableID(name: try row.value("name"), version: try row.value("version"))
            if let digest: String = try row.value("digest") { life.digests[id] = digest }
            let loaded: String = try row.value("loaded_at")
            let unloaded: String? = try row.value("unloaded_at")
            // Times are texts that sort as the times do; "~" sorts behind them all.
            let end = unloaded.flatMap { $0 >= loaded ? $0 : nil } ?? "~"
            if let other = ends[id.name], (other, life.lastServed[id.name] ?? -1) > (end, id.version) { continue }
            ends[id.name] = end
            life.lastServed[id.name] = id.version
        }
        return life
    }
}
