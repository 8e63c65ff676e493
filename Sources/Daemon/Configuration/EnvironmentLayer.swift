/// Values from environment variables: `APUS_` and the key (`APUS_SERVER_PORT`), or `APUS_` and TensorFlow Serving's name of
/// the flag (`APUS_REST_API_PORT`).
struct EnvironmentLayer {
    /// By key path.
    private(set) var values: [String: LocatedText] = [:]
    /// Flags that name what to serve, by their name with underscores.
    private(set) var sources: [String: LocatedText] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    /// Variables that begin as ours do and mean nothing; not an error, since the environment is shared.
    private(set) var warnings: [String] = []

    /// Variables that other parts of the program and its tests read.
    private static let foreignVariables: Set<String> = ["APUS_ISA", "APUS_REST_VECTORS", "APUS_TEST_CORPUS"]

    init(_ environment: [String: String]) {
        var variables = environment.filter { $0.key.hasPrefix("APUS_") && !Self.foreignVariables.contains($0.key) }
        for setting in Settings.all {
            guard let text = variables.removeValue(forKey: setting.environmentVariable) else { continue }
            values[setting.path] = LocatedText(text: text, origin: .environment(variable: setting.environmentVariable))
        }
        for flag in ServingFlag.all {
            guard let text = variables.removeValue(forKey: flag.environmentVariable) else { continue }
            take(flag, text)
        }
        if let text = variables.removeValue(forKey: "APUS_MODEL_ROOT") {
            values["model_root"] = LocatedText(text: text, origin: .environment(variable: "APUS_MODEL_ROOT"))
        }
        let known = Settings.all.map(\.environmentVariable) + ServingFlag.all.map(\.environmentVariable)
        for name in variables.keys.sorted() {
            let nearest = NearestName.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            warnings.append("environment variable \(name) is not known and has no effect\(nearest)")
        }
    }

    private mutating func take(_ flag: ServingFlag, _ text: String) {
        let located = LocatedText(text: text, origin: .environment(variable: flag.environmentVariable))
        switch flag.translated(located) {
        case .value(let path, let value):
            if let other = values[path] {
                report(located, "\(other.origin) sets \(path) too; keep one of them")
            } else {
                values[path] = value
            }
        case .source: sources[flag.name] = located
        case .nothing: break
        case .refused(let message): report(located, message)
        }
    }

    private mutating func report(_ located: LocatedText, _ message: String) {
        problems.append(ConfigurationProblem(origin: located.origin, key: nil, message: message))
    }
}
