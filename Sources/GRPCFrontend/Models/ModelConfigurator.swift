package import ServableCore

/// Replaces what the daemon serves.
package protocol ModelConfigurator: Sendable {
    /// Serves these models and no others from now on, and returns when each of them has an available version and none is loading.
    ///
    /// - Parameters:
    ///   - text: a `ModelServerConfig` in protobuf's text format, as `--model_config_file` names one.
    ///   - timeout: how long to wait; nil: as long as it takes. Models go on being loaded when it is over.
    /// - Throws: `invalidArgument` for a configuration that is wrong, and nothing has changed then; the reason of a load that failed.
    func replaceModels(with text: String, timeout: Duration?) async throws(ServableError)
}
