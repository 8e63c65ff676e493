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
        passOverServiceLinks(&variables)
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

    /// Kubernetes describes each Service of a namespace to every container by variables (`enableServiceLinks`), which begin as ours do
    /// where a Service is called `apus` or `apus-…`: `APUS_SERVER_PORT=tcp://10.0.0.1:8501`. They mean nothing to the daemon.
    private mutating func passOverServiceLinks(_ variables: inout [String: String]) {
        // Of `APUS_X_PORT=tcp://…` the others have the prefix: `APUS_X_SERVICE_HOST`, `APUS_X_PORT_8501_TCP_ADDR`.
        let addresses = variables.filter { Self.isServiceAddress($0.key, $0.value) }.keys
        let links = variables.keys.filter { name in addresses.contains { Self.isServiceVariable(name, of: $0) } }
        guard !links.isEmpty else { return }
        for name in links { variables[name] = nil }
        warnings.append(
            "environment variables \(listed(links.sorted(), atMost: 4)) describe a Service of Kubernetes and are passed over; set "
                + "enableServiceLinks: false in the pod, and configure the daemon by its file or flags")
    }

    private static func isServiceAddress(_ name: String, _ value: String) -> Bool {
        name.hasSuffix("_PORT") && ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
    }

    /// - Parameter address: such as `APUS_SERVER_PORT`.
    private static func isServiceVariable(_ name: String, of address: String) -> Bool {
        let service = address.dropLast("_PORT".count)
        guard name != address else { return true }
        return [service + "_SERVICE_HOST", service + "_SERVICE_PORT"].contains { name == $0 }
            || name.hasPrefix(service + "_SERVICE_PORT_") || name.hasPrefix(address + "_")
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
