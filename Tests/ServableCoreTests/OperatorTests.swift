import ServableCore
import Testing

@Suite("ServableManager: what an operator decides", .timeLimit(.minutes(1)))
struct OperatorTests {
    private static let id = ServableID(name: "m", version: 2)

    @Test("a model that is taken out of service is unloaded, and none of its versions comes until it is put back")
    func retire() async throws {
        let scene = try Scene()
        for version in 1...2 { try scene.directory.addVersion("m/\(version)") }
        try await scene.serve(scene.specification("m", policy: .all))
        await scene.manager.retire("m")
        await scene.manager.settle(timeout: .seconds(3600))
        #expect(scene.states("m") == ["2 END", "1 END"])
        #expect(scene.table.versions(of: "m") == [])
        #expect(scene.board.isRetired("m"))
        #expect(scene.board.unreadiness() == [])
        guard case .failed = scene.board.absence(of: "m", version: nil) else { throw Unexpected() }
        try scene.directory.addVersion("m/3")
        await scene.look()
        #expect(scene.table.versions(of: "m") == [])
        #expect(scene.loader.tries("m", 3) == 0)
        try await scene.manager.restore("m", timeout: .seconds(3600))
        #expect(scene.table.versions(of: "m") == [1, 2, 3])
        #expect(!scene.board.isRetired("m"))
    }

    @Test("a model that was out of service before the start stays so, and the process is ready")
    func remembered() async throws {
        let scene = try Scene(previousLife: PreviousLife(retired: ["m"]))
        try scene.directory.addVersion("m/1")
        try scene.directory.addVersion("n/1")
        try await scene.serve(scene.specification("m"), scene.specification("n"))
        #expect(scene.table.versions(of: "m") == [])
        #expect(scene.table.versions(of: "n") == [1])
        #expect(scene.board.unreadiness() == [])
        try await scene.manager.restore("m", timeout: .seconds(3600))
        #expect(scene.table.versions(of: "m") == [1])
    }

    @Test("a model that serves is loaded once more, and goes on with what it has when that fails")
    func reload() async throws {
        let scene = try Scene()
        try scene.directory.addVersion("m/2")
        try await scene.serve(scene.specification("m"))
        try await scene.manager.restore("m", timeout: .seconds(3600))
        #expect(scene.loader.tries("m", 2) == 2)
        #expect(scene.state("m", 2) == .available)
        scene.loader.set(.fail(LoadingTests.corrupt), for: "m", 2)
        let error = try await #require(throws: ServableError.self) {
            try await scene.manager.restore("m", timeout: .seconds(3600))
        }
        #expect(error.code == LoadingTests.corrupt.code)
        #expect(error.message.contains("goes on serving"))
        #expect(scene.table.versions(of: "m") == [2])
    }

    @Test("a version that failed is tried again, and its reason returned when it fails once more")
    func failed() async throws {
        let scene = try Scene()
        scene.loader.set(.fail(LoadingTests.corrupt), for: "m", 2)
        try scene.directory.addVersion("m/2")
        try await scene.serve(scene.specification("m"))
        let error = try await #require(throws: ServableError.self) {
            try await scene.manager.restore("m", timeout: .seconds(3600))
        }
        #expect(error.code == LoadingTests.corrupt.code)
        #expect(scene.loader.tries("m", 2) == 2)
        scene.loader.set(.succeed, for: "m", 2)
        try await scene.manager.restore("m", timeout: .seconds(3600))
        #expect(scene.table.versions(of: "m") == [2])
    }

    @Test("a model that nobody has configured is none to decide about")
    func unknown() async throws {
        let scene = try Scene()
        try await scene.serve(scene.specification("m"))
        await scene.manager.retire("other")
        #expect(await scene.manager.isConfigured("m"))
        #expect(await !scene.manager.isConfigured("other"))
        let error = try await #require(throws: ServableError.self) {
            try await scene.manager.restore("other", timeout: .seconds(3600))
        }
        #expect(error.code == .notFound)
    }

    private struct Unexpected: Error {}
}
