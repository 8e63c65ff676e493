import ServableCore

/// What the command line and the environment say to serve, and the files that they name.
///
/// Sources on the command line put those of the environment out of force, and either puts the models of the configuration
/// file out of force.
struct ModelSources {
    /// Nil: the configuration file decides.
    private(set) var models: [ModelEntry]?
    /// Values of the files that flags name, by key path.
    private(set) var commandLineValues: [String: LocatedText] = [:]
    private(set) var environmentValues: [String: LocatedText] = [:]
    /// Files that flags name, as absolute paths.
    private(set) var files: [String] = []
    private(set) var problems: [ConfigurationProblem] = []
    /// What is written and has no effect, though that may be meant.
    private(set) var warnings: [String] = []

    private let workingDirectory: String

    /// - Parameters: values of the flags by their name with underscores.
    init(commandLine: [String: LocatedText], environment: [String: LocatedText], workingDirectory: String) {
        self.workingDirectory = workingDirectory
        commandLineValues = values(from: commandLine)
        environmentValues = values(from: environment)
        readModels(commandLine)
        if models == nil { readModels(environment) }
    }

    private mutating func readModels(_ flags: [String: LocatedText]) {
        switch (flags["model_config_file"], flags["model_base_path"], flags["model_name"]) {
        case (let file?, let base, let name):
            // TensorFlow Serving's container image gives both always, and its users add the file.
            for flag in [base, name].compactMap(\.self) {
                warnings.append("\(flag.origin) has no effect: \(file.origin) says what to serve")
            }
            models = read(file) { text, path throws(TextProtoError) in try ModelConfigFile.models(text, path: path) } ?? []
        case (nil, let base?, let name): models = singleModel(base, name)
        case (nil, nil, let name?): report(name, "names a model but not where it is; add --model_base_path")
        case (nil, nil, nil): break
        }
    }

    /// TensorFlow Serving calls a model without a name `default`.
    private mutating func singleModel(_ base: LocatedText, _ name: LocatedText?) -> [ModelEntry] {
        guard !base.text.isEmpty else {
            report(base, "is empty; expected the folder that holds the numbered versions")
            return []
        }
        if let name, !ModelEntryDecoder.isModelName(name.text) {
            report(name, "found \"\(name.text)\"; expected 1 to 255 characters without / and :")
            return []
        }
        return [ModelEntry(name: name?.text ?? "default", path: base.text, origin: base.origin, key: "model_base_path")]
    }

    private mutating func values(from flags: [String: LocatedText]) -> [String: LocatedText] {
        var values: [String: LocatedText] = [:]
        if let file = flags["batching_parameters_file"] {
            let parameters = read(file) { text, path throws(TextProtoError) in
                try BatchingParametersFile.values(text, path: path)
            }
            values.merge(parameters ?? [:]) { $1 }
        }
        if let file = flags["monitoring_config_file"] {
            let monitoring = read(file) { text, path throws(TextProtoError) in
                try MonitoringConfigFile.values(text, path: path)
            }
            values.merge(monitoring ?? [:]) { $1 }
        }
        return values
    }

    /// Reads a file in protobuf's text format; nil where that failed, which is reported.
    private mutating func read<Result>(
        _ file: LocatedText, _ decode: (_ text: String, _ path: String) throws(TextProtoError) -> Result
    ) -> Result? {
        let path = FilePaths.absolute(file.text, relativeTo: workingDirectory)
        files.append(path)
        do throws(FileFault) {
            let text = try FileReader.text(of: path)
            do throws(TextProtoError) {
                return try decode(text, path)
            } catch {
                let origin = ConfigurationOrigin.file(path: path, line: error.line, column: nil)
                problems.append(ConfigurationProblem(origin: origin, key: nil, message: error.message))
            }
        } catch {
            report(file, "\(path) \(error)")
        }
        return nil
    }

    private mutating func report(_ flag: LocatedText, _ message: String) {
        problems.append(ConfigurationProblem(origin: flag.origin, key: nil, message: message))
    }
}
