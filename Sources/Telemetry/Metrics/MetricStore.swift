import Synchronization

/// All metrics of the process, for whoever shows them.
package final class MetricStore: Sendable {
    enum Family: Sendable {
        case counter(MetricFamily<Counter>)
        case histogram(MetricFamily<Histogram>)
        case reading(MetricReading)

        var description: MetricDescription {
            switch self {
            case .counter(let family): family.description
            case .histogram(let family): family.description
            case .reading(let reading): reading.description
            }
        }
    }

    private let families = Mutex<[String: Family]>([:])
    /// Look-ups of label sets that found no room in their family.
    private let overflow = Counter()

    package init() {
        readCounter(
            MetricDescription(
                "apus_metrics_dropped_series_total",
                help: "Look-ups of label sets beyond the limit of a metric; such sets share one series whose labels are _other.")
        ) { [overflow] in [MetricReading.Sample([], Double(overflow.value))] }
    }

    package func counter(_ description: MetricDescription) -> MetricFamily<Counter> {
        let family = MetricFamily(description, overflow: overflow) { Counter() }
        add(.counter(family))
        return family
    }

    package func histogram(_ description: MetricDescription, _ buckets: HistogramBuckets) -> MetricFamily<Histogram> {
        let family = MetricFamily(description, overflow: overflow) { Histogram(buckets) }
        add(.histogram(family))
        return family
    }

    /// A gauge whose samples are asked for at each reading.
    package func readGauge(_ description: MetricDescription, _ samples: @escaping @Sendable () -> [MetricReading.Sample]) {
        add(.reading(MetricReading(.gauge, description, samples)))
    }

    /// A counter that is kept elsewhere.
    package func readCounter(_ description: MetricDescription, _ samples: @escaping @Sendable () -> [MetricReading.Sample]) {
        add(.reading(MetricReading(.counter, description, samples)))
    }

    /// Every family, in the order of names.
    func read() -> [Family] {
        families.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func add(_ family: Family) {
        let name = family.description.name
        let isNew = families.withLock { $0.updateValue(family, forKey: name) == nil }
        precondition(isNew, "the metric \(name) is declared twice")
    }
}
