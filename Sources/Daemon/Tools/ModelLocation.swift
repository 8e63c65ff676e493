import Glibc
import ModelFormats
import ServableCore

/// Where the model of a command line lies.
enum ModelLocation {
    /// The path itself, or for a folder of numbered versions, which holds no model of its own, its newest version's.
    static func resolved(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let newest = newestVersion(in: path) else { return path }
        return newest
    }

    private static func newestVersion(in path: String) -> String? {
        let model = ModelSpecification(name: "model", basePath: path)
        let found = DirectorySource.versions.discover(ServingSpecification(models: [model]), known: [:]).models.first
        // A folder that is a model itself is version 1 of one, and its path the version's.
        guard let found, let version = found.wanted.max() else { return nil }
        return found.versions.first { $0.version == version }?.path
    }
}
