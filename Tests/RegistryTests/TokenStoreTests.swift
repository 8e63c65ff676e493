import Foundation
import Registry
import ServableCore
import Testing

@Suite("Access tokens")
struct TokenStoreTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are made beside a registry that is open, which knows them at once and forgets them when they are withdrawn")
    func beside() async throws {
        let registry = try ModelRegistry(path: directory.database)
        #expect(try await !registry.hasTokens())
        let store = try TokenStore(path: directory.database)
        let admin = try #require(try store.create(name: "ops", role: .admin))
        let predict = try #require(try store.create(name: "app", role: .predict))
        #expect(admin != predict && admin.hasPrefix("apus_"))
        #expect(try await registry.hasTokens())
        #expect(try await registry.token(admin)?.name == "ops")
        #expect(try await registry.token(admin)?.role == .admin)
        #expect(try await registry.token(predict)?.role == .predict)
        for wrong in ["", "apus_", admin + "0", String(admin.dropLast()), String(repeating: "a", count: 10_000)] {
            #expect(try await registry.token(wrong) == nil)
        }
        #expect(try store.list().map(\.name) == ["app", "ops"])
        #expect(try store.revoke(name: "ops"))
        #expect(try !store.revoke(name: "ops"))
        #expect(try await registry.token(admin) == nil)
        try store.close()
        let kinds = try await registry.events().events.map(\.kind)
        #expect(kinds.filter { $0 == "token_created" }.count == 2 && kinds.contains("token_revoked"))
        try await registry.close()
    }

    @Test("are made where there is no registry yet, and are in it when it is opened")
    func before() async throws {
        let token = try makeToken()
        let registry = try ModelRegistry(path: directory.database)
        #expect(try await registry.token(token)?.name == "ops")
        try await registry.close()
    }

    /// The store's hold on the registry ends with it.
    private func makeToken() throws -> String {
        let store = try TokenStore(path: directory.database)
        let token = try #require(try store.create(name: "ops", role: .admin))
        try store.close()
        return token
    }

    @Test("have names of their own, and are in no file")
    func secrecy() throws {
        let store = try TokenStore(path: directory.database)
        let token = try #require(try store.create(name: "ops", role: .admin))
        #expect(try store.create(name: "ops", role: .predict) == nil)
        try store.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            let bytes = try directory.bytes(name)
            #expect(String(decoding: bytes, as: UTF8.self).contains(token) == false, "\(name)")
        }
    }

    @Test("cannot be made in what is no registry")
    func foreign() throws {
        try directory.write("registry.sqlite", Array("no database at all, but long enough to look at".utf8))
        #expect(throws: RegistryError.self) { try TokenStore(path: directory.database) }
    }
}

@Suite("What an operator decides about a model")
struct DecisionTests {
    private static func decided(_ serves: Bool, _ second: Int64) -> ServableEvent {
        ServableEvent(time: moment(second), kind: .decided(model: "m", serves: serves, by: "ops"))
    }

    @Test("is kept over restarts, whatever the policy chooses, until it is decided otherwise")
    func kept() async throws {
        let directory = try TemporaryDirectory()
        let first = try ModelRegistry(path: directory.database, now: moment(0))
        try await first.record([.wanted(["m": "/m"]), .present("m", [1: "/m/1", 2: "/m/2"], wanted: [2], 1), Self.decided(false, 2)])
        try await first.record([.present("m", [1: "/m/1", 2: "/m/2", 3: "/m/3"], wanted: [3], 3)])
        #expect(try await first.model("m")?.versions.map(\.desired).suffix(2) == ["retired", "retired"])
        #expect(try first.previousLife().retired == ["m"])
        try await first.record([Self.decided(true, 4), .present("m", [1: "/m/1", 2: "/m/2"], wanted: [2], 5)])
        #expect(try first.previousLife().retired == [])
        let model = try #require(try await first.model("m"))
        #expect(model.versions.first { $0.version == 2 }?.desired == "serving")
        let events = try await first.events().events.filter { $0.kind.hasPrefix("model_") && $0.actor == "ops" }
        #expect(events.map(\.kind) == ["model_unload_requested", "model_load_requested"])
        try await first.close()
    }
}
