import Dispatch
import Glibc
import GraphIR
import Inference
import ModelFormats
import ModelServing
import Operators
import Tensors

/// Any bytes as an ONNX model: imported, lowered, planned for small inputs and run, with passes and without. A model may be refused
/// at every step; what is not refused must be sound and compute the same twice.
enum ModelFuzzing {
    static let importLimits = {
        var limits = ImportLimits()
        limits.nodeCount = 500
        limits.initializerCount = 500
        limits.subgraphDepth = 4
        limits.functionDepth = 4
        limits.tensorByteCount = 1 << 20
        limits.copiedByteCount = 1 << 21
        limits.denseByteCount = 1 << 20
        return limits
    }()

    private static let engineLimits = {
        var limits = EngineLimits()
        limits.maximumArenaBytes = 1 << 24
        limits.maximumDynamicBytes = 1 << 24
        limits.maximumFoldedBytes = 1 << 20
        return limits
    }()

    /// Long enough for any model of this size that does not loop on purpose.
    private static let runMilliseconds = 500

    static func violation(_ input: [UInt8]) -> String? {
        guard let file = AnonymousFile(input) else { return "no temporary file can be made" }
        do throws(ImportError) {
            let model = try ONNXImporter().load(path: file.path, limits: importLimits)
            guard let signature = model.signature(Signature.defaultName) else { return "a model without a signature was imported" }
            return try violation(of: model, signature)
        } catch {
            return nil
        }
    }

    /// What is wrong with one signature of a model that was imported.
    static func violation(of model: ImportedModel, _ signature: Signature) throws(ImportError) -> String? {
        let graph = try model.graph(for: signature)
        return unsoundness(of: graph) ?? runViolation(of: graph, signature, model)
    }

    // MARK: Import

    /// What a graph that was imported must not have; lowering relies on it.
    private static func unsoundness(of graph: SourceGraph, around outer: Set<String> = []) -> String? {
        var made = outer.union(graph.inputs.map(\.name)).union(graph.initializers.map(\.name))
        for node in graph.nodes {
            if let name = node.inputs.first(where: { !$0.isEmpty && !made.contains($0) }) {
                return "node \"\(node.name)\" reads \"\(name)\", which nothing before it makes"
            }
            for case .graph(let inner) in node.attributes.values {
                if let found = unsoundness(of: inner, around: made) { return found }
            }
            made.formUnion(node.outputs)
        }
        return graph.outputs.first { !made.contains($0.name) }.map { "nothing makes the output \"\($0.name)\"" }
    }

    // MARK: Run

    private static func runViolation(of graph: SourceGraph, _ signature: Signature, _ model: ImportedModel) -> String? {
        guard let inputs = sampleInputs(signature) else { return nil }
        let plain = results(of: graph, inputs, model, passes: [])
        let optimized = results(of: graph, inputs, model, passes: StandardOperators.passes)
        for results in [plain, optimized] {
            guard let results, results.isDeterministic else { continue }
            guard areEqual(results.first, results.second) else { return "two runs differ: \(results.first), \(results.second)" }
        }
        guard let plain, let optimized, plain.isStatic, optimized.isStatic else { return nil }
        let kinds = [plain, optimized].map { $0.first.map(\.kind) }
        return kinds[0] == kinds[1] ? nil : "without passes \(kinds[0]), with passes \(kinds[1])"
    }

    private struct Results {
        let first: [RuntimeValue]
        let second: [RuntimeValue]
        let isStatic: Bool
        let isDeterministic: Bool
    }

