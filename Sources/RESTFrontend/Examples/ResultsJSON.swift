package import HTTPCore
package import ModelServing
package import ServableCore
import Tensors

/// Writes the results of examples as section 6 of TensorFlow Serving's REST contract has them: `{"results": […]}`.
package enum ResultsJSON {
    package typealias Classes = ExampleClasses

    package static func check(_ classes: Classes) throws(ServableError) {
        guard classes.exampleCount > 0 else { throw empty("ClassificationResults") }
    }

    package static func check(regressions values: [Float]) throws(ServableError) {
        guard !values.isEmpty else { throw empty("RegressionResults") }
    }

    private static func empty(_ what: String) -> ServableError {
        ServableError(.invalidArgument, "Cannot convert empty \(what) to JSON")
    }

    package static func append(_ classes: Classes, _ nonfinite: NonfiniteForm = .bare, to buffer: inout ByteBuffer) {
        buffer.append(start)
        buffer.appendJSON(list: 0..<classes.exampleCount) { example, buffer in
            let places = example * classes.classCount..<(example + 1) * classes.classCount
            buffer.appendJSON(list: places) { place, buffer in
                buffer.append("[")
                buffer.appendJSON(string: classes.labels?[place] ?? [])
                buffer.append(",")
                append(classes.scores?[place] ?? 0, nonfinite, to: &buffer)
                buffer.append("]")
            }
        }
        buffer.append(end)
    }

    package static func append(regressions values: [Float], _ nonfinite: NonfiniteForm = .bare, to buffer: inout ByteBuffer) {
        buffer.append(start)
        buffer.appendJSON(list: values) { value, buffer in append(value, nonfinite, to: &buffer) }
        buffer.append(end)
    }

    // Named with their type, as a literal argument would be a String first.
    private static let start: StaticString = "{\"results\":"
    private static let end: StaticString = "}\n"

    /// A float as `:predict` writes it.
    private static func append(_ value: Float, _ nonfinite: NonfiniteForm, to buffer: inout ByteBuffer) {
        unsafe withUnsafeBytes(of: value) { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe DenseWriter.append(TensorView(TensorSpec(.float32, .scalar), base), row: nil, nonfinite, to: &buffer)
        }
    }
}
