/// Values from the command line: TensorFlow Serving's flags and `--set KEY=VALUE`.
struct CommandLineLayer {
    /// By key path.
    private(set) var values: [String: LocatedText] = [:]
    /// Flags that name what to serve, by their name with underscores.
    private(set) var sources: [String: LocatedText] = [:]
    private(set) var problems: [ConfigurationProblem] = []

    init(_ arguments: ConfigurationArguments) {
        for flag in ServingFlag.all {
            guard let text = arguments.flags[flag.name] else { continue }
            take(flag, LocatedText(text: text, origin: .commandLine(flag: flag.name)))
        }
        for assignment in arguments.assignments { take(assignment) }
    }

    private mutating func take(_ flag: ServingFlag, _ located: LocatedText) {
        switch flag.translated(located) {
        case .value(let path, let value): set(path, value)
        case .source: sources[flag.name] = located
        case .nothing: break
        case .refused(let message): report(located.origin, message)
        }
    }

    private mutating func take(_ assignment: String) {
        let origin = ConfigurationOrigin.commandLine(flag: "set \(assignment)")
        guard let equals = assignment.firstIndex(of: "=") else {
            report(origin, "expected KEY=VALUE, such as server.port=8080")
            return
        }
        let path = String(assignment[..<equals])
        let known = Settings.all.map(\.path) + ["model_root"]
        guard known.contains(path) else {
            let nearest = NearestName.nearest(to: path, among: known).map { "; did you mean \($0)?" } ?? ""
            report(origin, "there is no key \"\(path)\" with a single value\(nearest)")
            return
        }
        set(path, LocatedText(text: String(assignment[equals...].dropFirst()), origin: origin))
    }

    private mutating func set(_ path: String, _ value: LocatedText) {
        if let other = values[path] {
            report(value.origin, "\(other.origin) sets \(path) too; keep one of them")
        } else {
            values[path] = value
        }
    }

    private mutating func report(_ origin: ConfigurationOrigin, _ message: String) {
        problems.append(ConfigurationProblem(origin: origin, key: nil, message: message))
    }
}
