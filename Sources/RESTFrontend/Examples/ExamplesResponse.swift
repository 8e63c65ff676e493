import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// Writes the results of examples: `{"results": […]}`.
final class ExamplesResponse: PredictReply {
    private let reply: RESTReply
    private let results: ExampleResults
    private let count: Int
    private let version: Int64
    private let nonfinite: NonfiniteForm
    private let writeMeter: WriteMeter?

    /// - Parameter count: of the examples.
    init(
        _ reply: RESTReply, _ results: ExampleResults, count: Int, version: Int64, nonfinite: NonfiniteForm, writeMeter: WriteMeter?
    ) {
        self.reply = reply
        self.writeMeter = writeMeter
        self.results = results
        self.count = count
        self.version = version
        self.nonfinite = nonfinite
    }

    func fail(_ error: ServableError) { reply.fail(error, version: version) }

    func succeed(_ outputs: CallOutputs) {
        do throws(ServableError) {
            switch results {
            case .classes(let classes, let scores): try sendClasses(classes, scores: scores, outputs)
            case .values: try sendValues(try numbers(outputs, 0, "outputs"), outputs.times)
            }
        } catch {
            fail(error)
        }
    }

    // MARK: Regression

    private func sendValues(_ values: (shape: Shape, elements: [Float]), _ times: CallTimes?) throws(ServableError) {
        let extents = values.shape.extents
        guard extents == [count] || extents == [count, 1] else {
            throw ServableError(
                .invalidArgument, "Expected output \"outputs\" of shape [\(count)] or [\(count),1], it is \(values.shape)")
        }
        try ResultsJSON.check(regressions: values.elements)
        send(times) { buffer in ResultsJSON.append(regressions: values.elements, nonfinite, to: &buffer) }
    }

    // MARK: Classification

    private func sendClasses(_ classes: Int?, scores: Int?, _ outputs: CallOutputs) throws(ServableError) {
        var labels: StringTensor?, numbers: (shape: Shape, elements: [Float])?
        if let classes { labels = try strings(outputs, classes, "classes") }
        if let scores { numbers = try self.numbers(outputs, scores, "scores") }
        let shapes = [labels?.shape, numbers?.shape].compactMap(\.self)
        guard let shape = shapes.first, shape.rank == 2, shape[0] == count, shapes.allSatisfy({ $0 == shape }) else {
            let found = shapes.map(\.description).joined(separator: " and ")
            throw ServableError(.invalidArgument, "Expected outputs of one shape [\(count), classes], found \(found)")
        }
        let results = ResultsJSON.Classes(
            labels: labels?.elements, scores: numbers?.elements, exampleCount: count, classCount: shape[1])
        try ResultsJSON.check(results)
        send(outputs.times) { buffer in ResultsJSON.append(results, nonfinite, to: &buffer) }
    }

    // MARK: Parts

    private func send(_ times: CallTimes?, _ content: (inout ByteBuffer) -> Void) {
        reply.sendJSON(times: times, writeMeter: writeMeter) { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(version))
        } content: { buffer in
            content(&buffer)
        }
    }

    private func numbers(_ outputs: CallOutputs, _ index: Int, _ name: String) throws(ServableError) -> (shape: Shape, elements: [Float]) {
        guard case .dense(let view) = outputs[index], view.elementType == .float32 else {
            throw ServableError(.invalidArgument, "Expected output \"\(name)\" of type float, it is \(outputs[index].kind)")
        }
        return (view.shape, view.values(Float.self))
    }

    private func strings(_ outputs: CallOutputs, _ index: Int, _ name: String) throws(ServableError) -> StringTensor {
        guard case .object(.strings(let tensor)) = outputs[index] else {
            throw ServableError(.invalidArgument, "Expected output \"\(name)\" of type string, it is \(outputs[index].kind)")
        }
        return tensor
    }
}
