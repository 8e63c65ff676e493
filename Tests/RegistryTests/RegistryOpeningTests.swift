import Foundation
import GRDB
import Registry
import ServableCore
import Testing

@Suite("ModelRegistry: opening, refusing, surviving")
struct RegistryOpeningTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("makes its directories and files readable to its group and nobody else")
    func modes() throws {
        let path = directory.path + "/a/b/registry.sqlite"
        let registry = try ModelRegistry(path: path)
        let mode = { (path: String) in (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0 }
        for name in ["/a", "/a/b"] { #expect(try mode(directory.path + name) & 0o027 == 0, "\(name)") }
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try mode(path + suffix) & 0o137 == 0, "\(suffix)") }
        #expect(registry.path.hasSuffix("/a/b/registry.sqlite"))
    }

    @Test("writes ahead, flushes fully, checks references and carries its marks")
    func settings() async throws {
        let registry = try ModelRegistry(path: directory.database)
        try await registry.close()
        let queue = try DatabaseQueue(path: directory.database)
        let marks = try await queue.read { db in
            (
                try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA application_id"),
                try Int.fetchOne(db, sql: "PRAGMA user_version")
            )
        }
        #expect(marks == ("wal", 0x4170_7573, 2))
        #expect(throws: DatabaseError.self) {
            try queue.write { try $0.execute(sql: "INSERT INTO labels VALUES (404, 'x', 1, 'operator', '')") }
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let prepare: @Sendable (TemporaryDirectory) throws -> Void
        let isExpected: @Sendable (RegistryError) -> Bool
        let says: String
        var testDescription: String { name }
    }

    private static func database(_ directory: TemporaryDirectory, _ sql: String) throws {
        let queue = try DatabaseQueue(path: directory.database)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    private static func registryBytes(_ directory: TemporaryDirectory) throws -> [UInt8] {
        do {
            let registry = try ModelRegistry(path: directory.database)
            withExtendedLifetime(registry) {}
        }
        return try directory.bytes("registry.sqlite")
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "a text file",
            prepare: { try $0.write("registry.sqlite", Array(String(repeating: "no database\n", count: 100).utf8)) },
            isExpected: { if case .notADatabase = $0 { true } else { false } },
            says: "is not an SQLite database; it was left as it is"),
        Refusal(
            name: "a directory",
            prepare: { try FileManager.default.createDirectory(atPath: $0.database, withIntermediateDirectories: false) },
            isExpected: { if case .notADatabase = $0 { true } else { false } }, says: "is not an SQLite database"),
        Refusal(
            name: "another program's database", prepare: { try database($0, "CREATE TABLE songs (name)") },
            isExpected: { if case .foreign(_, 0) = $0 { true } else { false } },
            says: "belongs to another program (application id 0, expected 1097889139)"),
        Refusal(
            name: "another program's mark", prepare: { try database($0, "PRAGMA application_id = 7; CREATE TABLE songs (name)") },
            isExpected: { if case .foreign(_, 7) = $0 { true } else { false } }, says: "belongs to another program"),
        Refusal(
            name: "a later version's database",
            prepare: {
                _ = try registryBytes($0)
                try database($0, "PRAGMA user_version = 99")
            },
            isExpected: { if case .newer(_, 99, 2) = $0 { true } else { false } },
            says: "has schema 99, this program knows up to 2"),
        Refusal(
            name: "a file cut short",
            prepare: {
                let bytes = try registryBytes($0)
                try $0.write("registry.sqlite", Array(bytes.prefix(bytes.count / 2)))
            },
            isExpected: { if case .corrupt = $0 { true } else { false } }, says: "is damaged"),
        Refusal(
            name: "a page overwritten",
            prepare: {
                var bytes = try registryBytes($0)
                for index in 4096..<8192 { bytes[index] = 0xA5 }
                try $0.write("registry.sqlite", bytes)
            },
            isExpected: { if case .corrupt = $0 { true } else { false } }, says: "it was left as it is: restore a copy"),
    ]

    @Test("refuses and leaves as it is", arguments: refusals)
    func refuses(_ tested: Refusal) throws {
        try tested.prepare(directory)
        let before = tested.name == "a directory" ? [] : try directory.bytes("registry.sqlite")
        for open in [{ try ModelRegistry(path: $0) }, { try ModelRegistry(readingAt: $0) }] as [(String) throws -> ModelRegistry] {
            let error = #expect(throws: RegistryError.self) { try open(directory.database) }
            let found = try #require(error)
            #expect(tested.isExpected(found), "\(found)")
            #expect(found.description.contains(tested.says), "\(found)")
            #expect(found.description.contains(directory.database.split(separator: "/").last ?? ""))
        }
        if tested.name != "a directory" { #expect(try directory.bytes("registry.sqlite") == before) }
    }

    @Test("refuses a second writer and names the first; the lock goes with its holder")
    func secondWriter() async throws {
        var first: ModelRegistry? = try ModelRegistry(path: directory.database)
        let expected = RegistryError.locked(
            path: first?.path ?? "", holder: "process \(ProcessInfo.processInfo.processIdentifier)")
        #expect(throws: expected) { try ModelRegistry(path: directory.database) }
        #expect(throws: expected) {
            try ModelRegistry(path: directory.path + "/../" + directory.path.split(separator: "/").last! + "/registry.sqlite")
        }
        try await first?.close()
        first = nil
        #expect(throws: Never.self) { try ModelRegistry(path: directory.database) }
    }

    @Test("names what cannot be made or opened")
    func inaccessible() throws {
        try directory.write("file", [])
        for path in [directory.path + "/file/registry.sqlite", "/proc/apus/registry.sqlite", directory.path + "/"] {
            let error = #expect(throws: RegistryError.self) { try ModelRegistry(path: path) }
            #expect(
                error?.description.contains(path == directory.path + "/" ? "not an SQLite database" : "set registry.path")
                    == true, "\(path)")
        }
        let error = #expect(throws: RegistryError.self) { try ModelRegistry(readingAt: directory.path + "/none.sqlite") }
        #expect(error?.description.contains("none.sqlite\": No such file or directory (errno 2)") == true)
    }

    @Test("an empty file, and a path relative to the working directory, are fine")
    func emptyFile() async throws {
        try directory.write("registry.sqlite", [])
        let registry = try ModelRegistry(path: directory.database)
        #expect(try await registry.story() == ["daemon_started"])
    }

    /// What a killed process leaves: the database and its write-ahead log, taken while both are open.
    private func abandoned() async throws -> (database: [UInt8], log: [UInt8]) {
        let registry = try ModelRegistry(path: directory.database, now: moment(0))
        try await registry.record([.wanted(["m": "/m"]), .present("m", [1: "/m/1"], wanted: [1])])
        try await registry.record([.status("m", 1, .available, 1)])
        try await registry.record([.labels("m", ["stable": 1], 2)])
        let left = (try directory.bytes("registry.sqlite"), try directory.bytes("registry.sqlite-wal"))
        withExtendedLifetime(registry) {}
        return left
    }

    @Test("what a killed process had written is there, and what it had loaded is noted")
    func killed() async throws {
        let (database, log) = try await abandoned()
        #expect(!log.isEmpty)
        let copy = try TemporaryDirectory()
        try copy.write("registry.sqlite", database)
        try copy.write("registry.sqlite-wal", log)
        let registry = try ModelRegistry(path: copy.database, now: moment(9))
        let model = try #require(try await registry.model("m"))
        #expect(model.labels == ["stable": 1] && model.versions.map(\.state) == ["NOT_LOADED"])
        #expect(try await registry.story().last == "daemon_started the last process ended without unloading m/1")
        #expect(try await registry.verify() == [])
    }

    @Test("a log torn anywhere loses no more than its end")
    func tornLog() async throws {
        let (database, log) = try await abandoned()
        let whole = [
            "daemon_started", "model_added m /m", "version_found m/1 /m/1", "version_available m/1", "label_assigned m/1 stable",
        ]
        for cut in stride(from: 0, to: log.count, by: 7919) {
            let copy = try TemporaryDirectory()
            try copy.write("registry.sqlite", database)
            try copy.write("registry.sqlite-wal", Array(log.prefix(cut)))
            let registry = try ModelRegistry(path: copy.database, now: moment(9))
            let story = try await registry.story()
            #expect(story.last?.hasPrefix("daemon_started") == true)
            #expect(whole.starts(with: story.dropLast()), "cut at \(cut): \(story)")
            #expect(try await registry.verify() == [])
        }
    }

    @Test("flipped bytes are refused, or read without harm; a refused file is left as it is")
    func flippedBytes() async throws {
        do {
            let registry = try ModelRegistry(path: directory.database)
            try await registry.record([
                .wanted(["m": "/m"]), .present("m", [1: "/m/1"], wanted: [1]), .labels("m", ["stable": 1]),
            ])
            try await registry.close()
        }
        let sound = try directory.bytes("registry.sqlite")
        var refusals = 0
        for position in stride(from: 0, to: sound.count, by: 997) {
            var bytes = sound
            bytes[position] ^= 0xFF
            let copy = try TemporaryDirectory()
            try copy.write("registry.sqlite", bytes)
            let registry: ModelRegistry
            do {
                registry = try ModelRegistry(path: copy.database)
            } catch {
                refusals += 1
                #expect(try copy.bytes("registry.sqlite") == bytes, "\(error)")
                continue
            }
            do throws(RegistryError) {
                _ = try await registry.models()
                _ = try await registry.events()
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 0)
    }
}