    /// nil when the engine refuses the graph or the run.
    private static func results(
        of graph: SourceGraph, _ inputs: [RuntimeValue], _ model: ImportedModel, passes: [any GraphPass]
    ) -> Results? {
        do {
            let state = ModelState(limits: engineLimits)
            try withDeadline { _ in try ModelInitialisation.run(model, state: state) }
            let engine = try Engine(graph, catalog: StandardOperators.catalog, passes: passes, state: state)
            let runs = try [1, 2].map { _ in try withDeadline { try engine.run(values: inputs, token: $0) } }
            return Results(
                first: runs[0], second: runs[1], isStatic: engine.isStatic,
                isDeterministic: engine.graph.nodes.allSatisfy(\.effects.isDeterministic))
        } catch {
            return nil
        }
    }

    private static func withDeadline<Result>(_ body: (RunToken) throws -> Result) rethrows -> Result {
        let token = RunToken()
        let stop = DispatchWorkItem { token.stop(.deadline) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(runMilliseconds), execute: stop)
        defer { stop.cancel() }
        return try body(token)
    }

    private static func areEqual(_ left: [RuntimeValue], _ right: [RuntimeValue]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy(areEqual)
    }

    private static func areEqual(_ left: RuntimeValue, _ right: RuntimeValue) -> Bool {
        switch (left, right) {
        case (.tensor(let left), .tensor(let right)):
            left.spec == right.spec && left.withBytes { left in right.withBytes { left.elementsEqual($0) } }
        case (.strings(let left), .strings(let right)): left == right
        default: left.kind == right.kind
        }
    }

    // MARK: Inputs

    /// Open extents are two; nil when the declared shapes are too large to try.
    private static func sampleInputs(_ signature: Signature) -> [RuntimeValue]? {
        var inputs: [RuntimeValue] = []
        for parameter in signature.inputs {
            guard let value = sample(parameter.type) else { return nil }
            inputs.append(value)
        }
        return inputs
    }

    private static func sample(_ type: ValueType) -> RuntimeValue? {
        switch type {
        case .tensor(let type):
            guard let shape = Shape(checking: type.shape?.dimensions.map { $0.value ?? 2 } ?? [2]), shape.elementCount <= 4096 else {
                return nil
            }
            return sample(type.elementType, shape)
        case .sequence(let element): return sample(element).map { .sequence([$0, $0]) }
        case .optional(let content): return sample(content).map { .optional($0) }
        case .map(.string, let content): return sample(content).map { .map(.strings([(Array("a".utf8), $0)])) }
        case .map(_, let content): return sample(content).map { .map(.integers([(key: Int64(1), value: $0)])) }
        case .list, .resource: return nil
        }
    }

    private static func sample(_ type: ElementType, _ shape: Shape) -> RuntimeValue? {
        if type == .string {
            let words: [[UInt8]] = [Array("a".utf8), [], Array("bc".utf8)]
            return .strings(StringTensor(shape: shape, elements: (0..<shape.elementCount).map { words[$0 % 3] }))
        }
        let zero = [UInt8](repeating: 0, count: type.byteCount)
        let contents = (0..<shape.elementCount).flatMap { $0 % 2 == 0 ? zero : one(type) }
        do {
            return .tensor(try Tensor(TensorSpec(type, shape)) { $0.copyBytes(from: contents) })
        } catch {
            return nil
        }
    }

    /// The bytes of 1, little-endian.
    private static func one(_ type: ElementType) -> [UInt8] {
        switch type {
        case .float32: [0, 0, 0x80, 0x3F]
        case .float64: [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
        case .float16: [0, 0x3C]
        case .bfloat16: [0x80, 0x3F]
        default: [1] + [UInt8](repeating: 0, count: max(0, type.byteCount - 1))
        }
    }
}

/// A file without a name that holds some bytes, removed with the object.
private final class AnonymousFile {
    private let descriptor: Int32

    /// The path under which it can be opened again.
    var path: String { "/proc/self/fd/\(descriptor)" }

    init?(_ bytes: [UInt8]) {
        var name = Array("/tmp/apus-fuzz-XXXXXX\0".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return nil }
        unlink(name)
        self.descriptor = descriptor
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else { return nil }
    }

    deinit { close(descriptor) }
}
