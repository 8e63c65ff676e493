import Foundation
import GraphIR
import Inference
import ModelFormats
import ModelServing
import Operators
import Tensors
import Testing

/// Every TensorFlow operator against TensorFlow's own results, from the file to the outputs.
@Suite("TensorFlow operators")
struct TensorFlowConformanceTests {
    private static let cases: [TensorFlowCase] = {
        do { return try Fixtures.folders(in: Fixtures.root.appendingPathComponent("TensorFlow")).map(TensorFlowCase.init) } catch {
            fatalError("the cases cannot be read: \(error)")
        }
    }()

    @Test("compute what TensorFlow computes", arguments: [true, false])
    func conform(isOptimized: Bool) throws {
        #expect(Self.cases.count > 250)
        for entry in Self.cases {
            do {
                if let difference = try entry.difference(isOptimized: isOptimized) { Issue.record("\(entry.name): \(difference)") }
            } catch {
                Issue.record("\(entry.name): \(error)")
            }
        }
    }
}

/// A SavedModel with results of TensorFlow.
private struct TensorFlowCase {
    private struct Description: Decodable {
        struct Tolerance: Decodable {
            let rtol: Double
            let atol: Double
        }

        struct Golden: Decodable {
            let signature: String
            let inputs: [String]
            let outputs: [String]
        }

        let tolerance: Tolerance
        let goldens: [Golden]
    }

    let folder: URL
    private let description: Description

    var name: String { folder.lastPathComponent }

    init(_ folder: URL) throws {
        self.folder = folder
        description = try JSONDecoder().decode(Description.self, from: Data(contentsOf: folder.appendingPathComponent("case.json")))
    }

    /// - Returns: what differs first, nil when nothing does.
    func difference(isOptimized: Bool) throws -> String? {
        let found = try FormatDetector.importer(for: folder.appendingPathComponent("1").path)
        let model = try found.importer.load(path: found.modelPath)
        for (index, golden) in description.goldens.enumerated() {
            // What one golden changes is not what the next one begins with.
            let state = ModelState()
            try ModelInitialisation.run(model, state: state)
            guard let signature = model.signature(golden.signature) else { return "has no signature \(golden.signature)" }
            let engine = try Engine(
                model.graph(for: signature), catalog: StandardOperators.catalog, passes: isOptimized ? StandardOperators.passes : [],
                state: state)
            let tensors = try read(golden.inputs, "in", index)
            let inputs = try signature.inputs.map { parameter in
                guard let place = golden.inputs.firstIndex(of: parameter.name) else { throw CaseError("lacks \(parameter.name)") }
                return RuntimeValue(tensors[place])
            }
            let outputs = try engine.run(values: inputs)
            for (place, wanted) in try read(golden.outputs, "out", index).enumerated() {
                guard let output = signature.outputIndex(golden.outputs[place]), let got = outputs[output].tensorValue else {
                    return "has no output \(golden.outputs[place])"
                }
                if let text = difference(got, wanted) { return "golden \(index), \(golden.outputs[place]) \(text)" }
            }
        }
        return nil
    }

    private struct CaseError: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func read(_ names: [String], _ role: String, _ golden: Int) throws -> [TensorValue] {
        try names.indices.map { try TensorProtoFile.readValue(folder.path + "/golden_\(golden)/\(role)_\($0).pb") }
    }

    private func difference(_ got: TensorValue, _ wanted: TensorValue) -> String? {
        switch (got, wanted) {
        case (.dense(let got), .dense(let wanted)):
            return TensorComparison.difference(
                got, wanted, Tolerance(relative: description.tolerance.rtol, absolute: description.tolerance.atol))
        case (.strings(let got), .strings(let wanted)): return got == wanted ? nil : "differs in its strings"
        default: return "is \(got.spec), expected \(wanted.spec)"
        }
    }
}
