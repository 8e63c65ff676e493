import GRDB
package import ServableCore

/// Makes and withdraws access tokens in a registry, also while the daemon runs, which sees the change at once.
///
/// Blocks: for commands.
package struct TokenStore {
    private let pool: DatabasePool
    private let path: String
    /// Held when no other process has the registry open for writing.
    private let lock: RegistryLock?

    /// The schema that has the table of tokens.
    private static let neededSchema = 2

    /// Opens the registry, which is made when it is not there.
    package init(path: String) throws(RegistryError) {
        let file = try RegistryFile(preparing: path)
        self.path = file.path
        var held: RegistryLock?
        do throws(RegistryError) {
            held = try RegistryLock(for: file.path)
        } catch {
            // The daemon has it open: one row is written beside it, under SQLite's own lock.
            guard case .locked = error else { throw error }
        }
        lock = held
        if try file.hasContent() {
            try RegistryInspection.check(file.path)
        } else {
            try file.create()
        }
        pool = try ModelRegistry.open(file.path, ModelRegistry.Options())
        do {
            if held != nil { try Schema.migrator.migrate(pool) }
            let schema = try pool.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
            guard schema >= Self.neededSchema else {
                throw RegistryError.older(path: file.path, schema: schema, needed: Self.neededSchema)
            }
        } catch {
            throw RegistryError(error, doing: "open", path: file.path)
        }
    }

    /// Makes a token.
    ///
    /// - Returns: the token, which is kept nowhere; nil when there is one of that name.
    package func create(name: String, role: AccessToken.Role, at now: Timestamp = .now()) throws(RegistryError) -> String? {
        let token = AccessToken.make()
        let isMade = try write("make a token") { db in
            let existing = try Int.fetchOne(db, sql: "SELECT count(*) FROM tokens WHERE name = ?", arguments: [name]) ?? 0
            guard existing == 0 else { return false }
            try db.execute(
                sql: "INSERT INTO tokens (name, role, digest, created_at) VALUES (?, ?, ?, ?)",
                arguments: [name, role.rawValue, AccessToken.digest(of: token), now.description])
            try EventApplication(database: db).log(now, "token_created", detail: "\(name) (\(role.rawValue))", by: "operator")
            return true
        }
        return isMade ? token : nil
    }

    /// Withdraws a token.
    ///
    /// - Returns: false when there is none of that name.
    package func revoke(name: String, at now: Timestamp = .now()) throws(RegistryError) -> Bool {
        try write("withdraw a token") { db in
            try db.execute(sql: "DELETE FROM tokens WHERE name = ?", arguments: [name])
            guard db.changesCount > 0 else { return false }
            try EventApplication(database: db).log(now, "token_revoked", detail: name, by: "operator")
            return true
        }
    }

    /// What is known of all tokens, by name.
    package func list() throws(RegistryError) -> [AccessToken.Record] {
        do {
            return try pool.read { try AccessToken.records($0) }
        } catch {
            throw RegistryError(error, doing: "list tokens", path: path)
        }
    }

    package func close() throws(RegistryError) {
        do { try pool.close() } catch { throw RegistryError(error, doing: "close", path: path) }
    }

    private func write<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(RegistryError) -> Value {
        do {
            return try pool.write(body)
        } catch {
            throw RegistryError(error, doing: operation, path: path)
        }
    }
}

extension AccessToken {
    fileprivate static func records(_ db: Database) throws -> [Record] {
        try Row.fetchAll(db, sql: "SELECT name, role, created_at FROM tokens ORDER BY name").map { row in
            let role: String = try row.value("role")
            guard let known = Role(rawValue: role) else {
                throw RegistryError.unreadableValue(what: "a token has the role \"\(role)\"")
            }
            return Record(name: try row.value("name"), role: known, created: try row.value("created_at"))
        }
    }
}

extension ModelRegistry {
    /// Whether there are any access tokens.
    package func hasTokens() async throws(RegistryError) -> Bool {
        try await read("look for tokens") { try Int.fetchOne($0, sql: "SELECT count(*) FROM tokens") ?? 0 > 0 }
    }

    /// What is known of a token; nil when it is none of this registry.
    package func token(_ token: String) async throws(RegistryError) -> AccessToken.Record? {
        guard token.utf8.count <= AccessToken.maximumByteCount else { return nil }
        let digest = AccessToken.digest(of: token)
        return try await read("look up a token") { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT name, role, created_at FROM tokens WHERE digest = ?", arguments: [digest]),
                let role = AccessToken.Role(rawValue: try row.value("role"))
            else { return nil }
            return AccessToken.Record(name: try row.value("name"), role: role, created: try row.value("created_at"))
        }
    }
}
