import Glibc
import ServableCore
import Testing

@Suite("DirectorySource")
struct DirectorySourceTests {
    let directory: TemporaryDirectory
    let source = DirectorySource()

    init() throws { directory = try TemporaryDirectory() }

    private func discover(
        _ name: String = "m", _ policy: VersionPolicy = .all, labels: [String: Int64] = [:], known: [ServableID: Bool] = [:]
    ) -> DiscoveredModel? {
        let model = ModelSpecification(name: name, basePath: directory.path + "/" + name, versionPolicy: policy, labels: labels)
        return source.discover(ServingSpecification(models: [model]), known: known).models.first
    }

    @Test(
        "a name that is wholly a decimal 64-bit number is a version",
        arguments: [
            ("1", Int64(1)), ("0", 0), ("00000123", 123), ("9223372036854775807", .max), ("9223372036854775808", nil),
            ("-1", nil), ("+1", nil),
            ("1a", nil), (" 1", nil), ("1.0", nil), ("v1", nil), (".1", nil), ("1 ", nil), ("１", nil), ("0x10", nil),
            ("99999999999999999999999999", nil),
        ] as [(String, Int64?)])
    func names(name: String, version: Int64?) throws {
        try directory.addVersion("m/" + name)
        let found = try #require(discover())
        #expect(found.versions.map(\.version) == (version.map { [$0] } ?? []))
        #expect(found.versions.allSatisfy { $0.path == directory.path + "/m/" + name })
    }

