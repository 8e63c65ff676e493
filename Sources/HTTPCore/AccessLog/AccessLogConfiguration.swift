/// Where, how, and how many of the requests are logged.
package struct AccessLogConfiguration: Sendable, Equatable {
    package enum Destination: Sendable, Equatable {
        case standardOutput
        case standardError
        /// Appended to, created with mode 0640 when it does not exist.
        case file(path: String)
    }

    package enum Format: String, Sendable, CaseIterable {
        /// The combined log format with named fields behind it.
        case text
        /// One object a line.
        case json
    }

    /// Which records are written. Responses of status 500 and above and refused requests always are.
    package enum Sampling: Sendable, Equatable {
        case all
        /// One of so many, counted on each loop; 1 or less means all.
        case oneOf(Int)

        var period: Int {
            switch self {
            case .all: 1
            case .oneOf(let period): max(1, period)
            }
        }
    }

    package var destination: Destination
    package var format: Format
    package var sampling: Sampling
    /// Whether records have the client's `User-Agent`.
    package var includesUserAgent: Bool
    /// Bytes that may wait for a slow destination; records beyond are dropped and counted.
    package var maxBufferedBytes: Int

    package init(
        destination: Destination, format: Format = .text, sampling: Sampling = .all, includesUserAgent: Bool = true,
        maxBufferedBytes: Int = 4 * 1024 * 1024
    ) {
        self.destination = destination
        self.format = format
        self.sampling = sampling
        self.includesUserAgent = includesUserAgent
        self.maxBufferedBytes = maxBufferedBytes
    }
}

extension AccessLogConfiguration.Destination: CustomStringConvertible {
    package var description: String {
        switch self {
        case .standardOutput: "standard output"
        case .standardError: "standard error"
        case .file(let path): path
        }
    }
}
