import ServableCore

/// Reads `ModelServerConfig`, the file of `--model_config_file`.
///
/// Source: tensorflow_serving/config/model_server_config.proto.
package enum ModelConfigFile {
    package static func models(_ text: String, path: String) throws(TextProtoError) -> [ModelEntry] {
        let root = try TextProtoFields(
            TextProtoParser.parse(text), type: "ModelServerConfig", known: ["model_config_list", "custom_model_config"])
        guard root.fields("custom_model_config").isEmpty else {
            throw TextProtoError(line: root.line("custom_model_config"), message: "custom_model_config is not supported; list the models")
        }
        guard let list = try root.message("model_config_list") else { return [] }
        var models: [ModelEntry] = []
        for field in try TextProtoFields(list, type: "ModelConfigList", known: ["config"]).fields("config") {
            guard case .message(let message) = field.value else {
                throw TextProtoError(line: field.line, message: "ModelConfigList.config: expected a message { … }")
            }
            models.append(try model(message, line: field.line, path: path, index: models.count))
        }
        return models
    }

    private static func model(
        _ message: TextProtoMessage, line: Int, path: String, index: Int
    ) throws(TextProtoError) -> ModelEntry {
        let fields = try TextProtoFields(
            message, type: "ModelConfig",
            known: ["name", "base_path", "model_type", "model_platform", "model_version_policy", "version_labels", "logging_config"])
        guard fields.fields("logging_config").isEmpty else {
            throw TextProtoError(
                line: fields.line("logging_config"),
                message: "logging_config is not supported; request_log of the YAML configuration records requests of every model")
        }
        let name = try fields.text("name") ?? ""
        let basePath = try fields.text("base_path") ?? ""
        guard ModelEntryDecoder.isModelName(name) else {
            throw TextProtoError(line: line, message: "ModelConfig.name is \"\(name)\"; expected 1 to 255 characters without / and :")
        }
        try checkPlatform(fields, name: name, line: line)
        guard basePath.hasPrefix("/") else {
            let hint = basePath.contains("://") ? "; Apus reads folders of this machine, copy the model or mount its store" : ""
            throw TextProtoError(
                line: line, message: "Expected model \(name) to have an absolute path or URI; got base_path()=\(basePath)\(hint)")
        }
        return ModelEntry(
            name: name, path: basePath, versionPolicy: try policy(fields), labels: try labels(fields),
            origin: .file(path: path, line: line, column: nil), key: "model_config_list.config[\(index)]")
    }

    /// The platform names the kind of model; `tensorflow` is what every existing file says, and what is served is found out
    /// by looking into the version's folder.
    private static func checkPlatform(_ fields: TextProtoFields, name: String, line: Int) throws(TextProtoError) {
        let platform = try fields.text("model_platform")
        let type = try fields.word("model_type")
        if platform != nil, let type {
            throw TextProtoError(
                line: type.line,
                message: "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform, "
                    + "model name is \(name)")
        }
        guard platform != nil || type != nil else {
            throw TextProtoError(
                line: line,
                message: "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, "
                    + "model name is \(name)")
        }
        if let platform, !["tensorflow", "onnx"].contains(platform) {
            throw TextProtoError(
                line: fields.line("model_platform"), message: "Model \(name) requests unsupported platform \(platform)")
        }
        if let type, !["TENSORFLOW", "1"].contains(type.word) {
            throw TextProtoError(line: type.line, message: "Model \(name) requests unsupported platform \(type.word)")
        }
    }

    private static func policy(_ fields: TextProtoFields) throws(TextProtoError) -> VersionPolicy {
        guard let message = try fields.message("model_version_policy") else { return .latest(1) }
        let policy = try TextProtoFields(message, type: "ServableVersionPolicy", known: ["latest", "all", "specific"])
        guard message.fields.count <= 1 else {
            throw TextProtoError(line: message.fields[1].line, message: "ServableVersionPolicy: expected one of latest, all, specific")
        }
        if let latest = try policy.message("latest") {
            let fields = try TextProtoFields(latest, type: "Latest", known: ["num_versions"])
            let count = try fields.integer("num_versions") ?? 1
            guard (0...Int64(UInt32.max)).contains(count) else {
                throw TextProtoError(
                    line: fields.line("num_versions"), message: "Latest.num_versions is \(count); expected 0 to \(UInt32.max)")
            }
            // Source: file_system_storage_path_source.proto: 0 means 1.
            return .latest(max(1, Int(count)))
        }
        if let all = try policy.message("all") {
            _ = try TextProtoFields(all, type: "All", known: [])
            return .all
        }
        guard let specific = try policy.message("specific") else { return .latest(1) }
        let fields = try TextProtoFields(specific, type: "Specific", known: ["versions"])
        let versions = try fields.integers("versions")
        if let index = versions.firstIndex(where: { $0 < 0 }) {
            throw TextProtoError(
                line: fields.fields("versions")[index].line,
                message: "Specific.versions has \(versions[index]); expected versions of 0 or more")
        }
        return .specific(versions)
    }

    private static func labels(_ fields: TextProtoFields) throws(TextProtoError) -> [String: Int64] {
        var labels: [String: Int64] = [:]
        for field in fields.fields("version_labels") {
            guard case .message(let message) = field.value else {
                throw TextProtoError(line: field.line, message: "ModelConfig.version_labels: expected { key: \"…\" value: … }")
            }
            let entry = try TextProtoFields(message, type: "VersionLabelsEntry", known: ["key", "value"])
            let label = try entry.text("key") ?? "", version = try entry.integer("value") ?? 0
            guard ModelEntryDecoder.isModelName(label), version >= 0 else {
                throw TextProtoError(
                    line: field.line,
                    message: "ModelConfig.version_labels has \"\(label)\" for version \(version); expected a label without / and :, "
                        + "and a version of 0 or more")
            }
            labels[label] = version
        }
        return labels
    }
}
