import CPlatform
import GraphIR
import Inference
import ModelFormats
import ServableCore
import Tensors

/// Makes the calls that a version brings along to be warmed up with. One that fails keeps the version from being served, as in
/// TensorFlow Serving: it shows that clients' requests would fail.
struct RecordedWarmUp {
    let id: ServableID
    /// The version's folder.
    let path: String
    let signatures: [(signature: Signature, engine: Engine)]
    /// How often each record is run.
    let iterationCount: Int
    let observer: (any InferenceObserver)?

    private static let recordLimit = 1_000

    /// Does nothing for a version without records.
    func run() throws {
        do {
            guard let records = try WarmUpRecords(of: path) else { return }
            let workspace = Workspace(ledger: nil)
            var count = 0
            while let calls = try records.next() {
                try Task.checkCancellation()
                count += 1
                guard count <= Self.recordLimit else {
                    throw ServableError(
                        .invalidArgument, "Number of warmup records exceeds the maximum (\(Self.recordLimit)) at \(records.path)")
                }
                for call in calls { try run(call, number: count, workspace) }
            }
        } catch let error as ImportError {
            throw ServableError(error.statusCode, error.description)
        }
    }

    private func run(_ call: WarmUpCall, number: Int, _ workspace: Workspace) throws(ServableError) {
        let start = apus_monotonic_nanoseconds()
        var failure: ServableError?
        do {
            for _ in 0..<iterationCount { try runOnce(call, workspace) }
        } catch {
            let known = ServableError(run: error)
            failure = ServableError(known.code, "warm-up record \(number) of \(id) fails: \(known.message)")
        }
        observer?.warmedUp(path: path, error: failure, nanoseconds: apus_monotonic_nanoseconds() - start)
        if let failure { throw failure }
    }

    private func runOnce(_ call: WarmUpCall, _ workspace: Workspace) throws {
        let name = call.signatureName.isEmpty ? Signature.defaultName : call.signatureName
        guard let (signature, engine) = signatures.first(where: { $0.signature.name == name }) else {
            throw ServableError(.invalidArgument, "Serving signature name: \"\(name)\" not found in signature def")
        }
        let values = try inputs(call.inputs, of: signature)
        try SignatureCheck.check(CallInputs(values), against: signature)
        let runtimeValues = values.map(RuntimeValue.init)
        try withExtendedLifetime(runtimeValues) {
            try engine.run(runtimeValues.map(ValueView.init), in: workspace) { _ in }
        }
    }

    /// In the order of the signature's.
    private func inputs(_ given: WarmUpCall.Inputs, of signature: Signature) throws(ServableError) -> [TensorValue] {
        switch given {
        case .examples(let examples):
            guard signature.inputs.count == 1 else { throw ServableError(.invalidArgument, "Expected one input Tensor.") }
            return [.strings(StringTensor(shape: Shape([examples.count]), elements: examples))]
        case .tensors(let tensors):
            if let unknown = tensors.keys.sorted().first(where: { signature.inputIndex($0) == nil }) {
                throw ServableError(.invalidArgument, "signature \"\(signature.name)\" has no input \"\(unknown)\"")
            }
            var values: [TensorValue] = []
            for input in signature.inputs {
                guard let value = tensors[input.name] ?? input.fallback else {
                    throw ServableError(.invalidArgument, "the input \"\(input.name)\" of signature \"\(signature.name)\" is missing")
                }
                values.append(value)
            }
            return values
        }
    }
}
