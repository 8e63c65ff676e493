import Synchronization

/// All metrics of the process, for whoever shows them.
package final class MetricStore: Sendable {
    enum Family: Sendable {
        case counter(MetricFamily<Counter>)
        case gauge(MetricFamily<Gauge>)
        case histogram(MetricFamily<Histogram>)

        var description: MetricDescription {
            switch self {
            case .counter(let family): family.description
            case .gauge(let family): family.description
            case .histogram(let family): family.description
            }
        }
    }

    private struct State {
        var families: [String: Family] = [:]
        var updates: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func counter(_ description: MetricDescription) -> MetricFamily<Counter> {
        let family = MetricFamily(description) { Counter() }
        add(.counter(family))
        return family
    }

    package func gauge(_ description: MetricDescription) -> MetricFamily<Gauge> {
        let family = MetricFamily(description) { Gauge() }
        add(.gauge(family))
        return family
    }

    package func histogram(_ description: MetricDescription, _ buckets: HistogramBuckets) -> MetricFamily<Histogram> {
        let family = MetricFamily(description) { Histogram(buckets) }
        add(.histogram(family))
        return family
    }

    /// Runs `update` before each reading, to set gauges whose truth is elsewhere (queue depth, open connections).
    package func beforeReading(_ update: @escaping @Sendable () -> Void) {
        state.withLock { $0.updates.append(update) }
    }

    /// Every family, in the order of names, after the updates ran.
    func read() -> [Family] {
        for update in state.withLock({ $0.updates }) { update() }
        return state.withLock { $0.families }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func add(_ family: Family) {
        let name = family.description.name
        let isNew = state.withLock { $0.families.updateValue(family, forKey: name) == nil }
        precondition(isNew, "the metric \(name) is declared twice")
    }
}
