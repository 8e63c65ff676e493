import FoundationEssentials
import GRDB

/// What routes and commands read. Each result is one snapshot.
extension ModelRegistry {
    /// Largest number of events in one page.
    package static let eventPageLimit = 1000

    /// Every model that was ever seen, by name.
    package func models() async throws(RegistryError) -> RegistryModelList {
        try await read("read the models") { db in
            let rows = try Row.fetchAll(db, sql: "SELECT id, name, base_path, is_configured FROM models ORDER BY name")
            return RegistryModelList(models: try rows.map { try Self.model($0, db) })
        }
    }

    /// Nil when no such model was ever seen.
    package func model(_ name: String) async throws(RegistryError) -> RegistryModel? {
        try await read("read model \"\(name)\"") { db in
            let sql = "SELECT id, name, base_path, is_configured FROM models WHERE name = ?"
            return try Row.fetchOne(db, sql: sql, arguments: [name]).map { try Self.model($0, db) }
        }
    }

    /// Nil when no such version was ever seen.
    package func version(_ name: String, _ version: Int64) async throws(RegistryError) -> RegistryVersion? {
        try await read("read model \"\(name)\" version \(version)") { db in
            let sql = "SELECT versions.* FROM versions JOIN models ON models.id = model_id WHERE models.name = ? AND version = ?"
            return try Row.fetchOne(db, sql: sql, arguments: [name, version]).map(Self.version)
        }
    }

    /// Events after the one of number `after`, oldest first.
    ///
    /// - Parameters:
    ///   - model: only those of this model; nil for all.
    ///   - limit: brought into 1 to `eventPageLimit`.
    package func events(model: String? = nil, after: Int64 = 0, limit: Int = 100) async throws(RegistryError) -> RegistryEventPage {
        let limit = min(max(1, limit), Self.eventPageLimit)
        return try await read("read the events") { db in
            let filter = model == nil ? "" : "model = ? AND"
            let arguments = StatementArguments(model.map { [$0] } ?? []) + StatementArguments([after, Int64(limit) + 1])
            let sql = "SELECT * FROM events WHERE \(filter) sequence > ? ORDER BY sequence LIMIT ?"
            let found = try Row.fetchAll(db, sql: sql, arguments: arguments).map(Self.event)
            let page = Array(found.prefix(limit))
            return RegistryEventPage(events: page, next: found.count > limit ? page.last?.sequence : nil)
        }
    }

    /// The JSON of an answer, keys in order.
    package static func json(_ answer: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(answer))
    }

    private static func model(_ row: Row, _ db: Database) throws -> RegistryModel {
        let id: Int64 = try row.value("id")
        let labels = try Row.fetchAll(db, sql: "SELECT label, version FROM labels WHERE model_id = ?", arguments: [id])
        let versions = try Row.fetchAll(
            db, sql: "SELECT * FROM versions WHERE model_id = ? ORDER BY version DESC", arguments: [id])
        return RegistryModel(
            name: try row.value("name"), basePath: try row.value("base_path"), isConfigured: try row.value("is_configured"),
            labels: try labels.reduce(into: [:]) { $0[try $1.value("label")] = try $1.value("version") },
            versions: try versions.map(version)
        )
    }

    private static func version(_ row: Row) throws -> RegistryVersion {
        RegistryVersion(
            version: try row.value("version"), path: try row.value("path"), format: try row.value("format"),
            digest: try row.value("digest"), size: try row.value("byte_count"),
            signatures: try (row.value("signatures") as String?).map(signatures), desired: try row.value("desired"),
            state: try row.value("state"),
            times: RegistryVersion.Times(
                firstSeen: try row.value("first_seen"), stateSince: try row.value("state_since"),
                loaded: try row.value("loaded_at"), unloaded: try row.value("unloaded_at"),
                lost: try row.value("lost_at")),
            lastError: try lastError(row)
        )
    }

    private static func lastError(_ row: Row) throws -> RegistryVersion.Failure? {
        guard let code: String = try row.value("last_error_code"), let message: String = try row.value("last_error") else {
            return nil
        }
        return RegistryVersion.Failure(code: code, message: message)
    }

    private static func signatures(_ text: String) throws -> JSONValue {
        do {
            return try JSONValue(text: text)
        } catch {
            throw RegistryError.unreadableValue(what: "a version's signatures are not JSON (\(error))")
        }
    }

    private static func event(_ row: Row) throws -> RegistryEvent {
        RegistryEvent(
            sequence: try row.value("sequence"), time: try row.value("time"), actor: try row.value("actor"),
            kind: try row.value("kind"), model: try row.value("model"),
            version: try row.value("version"), detail: try row.value("detail"), outcome: try row.value("outcome"))
    }
}

extension Row {
    /// The value of a column. A damaged file may hold anything, so a value of another type is an error; GRDB's subscript traps.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        try decode(Value.self, forColumn: column)
    }
}
