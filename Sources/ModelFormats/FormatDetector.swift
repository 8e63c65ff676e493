#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Finds out which format lies at a path, by names alone; the importer then reads.
package enum FormatDetector {
    /// The importer for what lies at `path`, and the path to give it.
    ///
    /// `path` is an `.onnx` file, or a version directory that holds `saved_model.pb`, `model.onnx` or exactly one `.onnx` file.
    ///
    /// - Parameter tags: of the meta graph of a SavedModel that is meant.
    package static func importer(
        for path: String, tags: Set<String> = SavedModelImporter.servingTags
    ) throws(ImportError) -> (importer: any ModelImporter, modelPath: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw .unreadable(path: path, reason: unsafe "cannot be opened: \(String(cString: strerror(errno)))")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return try importer(forFile: path, tags)
        case S_IFDIR: return try importer(forDirectory: path, tags)
        default: throw .unrecognized(path: path, reason: "is neither a file nor a directory")
        }
    }

    private static func importer(
        forFile path: String, _ tags: Set<String>
    ) throws(ImportError) -> (importer: any ModelImporter, modelPath: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if isSavedModel(name) {
            return try savedModel(name, in: path.dropLast(name.count).isEmpty ? "." : String(path.dropLast(name.count)), tags)
        }
        guard name.hasSuffix(".onnx") else {
            throw .unrecognized(
                path: path,
                reason: "is not named *.onnx; Apus reads ONNX models and SavedModels, give it such a file or a directory that holds one")
        }
        return (ONNXImporter(), path)
    }

    private static func importer(
        forDirectory path: String, _ tags: Set<String>
    ) throws(ImportError) -> (importer: any ModelImporter, modelPath: String) {
        let names = try fileNames(in: path)
        let savedModels = names.filter(isSavedModel)
        // Names with a leading dot are half-written copies and the like, never models.
        let models = names.filter { $0.hasSuffix(".onnx") && !$0.hasPrefix(".") }.sorted()
        guard savedModels.isEmpty || models.isEmpty else {
            throw .unrecognized(
                path: path, reason: "holds both \(savedModels[0]) and \(models[0]); keep one model in a version directory")
        }
        if let name = savedModels.min() { return try savedModel(name, in: path, tags) }
        if models.contains("model.onnx") { return (ONNXImporter(), path + "/model.onnx") }
        switch models.count {
        case 1: return (ONNXImporter(), path + "/" + models[0])
        case 0 where names.contains { $0.hasSuffix(".tflite") }:
            throw .unsupported(
                path: path, place: "holds a TensorFlow Lite model,",
                feature: "which Apus does not read; export the original as a SavedModel or as ONNX")
        case 0:
            throw .unrecognized(path: path, reason: "holds no model; expected saved_model.pb, model.onnx or one other .onnx file in it")
        default:
            let list = models.prefix(3).joined(separator: ", ")
            throw .unrecognized(
                path: path, reason: "holds \(models.count) .onnx files (\(list)…); keep one, or name the one to serve model.onnx")
        }
    }

    private static func isSavedModel(_ name: String) -> Bool { name == "saved_model.pb" || name == "saved_model.pbtxt" }

    private static func savedModel(
        _ name: String, in folder: String, _ tags: Set<String>
    ) throws(ImportError) -> (importer: any ModelImporter, modelPath: String) {
        guard name == SavedModelImporter.fileName else {
            throw .unsupported(
                path: folder, place: "is a SavedModel in text form (\(name)),",
                feature: "which Apus does not read; save it as \(SavedModelImporter.fileName)")
        }
        return (SavedModelImporter(tags: tags), folder)
    }

    private static func fileNames(in path: String) throws(ImportError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            throw .unreadable(path: path, reason: unsafe "cannot be listed: \(String(cString: strerror(errno)))")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            names.append(name)
        }
        return names
    }
}
