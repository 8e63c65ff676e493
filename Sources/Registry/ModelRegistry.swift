import GRDB
package import ServableCore

/// The lasting record of models and versions: what was seen, loaded, labelled and lost, by whom, when and how it ended.
///
/// An SQLite file in write-ahead-log mode. One process writes, through one connection; readers see a snapshot and wait for nobody.
/// Reads and writes run on queues of their own, off the cooperative pool and the I/O loops.
///
/// Durability: `synchronous = FULL`. A change is on the disk before it is acknowledged, also through a loss of power; the cost is
/// one flush a transaction, and transactions are rare and batched.
package final class ModelRegistry: Sendable {
    /// Limits and waits.
    package struct Options: Sendable {
        /// How long a write waits for another process's lock (a backup, a shell).
        package var busyTimeout: Duration
        /// The file grows no further; nil means as far as the disk allows.
        package var byteLimit: Int64?

        package init(busyTimeout: Duration = .seconds(5), byteLimit: Int64? = nil) {
            self.busyTimeout = busyTimeout
            self.byteLimit = byteLimit
        }
    }

    package let path: String
    let reader: any DatabaseReader
    private let writer: DatabasePool?
    private let lock: RegistryLock?

    /// Opens for writing and begins a new life: makes what is missing, brings an older schema up, corrects what a process that
    /// died left behind.
    ///
    /// Refuses, and leaves as it is, what is damaged, of another program, of a later version, or in use. Blocks.
    package init(
        path: String, options: Options = Options(), now: Timestamp = .now()
    ) throws(RegistryError) {
        let file = try RegistryFile(preparing: path)
        lock = try RegistryLock(for: file.path)
        if try file.hasContent() { try RegistryInspection.check(file.path) } else { try file.create() }
        let pool = try Self.open(file.path, options)
        self.path = file.path
        writer = pool
        reader = pool
        do {
            try Schema.migrator.migrate(pool)
            try pool.write { try EventApplication(database: $0).beginLife(at: now) }
        } catch {
            throw RegistryError(error, doing: "prepare", path: file.path)
        }
    }

    /// Opens for reading only, beside the process that writes or without one. Blocks.
    package init(readingAt path: String) throws(RegistryError) {
        let file = try RegistryFile(existing: path)
        guard try file.hasContent() else { throw RegistryError.notADatabase(path: file.path) }
        try RegistryInspection.check(file.path)
        do {
            reader = try DatabaseQueue(path: file.path, configuration: RegistryInspection.configuration)
        } catch {
            throw RegistryError(error, doing: "open", path: file.path)
        }
        self.path = file.path
        writer = nil
        lock = nil
    }

    /// Writes what happened, in one transaction: all of it or nothing.
    package func record(_ events: [ServableEvent]) async throws(RegistryError) {
        try await write("record what happened") { application in
            for event in events { try application.apply(event) }
        }
    }

    /// Notes the end of this life and closes the file; the registry may not be used afterwards.
    package func close(at now: Timestamp = .now()) async throws(RegistryError) {
        var failure: RegistryError?
        if writer != nil {
            do throws(RegistryError) {
                try await write("note the end") { try $0.endLife(at: now) }
            } catch {
                failure = error
            }
        }
        do {
            try reader.close()
        } catch {
            throw RegistryError(error, doing: "close", path: path)
        }
        if let failure { throw failure }
    }

    /// Checks the whole file, its references and indexes.
    ///
    /// - Returns: what is wrong; empty when nothing is.
    package func verify() async throws(RegistryError) -> [String] {
        try await read("verify") { db in
            let findings = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "dangling reference: \($0.description)" }
            return findings + orphans
        }
    }

    func read<Value: Sendable>(
        _ operation: String, _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(RegistryError) -> Value {
        do {
            return try await reader.read(body)
        } catch {
            throw RegistryError(error, doing: operation, path: path)
        }
    }

    private func write(
        _ operation: String, _ body: @Sendable @escaping (EventApplication) throws -> Void
    ) async throws(RegistryError) {
        guard let writer else {
            throw RegistryError.engine(
                operation: operation, code: ResultCode.SQLITE_READONLY.rawValue, message: "opened for reading only")
        }
        do {
            try await writer.write { try body(EventApplication(database: $0)) }
        } catch {
            throw RegistryError(error, doing: operation, path: path)
        }
    }

    static func open(_ path: String, _ options: Options) throws(RegistryError) -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "apus.registry"
        configuration.maximumReaderCount = 2
        configuration.busyMode = .timeout(options.busyTimeout / .seconds(1))
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL with the write-ahead log.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                // Before the first table: a file whose making was cut short at any point is known as ours.
                if try Int32.fetchOne(db, sql: "PRAGMA application_id") != Schema.applicationID {
                    try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
                }
                if let byteLimit = options.byteLimit {
                    let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
                    _ = try Int64.fetchOne(db, sql: "PRAGMA max_page_count = \(max(1, byteLimit / max(1, pageSize)))")
                }
            }
            return pool
        } catch {
            throw RegistryError(error, doing: "open", path: path)
        }
    }
}
