import GraphIR
import Inference
import ModelFormats
import ModelServing
import Tensors

/// What `apus inspect` says of a model without a stage.
struct ModelSummary: Encodable {
    struct Value: Encodable {
        let name: String
        let type: String
    }

    struct SignatureSummary: Encodable {
        let name: String
        /// What TensorFlow calls the kind of signature: `tensorflow/serving/predict`.
        let method: String
        let inputs: [Value]
        let outputs: [Value]
        /// Constants that a request may replace.
        let overridables: [Value]
        /// Whether rows of different requests share runs, and if not, why.
        let batching: String
        /// A command line that calls it.
        let call: String
    }

    struct PlanSummary: Encodable {
        let inputs: [String]
        let steps: Int
        let arenaByteCount: Int

        init?(_ plan: Plan?) {
            guard let plan else { return nil }
            inputs = plan.inputs.map(\.description)
            steps = plan.notes.count
            arenaByteCount = plan.arenaByteCount
        }
    }

    let path: String
    let format: String
    let byteCount: Int
    let sha256: String
    let metadata: [String: String]
    let signatures: [SignatureSummary]
    /// Nodes in the file and after optimisation.
    let nodes: Int
    let optimizedNodes: Int
    /// How often each operator occurs in the file.
    let operators: [String: Int]
    let constantByteCount: Int
    /// Memory that the engine holds beside the file's contents.
    let ownByteCount: Int
    /// For one row; nil with the reason where the signature alone does not say how it looks.
    let plan: PlanSummary?
    let planProblem: String?

    init(_ file: ModelFile) throws {
        let imported = file.imported
        let signature = try file.shownSignature()
        let source = GraphDescription(try imported.graph(for: signature))
        let engine = try file.engine(signature, isOptimized: true)
        path = file.path
        format = imported.format
        byteCount = imported.byteCount
        sha256 = try imported.digest()
        metadata = imported.metadata
        signatures = try imported.signatures.map { try Self.summary($0, file) }
        nodes = source.nodes.count
        optimizedNodes = engine.graph.nodes.count
        operators = Dictionary(source.nodes.map { ($0.operator, 1) }, uniquingKeysWith: +)
        constantByteCount = source.constantByteCount
        do {
            let specs = try SampleInputs(openExtent: Inspection.openExtent).specs(signature)
            plan = PlanSummary(try engine.plan(for: specs))
            planProblem = plan == nil ? "steps depend on contents; see --stage plan" : nil
        } catch {
            plan = nil
            planProblem = (error as? CommandFailure)?.message ?? "\(error)"
        }
        ownByteCount = engine.state.heldByteCount
    }

    private static func summary(_ signature: Signature, _ file: ModelFile) throws -> SignatureSummary {
        let values = { (parameters: [Signature.Parameter]) in
            parameters.map { Value(name: $0.name, type: $0.type.description) }
        }
        let engine = try file.engine(signature, isOptimized: true)
        return SignatureSummary(
            name: signature.name, method: signature.methodName, inputs: values(signature.inputs), outputs: values(signature.outputs),
            overridables: values(signature.overridables),
            batching: BatchSharing(derivedFor: signature, engine).description, call: CallExample(signature, path: file.path).line)
    }

    var text: String {
        var lines = [path, "format      \(format), \(HumanText.bytes(byteCount)), sha256 \(sha256)"]
        lines += metadata.sorted { $0.key < $1.key }.map { "metadata    \($0): \($1)" }
        for signature in signatures {
            lines.append("signature   \(signature.name)")
            lines += signature.inputs.map { "  input     \($0.name): \($0.type)" }
            lines += signature.overridables.map { "  default   \($0.name): \($0.type) (a request may give another value)" }
            lines += signature.outputs.map { "  output    \($0.name): \($0.type)" }
            lines.append("  method    \(signature.method)")
            lines.append("  batching  \(signature.batching)")
            lines.append("  call      \(signature.call)")
        }
        lines.append("graph       \(nodes) nodes, \(optimizedNodes) after optimisation")
        let counts = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0) ×\($1)" }
        lines.append("operators   \(counts.joined(separator: ", "))")
        lines.append("constants   \(HumanText.bytes(constantByteCount)) in the file, \(HumanText.bytes(ownByteCount)) prepared in memory")
        if let plan {
            lines.append(
                "plan        \(HumanText.plural(plan.steps, "step")), arena \(HumanText.bytes(plan.arenaByteCount)) for "
                    + plan.inputs.joined(separator: ", "))
        } else if let planProblem {
            lines.append("plan        none: \(planProblem)")
        }
        return lines.joined(separator: "\n")
    }
}
