import HTTPCore
import ServableCore

/// Makes a configuration from all that may say something about it; the same again for a reload.
///
/// The command line wins over the environment, this over the file, this over the defaults. Either everything is right, or
/// all problems are thrown together and nothing is used.
package struct ConfigurationLoader: Sendable {
    let arguments: ConfigurationArguments
    let environment: [String: String]
    /// What relative paths on the command line and in the environment count from; absolute.
    let workingDirectory: String
    let isRoot: Bool

    package init(
        arguments: ConfigurationArguments, environment: [String: String], workingDirectory: String, isRoot: Bool
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.isRoot = isRoot
    }

    /// What each source says, before it is judged.
    struct Layers {
        let file: ConfigurationFile
        let commandLine: CommandLineLayer
        let variables: EnvironmentLayer
        let sources: ModelSources
        var values: LayeredValues
        let fileProblems: [ConfigurationProblem]
    }

    func layers() -> Layers {
        let (file, fileProblems) = readFile()
        let commandLine = CommandLineLayer(arguments)
        let variables = EnvironmentLayer(environment)
        let sources = ModelSources(
            commandLine: commandLine.sources, environment: variables.sources, workingDirectory: workingDirectory)
        let values = LayeredValues(
            commandLine: commandLine.values.merging(sources.commandLineValues) { flag, _ in flag },
            environment: variables.values.merging(sources.environmentValues) { variable, _ in variable }, file: file.values)
        return Layers(
            file: file, commandLine: commandLine, variables: variables, sources: sources, values: values, fileProblems: fileProblems)
    }

    package func load() throws(ConfigurationErrors) -> ApusConfiguration {
        let layers = layers()
        let (file, commandLine, variables, sources) = (layers.file, layers.commandLine, layers.variables, layers.sources)
        var values = layers.values

        let batching = readBatching(&values)
        let loadMode = values.read(Settings.loadMode)
        let models = assembleModels(sources, file, values, batching, loadMode)
        let server = readServer(&values, file.listeners)
        let configuration = ApusConfiguration(
            server: server, grpc: readGRPC(&values, server), engine: readEngine(&values), lifecycle: readLifecycle(&values),
            hold: values.read(Settings.hold), startHold: values.read(Settings.startHold), allowsEmpty: values.read(Settings.allowsEmpty),
            batching: batching,
            serving: models.serving, readsBatchingFiles: values.read(Settings.readsBatchingFiles), modelBatching: models.batching,
            requestLog: readRequestLog(&values), registry: readRegistry(&values), monitoring: readMonitoring(&values),
            log: readLog(&values), texts: values.texts, configPath: configPath, files: (configPath.map { [$0] } ?? []) + sources.files,
            configurationPollInterval: values.read(Settings.configurationPollInterval),
            warnings: variables.warnings + sources.warnings)

        let problems =
            layers.fileProblems + file.problems + commandLine.problems + variables.problems + sources.problems + values.problems
            + models.problems + problemsOfServingNothing(models.serving, sources)
        guard problems.isEmpty else { throw ConfigurationErrors(problems: problems) }
        return configuration
    }

    /// How the log is to be written, as far as that can be told of a configuration that may be wrong.
    var logConfiguration: LogConfiguration {
        let (file, _) = readFile()
        var values = LayeredValues(
            commandLine: CommandLineLayer(arguments).values, environment: EnvironmentLayer(environment).values, file: file.values)
        return readLog(&values)
    }

    /// Absolute path of the file given with `--config`.
    var configPath: String? {
        arguments.configPath.map { FilePaths.absolute($0, relativeTo: workingDirectory) }
    }

    private func readFile() -> (file: ConfigurationFile, problems: [ConfigurationProblem]) {
        guard let configPath else { return (ConfigurationFile(text: "", path: ""), []) }
        do throws(FileFault) {
            return (ConfigurationFile(text: try FileReader.text(of: configPath), path: configPath), [])
        } catch {
            let origin = ConfigurationOrigin.file(path: configPath, line: nil, column: nil)
            let problem = ConfigurationProblem(origin: origin, key: nil, message: "the configuration \(error)")
            return (ConfigurationFile(text: "", path: configPath), [problem])
        }
    }

    /// Paths in the file count from the file's folder, all others from the working directory.
    func absolute(_ path: LocatedText) -> String {
        if case .file = path.origin, let configPath {
            return FilePaths.absolute(path.text, relativeTo: FilePaths.folder(of: configPath))
        }
        return FilePaths.absolute(path.text, relativeTo: workingDirectory)
    }

    private func assembleModels(
        _ sources: ModelSources, _ file: ConfigurationFile, _ values: LayeredValues, _ batching: BatchingConfiguration,
        _ loadMode: LoadMode
    ) -> ModelAssembly {
        guard let entries = sources.models else {
            let folder = configPath.map(FilePaths.folder) ?? workingDirectory
            return ModelAssembly(
                file.models, folder: folder, root: values.located("model_root").map(absolute), common: batching, loadMode: loadMode)
        }
        // The file's root goes out of force with its models; one given beside the sources stays.
        let root = values.located("model_root").flatMap { root -> String? in
            if case .file = root.origin { return nil }
            return absolute(root)
        }
        return ModelAssembly(entries, folder: workingDirectory, root: root, common: batching, loadMode: loadMode)
    }

    /// Without a file nobody can have meant to serve nothing.
    private func problemsOfServingNothing(_ serving: ServingSpecification, _ sources: ModelSources) -> [ConfigurationProblem] {
        guard serving.models.isEmpty, serving.modelRoot == nil, sources.models == nil, configPath == nil else { return [] }
        let message = "nothing to serve; give --config FILE, or --model_base_path with --model_name"
        return [ConfigurationProblem(origin: .commandLine(flag: "config"), key: nil, message: message)]
    }

    private func readRegistry(_ values: inout LayeredValues) -> RegistryConfiguration {
        let folder = StateDirectory.path(environment: environment, isRoot: isRoot)
        func path(_ setting: Setting<String>) -> String {
            let name = values.read(setting)
            return values.located(setting.path).map(absolute) ?? FilePaths.absolute(name, relativeTo: folder)
        }
        return RegistryConfiguration(path: path(Settings.registryPath), store: path(Settings.registryStore))
    }
}
