import GraphIR
import Inference
import ModelFormats
import ModelServing
import Operators
import Tensors

/// A model from a path, for the commands that work on one model without serving it.
struct ModelFile {
    let path: String
    let imported: ImportedModel
    /// What all engines of the model share.
    let state = ModelState(kernels: InstructionSet.chosen.kernels)

    /// - Parameters:
    ///   - path: of a model; a folder of numbered versions means its newest.
    ///   - tags: of the meta graph of a SavedModel that is meant.
    init(path given: String, tags: Set<String> = SavedModelImporter.servingTags) throws {
        let path = ModelLocation.resolved(given)
        self.path = path
        let found = try FormatDetector.importer(for: path, tags: tags)
        imported = try found.importer.load(path: found.modelPath)
    }

    /// - Parameter name: nil means `serving_default`.
    func signature(_ name: String?) throws -> Signature {
        let wanted = name ?? Signature.defaultName
        guard let signature = imported.signature(wanted) else {
            let known = imported.signatures.map(\.name).joined(separator: ", ")
            throw CommandFailure(.usage, "model \"\(path)\" has no signature \"\(wanted)\"; it has \(known)")
        }
        return signature
    }

    /// The signature to show of the model: the default one, or the first of a model without.
    func shownSignature() throws -> Signature {
        if imported.signature(Signature.defaultName) == nil, let first = imported.signatures.first { return first }
        return try signature(nil)
    }

    func engine(_ signature: Signature, isOptimized: Bool) throws -> Engine {
        LinearAlgebra.configure()
        let source = try imported.graph(for: signature)
        return try located {
            try Engine(
                source, catalog: StandardOperators.catalog, passes: isOptimized ? StandardOperators.passes : [], state: state)
        }
    }

    /// Refuses a model that asks for more memory than any run may have, for one row and no matter what is sent.
    func checkFirstRow() throws {
        let signature = try shownSignature()
        let specs: [TensorSpec]
        do {
            specs = try SampleInputs(openExtent: Inspection.openExtent).specs(signature)
        } catch is CommandFailure {
            return  // The signature does not say how a row looks: only a request does.
        }
        let engine = try engine(signature, isOptimized: true)
        do throws(EngineError) {
            _ = try engine.plan(for: specs)
        } catch EngineError.tooLarge(let what, let byteCount, let limit) {
            throw CommandFailure(
                .badData,
                "model \"\(path)\": \(what) needs \(HumanText.bytes(byteCount)) for one row, over the limit of "
                    + "\(HumanText.bytes(limit)); correct the constant in the model that asks for it")
        } catch {
            return  // Extents that were made up for open axes may not suit the model.
        }
    }

    /// Runs what the model runs once, before anything else.
    func initialise() throws { try located { try ModelInitialisation.run(imported, state: state) } }

    /// What runs `inputs`, which may be more than the signature's: see `Signature.overridables`.
    func engine(_ signature: Signature, for inputs: [RuntimeValue], isOptimized: Bool) throws -> Engine {
        try engine(inputs.count > signature.inputs.count ? signature.overriding : signature, isOptimized: isOptimized)
    }

    func run(_ engine: Engine, _ inputs: [RuntimeValue], profile: StepProfile? = nil) throws -> [RuntimeValue] {
        try located { try engine.run(values: inputs, profile: profile) }
    }

    /// Puts the model's path before what the engine says of its nodes.
    func located<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as EngineError {
            throw CommandFailure(error.isUnsupported ? .unsupported : .badData, "model \"\(path)\": \(error)")
        }
    }
}