    @Test("of two names of the same number the last in byte order is taken, with a warning")
    func doubles() throws {
        for name in ["001", "1", "01"] { try directory.addVersion("m/" + name) }
        let found = try #require(discover())
        #expect(found.versions.map(\.path) == [directory.path + "/m/1"])
        #expect(found.warnings.count == 2)
        #expect(
            found.warnings.last?.contains("\"\(directory.path)/m/01\" and \"\(directory.path)/m/1\" are the same version") == true
        )
    }

    @Test("a file or a dangling link with a number for a name is no version; a link to a directory is one")
    func filesAndLinks() throws {
        try directory.addVersion("m/1")
        try directory.write("m/2", "not a directory")
        #expect(symlink(directory.path + "/nowhere", directory.path + "/m/3") == 0)
        #expect(symlink(directory.path + "/m/1", directory.path + "/m/4") == 0)
        let found = try #require(discover())
        #expect(found.versions.map(\.version) == [1, 4])
        #expect(found.warnings.contains { $0.contains("/m/2\" is no version: it is not a directory") })
        #expect(found.warnings.contains { $0.contains("/m/3\": No such file or directory") })
    }

    @Test("a missing or unusable base path names itself and the next step, and concerns its own model only")
    func problems() throws {
        try directory.addVersion("good/1")
        try directory.addDirectory("empty")
        try directory.addDirectory("strays")
        try directory.write("strays/model.onnx", "model")
        try directory.write("file", "not a directory")
        let names = ["missing", "file", "empty", "strays", "good"]
        let models = names.map { ModelSpecification(name: $0, basePath: directory.path + "/" + $0) }
        let found = source.discover(ServingSpecification(models: models), known: [:]).models
        #expect(found.map(\.access) == [.missing, .unreadable, .readable, .readable, .readable])
        #expect(found[0].problem?.contains("base path \"\(directory.path)/missing\" does not exist; create it") == true)
        #expect(found[1].problem?.contains("Not a directory (errno 20); make it a directory") == true)
        #expect(found[2].problem?.contains("has no version directory (it is empty); put the model into a sub-directory") == true)
        #expect(found[3].problem?.contains("(found model.onnx)") == true)
        #expect(found[4].problem == nil)
        #expect(found[4].wanted == [1])
    }

    @Test("what a policy does not find is reported")
    func policies() throws {
        for version in 1...3 { try directory.addVersion("m/\(version)") }
        #expect(discover("m", .specific([2, 7]))?.wanted == [2])
        #expect(discover("m", .specific([2, 7]))?.warnings.contains { $0.contains("listed versions [7] do not exist") } == true)
        #expect(discover("m", .specific([8, 7]))?.problem?.contains("none of the listed versions [7, 8] exists") == true)
        #expect(discover("m", .specific([]))?.problem?.contains("the list of versions is empty") == true)
        #expect(discover("m", .latest(2))?.wanted == [2, 3])
    }

    @Test("a label whose version is not chosen or does not exist is warned of")
    func labels() throws {
        for version in 1...2 { try directory.addVersion("m/\(version)") }
        let found = try #require(discover("m", .latest(1), labels: ["old": 1, "new": 2, "future": 3]))
        #expect(found.warnings.count == 2)
        #expect(
            found.warnings.contains {
                $0.hasPrefix("label \"old\" is to point to version 1, which the version policy does not choose")
            })
        #expect(found.warnings.contains { $0.hasPrefix("label \"future\" is to point to version 3, which does not exist") })
    }

    @Test("sub-directories of the model root with versions are models, unless named already or hidden")
    func modelRoot() throws {
        for path in ["root/a/1", "root/a/2", "root/b/7", "root/.hidden/1", "root/named/1", "elsewhere/3"] {
            try directory.addVersion(path)
        }
        try directory.addDirectory("root/no-versions/assets")
        try directory.write("root/README.md", "about")
        let named = ModelSpecification(name: "named", basePath: directory.path + "/elsewhere")
        let found = source.discover(ServingSpecification(models: [named], modelRoot: directory.path + "/root"), known: [:])
        #expect(found.models.map(\.specification.name) == ["named", "a", "b"])
        #expect(found.models.map(\.wanted) == [[3], [2], [7]])
        #expect(found.models.map { $0.versions.map(\.version) } == [[3], [1, 2], [7]])
        #expect(found.modelRootProblem == nil)
    }

    @Test("a model root that cannot be read is reported and takes no named model along")
    func missingRoot() throws {
        try directory.addVersion("m/1")
        let named = ModelSpecification(name: "m", basePath: directory.path + "/m")
        let found = source.discover(ServingSpecification(models: [named], modelRoot: directory.path + "/none"), known: [:])
        #expect(found.models.map(\.wanted) == [[1]])
        #expect(
            found.modelRootProblem?.hasPrefix("model root \"\(directory.path)/none\": No such file or directory (errno 2)")
                == true)
    }

    @Test("wanted versions that have no life are looked into, and of those that have one the ones that are to be")
    func looksInto() throws {
        for version in 1...4 { try directory.addVersion("m/\(version)") }
        let known = [ServableID(name: "m", version: 4): false, ServableID(name: "m", version: 1): true]
        let found = try #require(discover("m", .latest(2), known: known))
        #expect(found.versions.map { $0.fingerprint != nil } == [true, false, true, false])
    }

    @Test(
        "a base path that itself holds a model is version 1, unless it has numbered versions",
        arguments: [
            (["model.onnx"], [1], ""), (["saved_model.pb", "variables/x"], [1], ""), (["model.onnx", "7/model.bin"], [7], "/7"),
            (["other.onnx"], [], ""), (["model.onnx/x"], [1], ""),
        ] as [([String], [Int64], String)])
    func flatModel(files: [String], versions: [Int64], place: String) throws {
        let source = DirectorySource(modelFileNames: ["model.onnx", "saved_model.pb"])
        try directory.addDirectory("root/m")
        for file in files {
            let parts = file.split(separator: "/")
            if parts.count > 1 { try directory.addDirectory("root/m/\(parts[0])") }
            try directory.write("root/m/" + file, "model")
        }
        let base = directory.path + "/root/m"
        let named = ServingSpecification(models: [ModelSpecification(name: "m", basePath: base)])
        let rooted = ServingSpecification(models: [], modelRoot: directory.path + "/root")
        for specification in [named, rooted] {
            let found = source.discover(specification, known: [:]).models.first
            #expect((found?.versions.map(\.version) ?? []) == versions)
            #expect(found?.versions.allSatisfy { $0.path == base + place && $0.fingerprint != nil } ?? true)
            let isFlat = !versions.isEmpty && place.isEmpty
            #expect(found?.warnings.contains { $0.contains("is served as version 1; move it to \(base)/1") } ?? false == isFlat)
        }
    }

    @Test("a folder of the root that no request could name is passed over by name", arguments: ["a:b", "a\u{7}b"])
    func unnameable(name: String) throws {
        try directory.addVersion("root/\(name)/1")
        try directory.addVersion("root/good name?#%/1")
        let found = source.discover(ServingSpecification(models: [], modelRoot: directory.path + "/root"), known: [:])
        #expect(found.models.map(\.specification.name) == ["good name?#%"])
        #expect(found.warnings.count == 1 && found.warnings[0].contains(name.debugDescription))
    }

    @Test("the fingerprint changes with a file's size, time, name and permission, and with nothing else")
    func fingerprint() throws {
        let path = try directory.addVersion("m/1")
        try directory.addDirectory("m/1/assets")
        try directory.write("m/1/assets/words", "abc")
        var last = try #require(source.fingerprint(of: path))
        #expect(source.fingerprint(of: path) == last)
        #expect(last.byteCount == 8)
        #expect(last.entryCount == 4)
        let changes: [(String, () throws -> Void)] = [
            ("grows", { try directory.write("m/1/assets/words", "abcd") }),
            ("is touched", { try directory.setModified("m/1/model.bin", seconds: 1_000_000) }),
            ("is renamed", { try directory.move("m/1/assets/words", to: "m/1/assets/letters") }),
            ("is added", { try directory.write("m/1/empty", "") }),
            ("is removed", { directory.remove("m/1/empty") }),
            ("may be read by others", { #expect(chmod(path + "/model.bin", 0o604) == 0) }),
        ]
        for (name, change) in changes {
            try change()
            let next = try #require(source.fingerprint(of: path))
            #expect(next != last, "a file \(name)")
            last = next
        }
        #expect(source.fingerprint(of: path + "/none") == nil)
    }

    @Test("a dangling link inside a version is part of the picture, not a fault")
    func danglingLink() throws {
        let path = try directory.addVersion("m/1")
        #expect(symlink(directory.path + "/nowhere", path + "/link") == 0)
        #expect(source.fingerprint(of: path)?.entryCount == 3)
    }

    @Test("a loop of links ends")
    func linkLoop() throws {
        let path = try directory.addVersion("m/1")
        #expect(symlink(path, path + "/self") == 0)
        #expect(source.fingerprint(of: path) != nil)
    }

    @Test(
        "files are quiet when their newest change is long enough ago, or ahead of the clock",
        arguments: [(-10, true), (-1, false), (0, false), (5, true)])
    func quiet(secondsFromNow: Int, isQuiet: Bool) throws {
        let path = try directory.addVersion("m/1")
        let now = 1_700_000_000
        try directory.setModified("m/1/model.bin", seconds: now + secondsFromNow)
        try directory.setModified("m/1", seconds: now - 1000)
        let fingerprint = try #require(source.fingerprint(of: path))
        #expect(fingerprint.isQuiet(for: .seconds(5), now: Timestamp(microsecondsSinceEpoch: Int64(now) * 1_000_000)) == isQuiet)
    }
}
