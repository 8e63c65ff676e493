import Dispatch
import ServableCore
import Synchronization
import Testing

@Suite("ServableManager: paths that do not answer", .timeLimit(.minutes(1)))
struct DirectoryScanTests {
    /// Looks at "stuck" only once it is let.
    private final class StuckSource: VersionSource {
        let gate = DispatchSemaphore(value: 0)
        let looks = Mutex(0)

        func discover(_ specification: ServingSpecification, known: [ServableID: Bool]) -> Discovery {
            if specification.models.contains(where: { $0.name == "stuck" }) || specification.modelRoot?.hasSuffix("stuck") == true {
                looks.withLock { $0 += 1 }
                gate.wait()
                gate.signal()
            }
            return DirectorySource().discover(specification, known: known)
        }

        func fingerprint(of path: String) -> VersionFingerprint? { DirectorySource().fingerprint(of: path) }
    }

    private static let options = LifecycleOptions(quietPeriod: .zero, scanPatience: .milliseconds(20))

    @Test("hold up no other model, are reported, and are looked at again when they answer")
    func stuckModel() async throws {
        let source = StuckSource()
        let scene = try Scene(source: source, options: Self.options)
        for name in ["a", "stuck", "z"] { try scene.directory.addVersion(name + "/1") }
        try await scene.serve(["a", "stuck", "z"].map { scene.specification($0) })
        #expect(scene.table.names == ["a", "z"])
        #expect(scene.board.unreadiness().count == 1 && scene.board.unreadiness()[0].contains("/stuck\" does not answer"))
        try scene.directory.addVersion("z/2")
        for _ in 0..<3 { await scene.look() }
        #expect(try scene.table.handle("z", .latest).id.version == 2)
        #expect(source.looks.withLock { $0 } == 1, "no further thread is lost to the same path")
        source.gate.signal()
        while !scene.table.names.contains("stuck") { await scene.look() }
        #expect(scene.board.unreadiness() == [])
    }

    @Test("leave the models of a root that does not answer served")
    func stuckRoot() async throws {
        let source = StuckSource()
        let scene = try Scene(source: source, options: Self.options)
        try scene.directory.addVersion("named/1")
        try scene.directory.addVersion("stuck/a/1")
        try await scene.serve(scene.specification("named"), root: scene.directory.path + "/stuck")
        #expect(scene.table.names == ["named"])
        #expect(scene.board.unreadiness().contains { $0.hasPrefix("model root") })
        source.gate.signal()
        while scene.table.names.count < 2 { await scene.look() }
        #expect(scene.table.names == ["a", "named"])
    }

    @Test("many of them cost a bounded number of threads")
    func manyStuck() async throws {
        let source = StuckSource()
        let scene = try Scene(source: source, options: LifecycleOptions(quietPeriod: .zero, scanPatience: .milliseconds(1)))
        try scene.directory.addVersion("a/1")
        let stuck = (0..<40).map { number in
            ModelSpecification(name: "stuck", basePath: scene.directory.path + "/\(number)")
        }
        for specification in stuck { try await scene.serve(specification, scene.specification("a")) }
        #expect(source.looks.withLock { $0 } == 16)
        source.gate.signal()
    }
}
