import ModelFormats
import Tensors

/// Runs cases on an engine and says what is wrong.
struct ConformanceRunner {
    /// Runs a model once: inputs and outputs in the order of its signature.
    typealias Engine = (ImportedModel) throws -> ([Tensor]) throws -> [Tensor]

    let makeEngine: Engine

    /// - Returns: the first thing that is wrong with the case, nil when all its runs pass.
    func failure(of entry: ConformanceCase) -> String? {
        guard !entry.runs.isEmpty else { return "has no reference run" }
        do {
            let run = try makeEngine(entry.model)
            for reference in entry.runs {
                let outputs = try run(reference.inputs)
                if let difference = difference(outputs, reference.outputs, entry) { return "\(reference.name): \(difference)" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func difference(_ got: [Tensor], _ want: [Tensor], _ entry: ConformanceCase) -> String? {
        guard got.count == want.count, !want.isEmpty else { return "\(got.count) outputs, expected \(want.count)" }
        for (index, (value, expected)) in zip(got, want).enumerated() {
            if let text = TensorComparison.difference(value, expected, entry.tolerance) { return "output \(index) \(text)" }
        }
        return nil
    }
}
