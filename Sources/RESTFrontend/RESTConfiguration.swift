/// What the daemon decides about the REST front end.
package struct RESTConfiguration: Sendable {
    /// How long a prediction may take from the request's arrival; nil for as long as it takes.
    package var requestTimeout: Duration?
    package var dialect: TensorJSONDialect
    package var limits: TensorJSONLimits
    /// Adds the headers of section 4 of TensorFlow Serving's REST contract to every response.
    package var isCORSEnabled: Bool
    /// Whether a signature may only be called by the method that its model says it is made for.
    package var checksMethodNames: Bool
    /// Where the metrics are, exactly.
    package var metricsPath: String
    /// How numbers that JSON has no form for are written for clients that say nothing about it.
    package var nonfinite: NonfiniteForm
    /// Bytes that the members of an archive may inflate to together.
    package var inflatedByteLimit: Int
    /// Nil when requests are not recorded.
    package var requestLog: (any RequestLog)?
    /// Whether operators have a listener of their own: metrics, the registry and paths of files are shown there alone.
    package var hasAdminListener = false
    /// Folders that models lie in, which nobody else is shown; called when a text that may name one is sent.
    package var modelFolders: @Sendable () -> [String] = { [] }

    package init(
        requestTimeout: Duration? = .seconds(30), dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init(),
        isCORSEnabled: Bool = false, checksMethodNames: Bool = false, metricsPath: String = "/monitoring/prometheus/metrics",
        nonfinite: NonfiniteForm = .bare, inflatedByteLimit: Int = 64 << 20, requestLog: (any RequestLog)? = nil
    ) {
        self.requestTimeout = requestTimeout
        self.dialect = dialect
        self.limits = limits
        self.isCORSEnabled = isCORSEnabled
        self.checksMethodNames = checksMethodNames
        self.metricsPath = metricsPath
        self.nonfinite = nonfinite
        self.inflatedByteLimit = inflatedByteLimit
        self.requestLog = requestLog
    }
}
