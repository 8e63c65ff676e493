/// What the command line says about the configuration, before it is judged.
package struct ConfigurationArguments: Sendable, Equatable {
    /// The file given with `--config`.
    package var configPath: String?
    /// Values of TensorFlow Serving's flags by their name with underscores, such as `rest_api_port`.
    package var flags: [String: String] = [:]
    /// Values given with `--set KEY=VALUE`, in their order.
    package var assignments: [String] = []

    package init(configPath: String? = nil) {
        self.configPath = configPath
    }
}
