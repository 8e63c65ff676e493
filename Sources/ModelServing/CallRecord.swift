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
    /// When the request was there, whole, in nanoseconds of the monotonic clock.
    package let start: Int64

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

    package init(entrypoint: Entrypoint, start: Int64) {
        self.entrypoint = entrypoint
        self.start = start
    }
}

/// What became of one request to a model.
package struct CallOutcome: Sendable {
    package let status: StatusCode
    /// From the record's `start` to the response.
    package let nanoseconds: Int64

    package init(status: StatusCode, nanoseconds: Int64) {
        self.status = status
        self.nanoseconds = nanoseconds
    }
}

/// Hears of every request to a model that has its response. Called on any thread; must not block.
package protocol CallObserver: AnyObject, Sendable {
    func finished(_ record: CallRecord, _ outcome: CallOutcome)
}

/// Hears of the runs and calls of one signature of one version. Called on any thread; must not block.
package protocol SignatureMeter: CallObserver {
    /// A batch has run.
    func ran(rowCount: Int, nanoseconds: Int64)
    /// A batch's outputs could not be taken apart by rows.
    func failedToSplit()
}

/// Makes the meters when versions are loaded, so that requests look nothing up.
package protocol InferenceObserver: Sendable {
    func meter(of id: ServableID, signature: String) -> any SignatureMeter
}
