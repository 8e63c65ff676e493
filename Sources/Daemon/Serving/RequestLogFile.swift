import Logging
import RESTFrontend
import ServableCore
import Synchronization
import Telemetry

/// The request log of the configuration: every so-manieth request goes to a file that is rotated by size.
final class RequestLogFile: RequestLog {
    let format: RequestLogFormat
    let recordByteLimit: Int
    private let sample: Int
    private let file: RecordFile
    private let requestCount = Atomic(0)
    private let metrics: ServingMetrics

    init(_ configuration: RequestLogConfiguration, _ metrics: ServingMetrics, logger: Logger) throws(RecordFile.Failure) {
        format = configuration.format
        recordByteLimit = configuration.recordByteLimit
        sample = configuration.sample
        self.metrics = metrics
        let written = metrics.requestLogRecords.cell("written"), dropped = metrics.requestLogRecords.cell("dropped")
        file = try RecordFile(path: configuration.path, limits: configuration.limits) { outcome in
            (outcome == .written ? written : dropped).increment()
        } report: { failure in
            guard let failure else { return logger.notice("the request log is written again") }
            logger.error("the request log \(failure); serving goes on and its records are dropped")
        }
    }

    var samplingRate: Double { 1 / Double(sample) }

    func wantsNext() -> Bool {
        sample == 1 || requestCount.wrappingAdd(1, ordering: .relaxed).oldValue % sample == 0
    }

    func append(_ record: [UInt8], of model: String) {
        metrics.requestLogCount.cell(model, StatusCode.ok.name).increment()
        file.append(record)
    }

    func skip(_ reason: RequestLogSkip, of model: String) {
        metrics.requestLogRecords.cell(reason.rawValue).increment()
        let code: StatusCode = reason == .tooLarge ? .resourceExhausted : .unimplemented
        metrics.requestLogCount.cell(model, code.name).increment()
    }

    /// Returns when what was recorded before is in the file.
    func flush() { file.flush() }
}
