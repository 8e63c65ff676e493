import HTTPCore
import ServableCore

/// The configuration as it is in force, each value with where it comes from: a YAML file that says the same.
package struct EffectiveConfiguration {
    private struct Line {
        let text: String
        let origin: ConfigurationOrigin?
    }

    private let lines: [Line]

    /// - Parameter loader: of a configuration that is right.
    package init(_ loader: ConfigurationLoader) throws(ConfigurationErrors) {
        let configuration = try loader.load()
        let layers = loader.layers()
        let paths = Self.absolutePaths(configuration)
        var lines: [Line] = []
        var open: [Substring] = []
        for setting in Settings.all {
            let parts = setting.path.split(separator: ".")
            let common = zip(open, parts.dropLast()).prefix { $0 == $1 }.count
            for depth in common..<(parts.count - 1) {
                lines.append(Line(text: Self.indent(depth) + "\(parts[depth]):", origin: nil))
            }
            open = Array(parts.dropLast())
            let located = layers.values.located(setting.path)
            let text = Self.value(paths[setting.path] ?? located?.text ?? setting.defaultText, isList: setting.takesList)
            lines.append(
                Line(text: Self.indent(parts.count - 1) + "\(parts[parts.count - 1]): \(text)", origin: located?.origin ?? .defaults))
            if setting.path == Settings.notifyReady.path { lines += Self.lines(configuration.server.listeners) }
        }
        if let root = configuration.serving.modelRoot {
            lines.append(Line(text: "model_root: \(Self.value(root, isList: false))", origin: layers.values.located("model_root")?.origin))
        }
        lines += Self.lines(configuration, layers.sources.models ?? layers.file.models)
        self.lines = lines
    }

    /// One value a line, its origin in a comment.
    package var text: String {
        let width = min(60, lines.filter { $0.origin != nil }.map(\.text.count).max() ?? 0)
        return lines.map { line in
            line.origin.map { "\(line.text.rightPadded(to: width))  # \($0)" } ?? line.text
        }.joined(separator: "\n")
    }

    /// Of the values that are paths: what they were resolved to.
    private static func absolutePaths(_ configuration: ApusConfiguration) -> [String: String] {
        var paths = [
            Settings.registryPath.path: configuration.registry.path, Settings.registryStore.path: configuration.registry.store,
        ]
        paths[Settings.tlsCertificate.path] = configuration.server.tls?.certificateFile
        paths[Settings.tlsKey.path] = configuration.server.tls?.keyFile
        paths[Settings.tlsClientCA.path] = configuration.server.tls?.clientCAFile
        paths[Settings.requestLogPath.path] = configuration.requestLog?.path
        if case .file(path: let path)? = configuration.server.accessLog?.destination { paths[Settings.accessLogDestination.path] = path }
        return paths
    }

    // MARK: Lists

    private static func lines(_ listeners: [ListenerEntry]) -> [Line] {
        guard !listeners.isEmpty else { return [] }
        return [Line(text: "  listeners:", origin: nil)]
            + listeners.map { entry in
                var members: [String]
                switch entry.place {
                case .tcp(let host, let port): members = ["address: \(value(host, isList: false))", "port: \(port)"]
                case .unix(let path, let mode, let group):
                    members = ["unix: \(value(path, isList: false))", "mode: \"0\(String(mode, radix: 8))\""]
                    if let group { members.append("group: \(value(group, isList: false))") }
                case .systemd(let name): members = ["systemd: \(value(name, isList: false))"]
                }
                if let isEncrypted = entry.isEncrypted { members.append("tls: \(isEncrypted)") }
                return Line(text: "    - { \(members.joined(separator: ", ")) }", origin: entry.origin)
            }
    }

    private static func lines(_ configuration: ApusConfiguration, _ entries: [ModelEntry]) -> [Line] {
        guard !configuration.serving.models.isEmpty else { return [] }
        let origins = Dictionary(entries.map { ($0.name, $0.origin) }, uniquingKeysWith: { first, _ in first })
        return [Line(text: "models:", origin: nil)]
            + configuration.serving.models.flatMap { model in
                let batching = configuration.modelBatching[model.name]
                var lines = [
                    Line(text: "  - name: \(value(model.name, isList: false))", origin: origins[model.name]),
                    Line(text: "    path: \(value(model.basePath, isList: false))", origin: nil),
                    Line(text: "    versions: \(text(model.versionPolicy))", origin: nil),
                    Line(text: "    load: \(model.loadMode.rawValue)", origin: nil),
                ]
                if model.isPinned { lines.append(Line(text: "    pinned: true", origin: nil)) }
                if !model.labels.isEmpty {
                    let labels = model.labels.sorted { $0.key < $1.key }.map { "\(value($0.key, isList: false)): \($0.value)" }
                    lines.append(Line(text: "    labels: { \(labels.joined(separator: ", ")) }", origin: nil))
                }
                if let batching { lines.append(Line(text: "    batching: { \(text(batching)) }", origin: nil)) }
                return lines
            }
    }

    private static func text(_ policy: VersionPolicy) -> String {
        switch policy {
        case .latest(1): "latest"
        case .latest(let count): "{ latest: \(count) }"
        case .all: "all"
        case .specific(let versions): "[\(versions.map(String.init).joined(separator: ", "))]"
        }
    }

    private static func text(_ batching: BatchingConfiguration) -> String {
        [
            "enabled: \(batching.isEnabled)", "max_batch_size: \(batching.maxBatchSize)", "timeout: \(DurationText.text(batching.timeout))",
            "target_latency: \(DurationText.text(batching.targetLatency))",
            "allowed_sizes: [\(batching.allowedSizes.map(String.init).joined(separator: ", "))]",
            "max_queued_batches: \(batching.maxQueuedBatches)", "refuse_oversize: \(batching.refusesOversize)",
        ].joined(separator: ", ")
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// As YAML reads it again.
    private static func value(_ text: String, isList: Bool) -> String {
        guard !isList else {
            let elements = text.split(separator: ",").map { value(String($0.drop { $0 == " " }), isList: false) }
            return "[\(elements.joined(separator: ", "))]"
        }
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "./_%+-".utf8.contains(byte)
                }
            }
        let isWord = ["null", "off", "on", "yes", "no", "~"].contains(text.lowercased())
        guard isPlain, !isWord, text.utf8.first != UInt8(ascii: "%"), text.utf8.first != UInt8(ascii: "-") else { return quoted(text) }
        return text
    }

    private static func quoted(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": literal += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                literal += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
