extension FormatDetector {
    /// Every format that can be read, as the registry and `apus version` name it.
    package static let formatNames = [ONNXImporter.formatName, SavedModelImporter.formatName]

    /// Files whose name alone makes the directory that holds them a model.
    package static let standardFileNames: Set = ["model.onnx", SavedModelImporter.fileName]
}
