extension FormatDetector {
    /// Every format that can be read, as the registry and `apus version` name it.
    package static let formatNames = [ONNXImporter.formatName, SavedModelImporter.formatName]
}
