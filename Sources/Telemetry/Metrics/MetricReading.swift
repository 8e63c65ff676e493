/// A metric that is not counted but asked for when somebody reads: its truth is elsewhere (queues, connections, the system).
package struct MetricReading: Sendable {
    package enum Kind: String, Sendable {
        /// A number that only grows.
        case counter
        case gauge
    }

    /// The value of one label set.
    package struct Sample: Sendable, Equatable {
        /// One for each of the description's label names, in their order.
        package let labels: [String]
        package let value: Double

        package init(_ labels: [String] = [], _ value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    let description: MetricDescription
    let kind: Kind
    private let read: @Sendable () -> [Sample]

    init(_ kind: Kind, _ description: MetricDescription, _ read: @escaping @Sendable () -> [Sample]) {
        self.kind = kind
        self.description = description
        self.read = read
    }

    /// In the order of their labels.
    var samples: [Sample] { read().sorted { $0.labels.lexicographicallyPrecedes($1.labels) } }
}
