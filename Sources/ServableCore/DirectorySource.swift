/// Finds versions as directories: a child of a base path whose whole name is a decimal 64-bit number is a version.
///
/// Leading zeros are fine; of two names of the same number the last in byte order counts. A base path that is missing or has no
/// versions concerns its own model only. A base path without versions that holds a model itself is version 1. Of the model root,
/// every sub-directory with at least one version is a model that is served by the default policy; hidden directories are passed over.
package struct DirectorySource: VersionSource {
    /// Names of files that make a directory a model.
    private let modelFileNames: Set<String>

    package init(modelFileNames: Set<String> = []) { self.modelFileNames = modelFileNames }

    package func discover(_ specification: ServingSpecification, known: [ServableID: Bool]) -> Discovery {
        var discovery = Discovery()
        discovery.models = specification.models.map { discover($0, known: known) }
        if let root = specification.modelRoot {
            addModels(of: root, in: specification, known: known, to: &discovery)
        }
        return discovery
    }

    package func fingerprint(of path: String) -> VersionFingerprint? {
        do {
            return try VersionFingerprint(of: path)
        } catch {
            return nil
        }
    }

    private func addModels(
        of root: String, in specification: ServingSpecification, known: [ServableID: Bool], to discovery: inout Discovery
    ) {
        let named = Set(specification.models.map(\.name))
        let names: [String]
        do {
            names = try DirectoryListing.names(of: root)
        } catch {
            discovery.modelRootProblem = "model root \(error); create it or correct model_root"
            return
        }
        for name in names where !name.hasPrefix(".") && !named.contains(name) {
            let path = root + "/" + name
            do {
                guard DirectoryListing.isDirectory(try DirectoryListing.status(of: path)) else { continue }
            } catch {
                continue  // Gone since the listing, or a dangling link: not a directory in either case.
            }
            if let fault = Self.fault(ofName: name) {
                discovery.warnings.append(
                    "sub-directory \(name.debugDescription) of the model root passed over: its name has \(fault), with which no "
                        + "request can name it; rename it")
                continue
            }
            let model = discover(
                ModelSpecification(name: name, basePath: path, loadMode: specification.rootLoadMode), known: known)
            switch model.access {
            case .readable where model.versions.isEmpty:
                // One that is empty is about to be filled, or belongs to the file system.
                guard !Self.isEmpty(path) else { break }
                discovery.warnings.append("sub-directory of the model root passed over: \(model.problem ?? path)")
            case .readable: discovery.models.append(model)
            case .missing: break
            case .unreadable:
                discovery.unreadableNames.insert(name)
                discovery.warnings.append("sub-directory of the model root passed over: \(model.problem ?? path)")
            }
        }
    }

    private static func isEmpty(_ path: String) -> Bool {
        do { return try DirectoryListing.names(of: path).isEmpty } catch { return true }
    }

    /// What keeps requests from naming a model so; nil when nothing does.
    private static func fault(ofName name: String) -> String? {
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) { return "control characters" }
        return name.utf8.contains(UInt8(ascii: ":")) ? "a colon" : nil
    }

    private func discover(_ model: ModelSpecification, known: [ServableID: Bool]) -> DiscoveredModel {
        let children: Children
        do {
            children = try Children(of: model.basePath, modelFileNames: modelFileNames)
        } catch {
            let problem =
                error.isMissing
                ? "base path \"\(model.basePath)\" does not exist; create it with a numbered version directory, "
                    + "or correct the model's path"
                : "base path \(error); make it a directory that this user may read"
            return DiscoveredModel(
                specification: model, access: error.isMissing ? .missing : .unreadable, versions: [], wanted: [],
                problem: problem,
                warnings: [problem]
            )
        }
        let wanted = model.versionPolicy.select(from: children.paths.keys)
        let versions = children.paths.sorted { $0.key < $1.key }.map { version, path in
            let isOfInterest = known[ServableID(name: model.name, version: version)] ?? wanted.contains(version)
            return DiscoveredVersion(version: version, path: path, fingerprint: isOfInterest ? fingerprint(of: path) : nil)
        }
        let problem = problem(of: model, children: children, wanted: wanted)
        return DiscoveredModel(
            specification: model, access: .readable, versions: versions, wanted: wanted, problem: problem,
            warnings: children.warnings + (problem.map { [$0] } ?? [])
                + warnings(of: model, present: Set(children.paths.keys), wanted: wanted)
        )
    }

    private func problem(of model: ModelSpecification, children: Children, wanted: [Int64]) -> String? {
        guard wanted.isEmpty else { return nil }
        guard !children.paths.isEmpty else {
            let found =
                children.otherNames.isEmpty ? "it is empty" : "found " + children.otherNames.prefix(3).joined(separator: ", ")
            return
                "base path \"\(model.basePath)\" has no version directory (\(found)); put the model into a sub-directory named by a "
                + "number, such as \(model.basePath)/1"
        }
        guard case .specific(let listed) = model.versionPolicy, !listed.isEmpty else {
            return "the list of versions is empty, so none is served; list versions or choose \"latest\""
        }
        return "none of the listed versions \(listed.sorted()) exists in \"\(model.basePath)\", which has "
            + "\(children.paths.keys.sorted()); list one of these or add the version"
    }

    private func warnings(of model: ModelSpecification, present: Set<Int64>, wanted: [Int64]) -> [String] {
        var warnings: [String] = []
        if case .specific(let listed) = model.versionPolicy, !wanted.isEmpty {
            let missing = Set(listed).subtracting(present).sorted()
            if !missing.isEmpty {
                warnings.append("listed versions \(missing) do not exist in \"\(model.basePath)\"; the others are served")
            }
        }
        for (label, version) in model.labels.sorted(by: { $0.key < $1.key }) where !wanted.contains(version) {
            let why =
                present.contains(version)
                ? "which the version policy does not choose" : "which does not exist in \"\(model.basePath)\""
            warnings.append("label \"\(label)\" is to point to version \(version), \(why); the label waits for it")
        }
        return warnings
    }
}

/// The children of a base path, sorted into versions and the rest.
private struct Children {
    private(set) var paths: [Int64: String] = [:]
    private(set) var otherNames: [String] = []
    private(set) var warnings: [String] = []

    init(of basePath: String, modelFileNames: Set<String>) throws(FileSystemError) {
        for name in try DirectoryListing.names(of: basePath) { add(name, in: basePath) }
        guard paths.isEmpty, let file = otherNames.first(where: modelFileNames.contains) else { return }
        paths[1] = basePath
        warnings.append(
            "base path \"\(basePath)\" itself holds \(file) and no numbered version: it is served as version 1; move it to "
                + "\(basePath)/1 to publish other versions beside it")
    }

    private mutating func add(_ name: String, in basePath: String) {
        let path = basePath + "/" + name
        guard !name.isEmpty, name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            otherNames.append(name)
            return
        }
        guard let version = Int64(name) else {
            warnings.append("\"\(path)\" is no version: the number is larger than \(Int64.max)")
            return
        }
        do {
            guard DirectoryListing.isDirectory(try DirectoryListing.status(of: path)) else {
                warnings.append("\"\(path)\" is no version: it is not a directory")
                return
            }
        } catch {
            warnings.append("version directory \(error)")
            return
        }
        if let other = paths[version] {
            warnings.append("\"\(other)\" and \"\(path)\" are the same version; the latter is taken")
        }
        paths[version] = path
    }
}
