import GRDB

/// Looks at a database before it is opened for writing, through a connection that cannot change it.
enum RegistryInspection {
    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "apus.registry.inspection"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return configuration
    }

    /// Refuses what is not this program's, too new for it, or damaged.
    static func check(_ path: String) throws(RegistryError) {
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { try check($0, path: path) }
            try queue.close()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            // The statements are fixed and right, so a table or column that they name is not as it was made.
            throw RegistryError.corrupt(path: path, finding: error.message ?? "a table is not as this program makes it")
        } catch {
            throw RegistryError(error, doing: "inspect", path: path)
        }
    }

    private static func check(_ db: Database, path: String) throws {
        let applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let schema = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tableCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        // No table at all: a process died between making the file and its first transaction.
        guard applicationID == Schema.applicationID || (applicationID == 0 && tableCount == 0) else {
            throw RegistryError.foreign(path: path, applicationID: applicationID)
        }
        guard schema <= Schema.version else {
            throw RegistryError.newer(path: path, schema: schema, supported: Schema.version)
        }
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "quick_check gave no answer"
        guard finding == "ok" else { throw RegistryError.corrupt(path: path, finding: finding) }
        if tableCount > 0 { try checkDefinitions(db, schema: schema, path: path) }
    }

    /// Every table, index and trigger must be defined as this program defines it; a damaged definition passes SQLite's own check.
    private static func checkDefinitions(_ db: Database, schema: Int, path: String) throws {
        let found = try definitions(db)
        for (name, sql) in try Schema.definitions(version: schema).sorted(by: { $0.key < $1.key }) where found[name] != sql {
            throw RegistryError.corrupt(path: path, finding: "\"\(name)\" is not defined as this program defines it")
        }
        _ = try Schema.migrator.appliedIdentifiers(db)
    }

    /// Name → SQL of everything that is defined in a database.
    static func definitions(_ db: Database) throws -> [String: String] {
        try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            .reduce(into: [:]) { $0[try $1.value("name")] = try $1.value("sql") as String }
    }
}
