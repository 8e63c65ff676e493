import GraphIR
import ProtobufWire
import Tensors

/// Reads ONNX models: `onnx.proto3`, every IR version.
package struct ONNXImporter: ModelImporter {
    package static let formatName = "onnx"

    package init() {}

    package func load(path: String, limits: ImportLimits) throws(ImportError) -> ImportedModel {
        let session = try ImportSession(path: path, limits: limits)
        // A subgraph takes three levels of messages (node, attribute, graph); types and tensors take a few more.
        let model = try session.read(depth: limits.subgraphDepth * 3 + 64) { reader throws(WireError) in
            try ONNX.Model(from: &reader)
        }
        guard let graph = model.graph else {
            throw session.malformed("the file", "holds no graph; it is empty, cut off or not an ONNX model")
        }
        let opsets = OpsetTable(model.opsetImports)
        let library = try FunctionLibrary(model.functions, session: session)
        let builder = GraphBuilder(session: session, library: library)
        let source = try builder.mainGraph(graph, opsets: opsets)
        let functions = try library.functions(builtBy: builder, opsets: opsets)
        session.memory.releaseUnused()
        // Before version 4 of the IR every initializer is listed as an input, and is none.
        let overridables = model.irVersion < 4 ? [] : try builder.overridables(graph, of: source)
        return ImportedModel(
            format: Self.formatName, program: SourceProgram(graph: source, functions: functions, context: session.context),
            signatures: [try signature(of: source, overridables, session)],
            metadata: metadata(of: model, opsets),
            files: [ModelFile(name: fileName(path), session.file)] + session.externalFiles.modelFiles)
    }

    private func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// An ONNX model has one way to be called: all inputs without initialisers, all outputs, in file order.
    private func signature(
        of graph: SourceGraph, _ overridables: [Signature.Parameter], _ session: ImportSession
    ) throws(ImportError) -> Signature {
        Signature(
            name: Signature.defaultName, inputs: try parameters(graph.inputs, "input", session),
            outputs: try parameters(graph.outputs, "output", session), overridables: overridables)
    }

    private func parameters(
        _ values: [SourceValue], _ role: String, _ session: ImportSession
    ) throws(ImportError) -> [Signature.Parameter] {
        var names: Set<String> = []
        var result: [Signature.Parameter] = []
        for value in values {
            let place = "graph \(role) \"\(value.name)\""
            guard names.insert(value.name).inserted else { throw session.malformed(place, "is there twice; names are unique") }
            guard let type = value.type else {
                throw session.malformed(
                    place, "declares no element type; run ONNX shape inference on the model or export it again")
            }
            result.append(Signature.Parameter(name: value.name, valueName: value.name, type: type))
        }
        return result
    }

    private func metadata(of model: ONNX.Model, _ opsets: OpsetTable) -> [String: String] {
        var metadata = model.properties.reduce(into: [String: String]()) { $0[$1.key] = $1.value }
        metadata["ir_version"] = String(model.irVersion)
        metadata["opset_import"] = opsets.description
        let texts = ["producer_name": model.producerName, "producer_version": model.producerVersion, "domain": model.domain]
        for (key, text) in texts where !text.isEmpty { metadata[key] = text }
        if model.modelVersion != 0 { metadata["model_version"] = String(model.modelVersion) }
        return metadata
    }
}
