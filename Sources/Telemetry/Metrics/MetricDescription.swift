/// What a metric is called and what it means; the same facts for all of its label sets.
package struct MetricDescription: Sendable {
    /// Whose conventions the exported text follows.
    package enum Dialect: Sendable {
        /// Names as paths, no help line, numbers with six significant digits: what TensorFlow Serving prints.
        case tensorFlowServing
        /// Prometheus' own conventions: a help line, numbers in full.
        case prometheus
    }

    package let name: String
    package let help: String
    package let labelNames: [String]
    package let dialect: Dialect

    /// - Parameter name: a path such as `/tensorflow/serving/request_count` or a Prometheus name.
    package init(_ name: String, labels labelNames: [String] = [], help: String, dialect: Dialect = .prometheus) {
        self.name = name
        self.help = help
        self.labelNames = labelNames
        self.dialect = dialect
    }
}
