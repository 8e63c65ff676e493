import Foundation
import GRDB
import Registry
import ServableCore
import Testing

@Suite("ModelRegistry: what is recorded")
struct ModelRegistryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func open(_ second: Int64 = 0) throws -> ModelRegistry {
        try ModelRegistry(path: directory.database, now: moment(second))
    }

    @Test("a version's life is told in its row, and in the events")
    func life() async throws {
        let registry = try open()
        let failure = ServableError(.dataLoss, "file is cut short")
        try await registry.record([
            .wanted(["m": "/m/m"], 1),
            .present("m", [1: "/m/m/1", 2: "/m/m/2"], wanted: [2], 1),
            .status("m", 2, .start, 2), .status("m", 2, .loading, 2), .status("m", 2, .end, error: failure, 3),
            .status("m", 1, .start, 4), .status("m", 1, .loading, 4), .status("m", 1, .available, 5),
            .described("m", 1, digest: "ab", signatures: #"{"serving_default":{"inputs":{"x":[1,-1,2.5,null,true]}}}"#, 6),
            .labels("m", ["stable": 1], specified: ["stable": 1, "canary": 2], 6),
        ])
        let model = try #require(try await registry.model("m"))
        #expect(model.basePath == "/m/m" && model.isConfigured && model.labels == ["stable": 1])
        #expect(model.versions.map(\.version) == [2, 1])
        #expect(model.versions.map(\.state) == ["END", "AVAILABLE"])
        #expect(model.versions.map(\.desired) == ["serving", "retired"])
        #expect(model.versions[0].lastError?.code == "DATA_LOSS" && model.versions[0].lastError?.message == "file is cut short")
        #expect(model.versions[0].times.loaded == nil && model.versions[0].times.unloaded == nil)
        let served = try #require(try await registry.version("m", 1))
        #expect(served == model.versions[1])
        #expect(served.format == "onnx" && served.digest == "ab" && served.size == 12 && served.lastError == nil)
        #expect(served.times.firstSeen == text(1) && served.times.stateSince == text(5) && served.times.loaded == text(5))
        #expect(
            try await registry.story() == [
                "daemon_started", "model_added m /m/m", "version_found m/1 /m/m/1", "version_found m/2 /m/m/2",
                "load_started m/2",
                "load_failed m/2 DATA_LOSS: file is cut short failed", "load_started m/1", "version_available m/1",
                "label_assigned m/1 stable",
            ])
    }

    @Test("a load that succeeds clears the error, an unload notes its time")
    func recovers() async throws {
        let registry = try open()
        try await registry.record([
            .status("m", 1, .loading, last: ServableError(.unavailable, "slow disk"), 1), .status("m", 1, .available, 2),
        ])
        #expect(try await registry.version("m", 1)?.lastError == nil)
        try await registry.record([.status("m", 1, .unloading, 3), .status("m", 1, .end, 4)])
        let version = try #require(try await registry.version("m", 1))
        #expect(version.state == "END" && version.times.unloaded == text(4) && version.times.loaded == text(2))
    }

    @Test("what vanishes is marked lost, never forgotten, and found again when it returns")
    func lost() async throws {
        let registry = try open()
        try await registry.record([
            .present("m", [1: "/m/1", 2: "/m/2"], wanted: [1, 2], 1), .present("m", [2: "/m/2"], wanted: [2], 2),
            .present("m", [:], 3),
        ])
        var versions = try #require(try await registry.model("m")).versions
        #expect(versions.map(\.times.lost) == [text(3), text(2)])
        #expect(versions.map(\.desired) == ["retired", "retired"])
        try await registry.record([.present("m", [1: "/m/01"], wanted: [1], 4)])
        versions = try #require(try await registry.model("m")).versions
        #expect(versions.map(\.times.lost) == [text(3), nil])
        #expect(versions[1].path == "/m/01" && versions[1].times.firstSeen == text(1) && versions[1].desired == "serving")
        #expect(
            try await registry.story(model: "m") == [
                "version_found m/1 /m/1", "version_found m/2 /m/2", "version_lost m/1", "version_lost m/2",
                "version_found m/1 /m/01",
            ])
    }

    @Test("models and labels that are no longer wanted are told, and kept or dropped")
    func unwanted() async throws {
        let registry = try open()
        try await registry.record([
            .wanted(["a": "/a", "b": "/b"]), .present("a", [1: "/a/1"], wanted: [1]), .labels("a", ["x": 1, "y": 1]),
            .labels("a", ["x": 1], specified: ["x": 2]), .wanted(["a": "/elsewhere"]), .wanted([:]),
        ])
        let models = try await registry.models().models
        #expect(models.map(\.name) == ["a", "b"])
        #expect(models.map(\.isConfigured) == [false, false])
        #expect(models[0].labels == ["x": 1] && models[0].versions.map(\.desired) == ["retired"])
        #expect(
            try await registry.story() == [
                "daemon_started", "model_added a /a", "model_added b /b", "version_found a/1 /a/1", "label_assigned a/1 x",
                "label_assigned a/1 y", "label_removed a/1 y", "model_moved a /elsewhere", "model_removed b", "model_removed a",
            ])
    }

    @Test("the same news twice leaves the same rows")
    func idempotent() async throws {
        let registry = try open()
        let news: [ServableEvent] = [
            .wanted(["m": "/m"]), .present("m", [1: "/m/1"], wanted: [1]), .labels("m", ["x": 1]),
            .described("m", 1, digest: "ab"),
        ]
        try await registry.record(news)
        let (models, story) = (try await registry.models(), try await registry.story())
        try await registry.record(news)
        #expect(try await registry.models() == models)
        #expect(try await registry.story() == story)
    }

    @Test("content that changed under the same version is told")
    func contentChanged() async throws {
        let registry = try open()
        try await registry.record([
            .described("m", 1, digest: "ab"), .described("m", 1, digest: "ab"), .described("m", 1, digest: "cd"),
        ])
        #expect(try await registry.story(model: "m") == ["content_changed m/1 digest ab became cd"])
    }

    @Test("a further process goes on where the last one stopped")
    func restart() async throws {
        var registry: ModelRegistry? = try open(0)
        try await registry?.record([
            .wanted(["m": "/m"]), .present("m", [1: "/m/1", 2: "/m/2"], wanted: [1, 2]), .labels("m", ["stable": 1]),
            .status("m", 1, .available),
            .status("m", 2, .end),
        ])
        try await registry?.close(at: moment(5))
        registry = nil
        let next = try open(9)
        let model = try #require(try await next.model("m"))
        #expect(model.labels == ["stable": 1])
        #expect(model.versions.map(\.state) == ["NOT_LOADED", "NOT_LOADED"])
        #expect(model.versions.map(\.times.stateSince) == [text(9), text(9)])
        #expect(model.versions[1].times.loaded == text(0))
        #expect(
            try await next.story().suffix(2) == ["daemon_stopped", "daemon_started the last process ended without unloading m/1"])
        try await next.record([.labels("m", [:], specified: ["stable": 2])])
        #expect(try await next.model("m")?.labels == ["stable": 1], "a label that waits stays where it was")
    }

    @Test("events come in pages, of one model or all")
    func pages() async throws {
        let registry = try open()
        for version in 1...5 as ClosedRange<Int64> {
            try await registry.record([.status(version % 2 == 0 ? "even" : "odd", version, .available)])
        }
        let first = try await registry.events(limit: 4)
        #expect(first.events.map(\.sequence) == [1, 2, 3, 4] && first.next == 4)
        let second = try await registry.events(after: 4, limit: 4)
        #expect(second.events.map(\.sequence) == [5, 6] && second.next == nil)
        #expect(try await registry.events(model: "odd").events.map(\.version) == [1, 3, 5])
        #expect(try await registry.events(model: "odd", after: 2, limit: 1).events.map(\.version) == [3])
        #expect(try await registry.events(after: .max, limit: .max).events.isEmpty)
        #expect(try await registry.events(after: .min, limit: .min).events.count == 1)
        #expect(try await registry.events(model: "none' OR 1=1 --").events.isEmpty)
    }

    @Test("events cannot be changed or removed")
    func appendOnly() async throws {
        let registry = try open()
        try await registry.close()
        let queue = try DatabaseQueue(path: directory.database)
        for sql in ["DELETE FROM events", "UPDATE events SET detail = 'x'"] {
            #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: sql) } }
        }
    }

    @Test("the JSON has the documented names, null for what is not known")
    func json() async throws {
        let registry = try open()
        try await registry.record([
            .wanted(["m": "/m"]), .present("m", [1: "/m/1"], wanted: [1]), .labels("m", ["stable": 1]),
            .described("m", 1, digest: "ab", signatures: #"{"serving_default":{"rank":[1,-1,0.5]}}"#),
        ])
        let time = text(0)
        let version =
            #"{"desired":"serving","digest":"ab","format":"onnx","last_error":null,"path":"/m/1","#
            + #""signatures":{"serving_default":{"rank":[1,-1,0.5]}},"size":12,"state":"NOT_LOADED","times":{"first_seen":"\#(time)","#
            + #""loaded":null,"lost":null,"state_since":"\#(time)","unloaded":null},"version":1}"#
        let model = #"{"base_path":"/m","configured":true,"labels":{"stable":1},"name":"m","versions":[\#(version)]}"#
        let event =
            #"{"events":[{"actor":"daemon","detail":"","kind":"daemon_started","model":null,"outcome":"ok","sequence":1,"time":"\#(time)","#
            + #""version":null}],"next":1}"#
        #expect(
            String(decoding: try ModelRegistry.json(try await registry.models()), as: UTF8.self) == #"{"models":[\#(model)]}"#)
        #expect(String(decoding: try ModelRegistry.json(try await registry.model("m")), as: UTF8.self) == model)
        #expect(String(decoding: try ModelRegistry.json(try await registry.version("m", 1)), as: UTF8.self) == version)
        #expect(String(decoding: try ModelRegistry.json(try await registry.events(limit: 1)), as: UTF8.self) == event)
        #expect(try await registry.model("none") == nil)
        #expect(try await registry.version("m", 7) == nil)
        #expect(try await registry.version("none", 1) == nil)
    }

    @Test("names of any kind are kept as they are", arguments: ["a'b", "a\"b", "模型", "; DROP TABLE models", "%s"])
    func names(name: String) async throws {
        let registry = try open()
        try await registry.record([.wanted([name: "/m"]), .present(name, [1: "/m/1"], wanted: [1]), .labels(name, [name: 1])])
        #expect(try await registry.model(name)?.labels == [name: 1])
        #expect(try await registry.events(model: name).events.count == 3)
    }

    @Test("readers see a snapshot and do not wait for a writer")
    func readersDoNotWait() async throws {
        let registry = try open()
        try await registry.record([.wanted(["m": "/m"])])
        let other = try neighbour(directory.database)
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            try db.execute(sql: "UPDATE models SET base_path = '/other'")
        }
        #expect(try await registry.model("m")?.basePath == "/m")
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await registry.model("m")?.basePath == "/other")
    }

    @Test("a reader beside the writer sees what is written and writes nothing")
    func secondReader() async throws {
        let registry = try open()
        try await registry.record([.wanted(["m": "/m"])])
        let reader = try ModelRegistry(readingAt: directory.database)
        #expect(try await reader.models().models.map(\.name) == ["m"])
        await #expect(throws: RegistryError.self) { try await reader.record([.wanted([:])]) }
        try await reader.close()
        try await registry.record([.wanted([:])])
        #expect(try await registry.verify() == [])
    }
}
