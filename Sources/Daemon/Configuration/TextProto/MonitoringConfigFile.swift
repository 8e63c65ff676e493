/// Reads `MonitoringConfig`, the file of `--monitoring_config_file`.
///
/// Source: tensorflow_serving/config/monitoring_config.proto.
enum MonitoringConfigFile {
    static func values(_ text: String, path: String) throws(TextProtoError) -> [String: LocatedText] {
        let root = try TextProtoFields(TextProtoParser.parse(text), type: "MonitoringConfig", known: ["prometheus_config"])
        var values: [String: LocatedText] = [:]
        func set(_ key: String, _ line: Int, _ value: String) {
            values[key] = LocatedText(text: value, origin: .file(path: path, line: line, column: nil))
        }
        guard let message = try root.message("prometheus_config") else {
            set("monitoring.prometheus.enabled", 1, "false")
            return values
        }
        let prometheus = try TextProtoFields(message, type: "PrometheusConfig", known: ["enable", "path"])
        set("monitoring.prometheus.enabled", prometheus.line("enable"), "\(try prometheus.boolean("enable") ?? false)")
        if let route = try prometheus.text("path"), !route.isEmpty {
            set("monitoring.prometheus.path", prometheus.line("path"), route)
        }
        return values
    }
}
