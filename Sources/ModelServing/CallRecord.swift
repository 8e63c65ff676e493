package import ServableCore

/// What one request to a model asked for: filled on its way, read by metrics and logs with the outcome.
package struct CallRecord: Sendable {
    /// As the request named it or, when it named none, as it was resolved; empty when neither is known. Not filled, as version and
    /// signature are not, for the record that goes to a signature's own meter.
    package var model: String = ""
    /// Of what answered; nil when nothing was found.
    package var version: Int64?
    package var signature: String?
    package var api = API.other
    package var entrypoint: Entrypoint
    /// When the first byte of the request was there, in nanoseconds of the monotonic clock.
    package let arrival: Int64
    /// When the request was there, whole.
    package let start: Int64
    /// Examples in a call to classify or regress.
    package var exampleCount = 0

    /// Notes what answers.
    package mutating func note(_ id: ServableID, signature: String) {
        model = id.name
        version = id.version
        self.signature = signature
    }

    /// What was asked for, as metrics name it.
    package enum API: String, Sendable {
        case predict, classify, regress
        /// Anything else: a status, metadata.
        case other = ""
    }

    /// The protocol, as metrics name it.
    package enum Entrypoint: String, Sendable {
        case rest = "REST"
        case grpc = "GRPC"
    }

    /// - Parameter arrival: nil when it is not known apart from `start`.
    package init(entrypoint: Entrypoint, arrival: Int64? = nil, start: Int64) {
        self.entrypoint = entrypoint
        self.arrival = arrival ?? start
        self.start = start
    }
}

/// What became of one request to a model.
package struct CallOutcome: Sendable {
    package let status: StatusCode
    /// From the record's `start` to the response.
    package let nanoseconds: Int64
    /// Of the call that was run; nil when none was.
    package let times: CallTimes?

    package init(status: StatusCode, nanoseconds: Int64, times: CallTimes? = nil) {
        self.status = status
        self.nanoseconds = nanoseconds
        self.times = times
    }
}

/// Hears of every request to a model that has its response. Called on any thread; must not block.
package protocol CallObserver: AnyObject, Sendable {
    func finished(_ record: CallRecord, _ outcome: CallOutcome)
}

/// Hears of the runs and calls of one signature of one version. Called on any thread; must not block.
package protocol SignatureMeter: CallObserver {
    /// A call leaves its queue, or goes past it, to be run.
    ///
    /// - Parameters:
    ///   - rowCount: of its first input, and so of the others where rows share runs.
    ///   - nanoseconds: that it has waited.
    func took(rowCount: Int, inputCount: Int, waited nanoseconds: Int64)
    /// A batch has run.
    func ran(_ batch: BatchRun)
    /// A batch's outputs could not be taken apart by rows.
    func failedToSplit()
    /// The response to a call has been sent, so long after it was ready.
    func wrote(nanoseconds: Int64)
}

/// Makes the meters when versions are loaded, so that requests look nothing up.
package protocol InferenceObserver: Sendable {
    func meter(of id: ServableID, signature: String) -> any SignatureMeter
    /// A request of a version's warm-up records has been run.
    ///
    /// - Parameter error: why it failed; nil when it did not.
    func warmedUp(path: String, error: ServableError?, nanoseconds: Int64)
}
