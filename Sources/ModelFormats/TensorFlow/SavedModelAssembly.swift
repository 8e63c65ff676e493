import GraphIR
import ProtobufWire
import ServingMessages
import Tensors

/// Makes a model of one meta graph: its graph and functions, its signatures, its variables, what initialises it.
///
/// Confined to one import.
struct SavedModelAssembly {
    private let meta: TensorFlow.MetaGraph
    private let folder: ModelFolder
    private let session: ImportSession

    init(_ meta: TensorFlow.MetaGraph, folder: ModelFolder, session: ImportSession) {
        self.meta = meta
        self.folder = folder
        self.session = session
    }

    private static let initSignature = "__saved_model_init_op"
    /// Signatures that tools keep for themselves.
    private static let hiddenSignatures: Set<String> = [initSignature, "__saved_model_train_op"]

    func model() throws(ImportError) -> ImportedModel {
        var signatures = try signatures()
        let assets = try assets()
        let restore = meta.saver.map { TensorFlowName.node($0.restore) } ?? ""
        let initialiser = try initialiser()
        let outputs = signatures.flatMap { $0.outputs.map(\.valueName) }
        var program = try program(
            outputs: outputs, targets: [restore, initialiser].filter { !$0.isEmpty }, assets: assets)
        let bundle = try bundle()
        let fed = Dictionary(program.graph.inputs.map { ($0.name, $0.type) }) { first, _ in first }
        signatures = signatures.map { Self.correcting($0, placeholders: fed) }
        let plan = try InitialisationPlan(
            program, signatures: signatures, restore: bundle == nil || restore.isEmpty ? nil : restore,
            checkpointName: meta.saver.map { TensorFlowName.value($0.fileName) } ?? "",
            initialiser: initialiser.isEmpty ? nil : initialiser,
            bundle: bundle)
        session.memory.releaseUnused()
        program.variables = plan.variables
        return ImportedModel(
            format: SavedModelImporter.formatName, program: program, signatures: signatures,
            assets: assets.filter { $0.file != nil }.map(\.asset),
            metadata: metadata(),
            files: [ModelFile(name: SavedModelImporter.fileName, session.file)] + (bundle?.files ?? []) + assets.compactMap(\.file),
            contentByteCount: session.file.byteCount + plan.variableByteCount, initialisation: plan.graphs,
            initialisationValue: initialisationValue)
    }

    // MARK: Graph

    private func program(
        outputs: [String], targets: [String], assets: [Asset]
    ) throws(ImportError) -> SourceProgram {
        let proto = meta.graph ?? TensorFlow.Graph()
        let decoder = try GraphDefDecoder(proto, definitions: meta.information?.definitions ?? [], session: session)
        let reached = Reach.nodes(of: proto, from: outputs.map(TensorFlowName.node) + targets)
        var decoded = try decoder.decode(reached, outputs: outputs)
        // Whatever made an asset's path when the model was exported, here it is the file's place.
        let paths = Set(assets.map(\.asset.valueName))
        decoded.constants.removeAll { paths.contains($0.name) }
        decoded.placeholders.removeAll { paths.contains($0.name) }
        for index in decoded.nodes.indices {
            decoded.nodes[index].outputs = decoded.nodes[index].outputs.map { paths.contains($0) ? "" : $0 }
        }
        for asset in assets {
            decoded.constants.append(
                (asset.asset.valueName, .strings(StringTensor(shape: .scalar, elements: [Array(asset.asset.path.utf8)]))))
        }
        decoded.nodes = ReferenceVariables.rewrite(decoded.nodes, outputs: Set(outputs))
        let nodes = try decoder.ordered(decoded, inputs: decoded.placeholders, outputs: [], place: "the graph")
        let graph = SourceGraph(
            name: "saved_model", dialect: .tensorFlow, inputs: decoded.placeholders, initializers: decoded.constants,
            nodes: nodes)
        return SourceProgram(graph: graph, functions: try decoder.calledFunctions(), context: session.context)
    }

    private func bundle() throws(ImportError) -> TensorBundle? {
        let prefix = "variables/variables"
        guard folder.contains(prefix + ".index") else { return nil }
        return try TensorBundle(folder: folder, prefix: prefix, context: session.context)
    }

    // MARK: Signatures

    private func signatures() throws(ImportError) -> [Signature] {
        var result: [Signature] = []
        for entry in meta.signatures.sorted(by: { $0.key < $1.key }) where !Self.hiddenSignatures.contains(entry.key) {
            guard let proto = entry.value else { continue }
            let place = "signature \"\(entry.key)\""
            result.append(
                Signature(
                    name: entry.key, methodName: proto.method,
                    inputs: try parameters(proto.inputs, defaults: proto.defaults, "\(place), input"),
                    outputs: try parameters(proto.outputs, defaults: [], "\(place), output"), hasAdvisoryShapes: true))
        }
        return result
    }

    /// Old exporters write a placeholder's element type wrongly into a signature; the graph knows it.
    private static func correcting(_ signature: Signature, placeholders: [String: ValueType?]) -> Signature {
        let inputs = signature.inputs.map { input in
            guard let type = placeholders[input.valueName]??.tensor, let declared = input.tensor, type.elementType != declared.elementType
            else { return input }
            return Signature.Parameter(
                name: input.name, valueName: input.valueName, type: TensorType(type.elementType, declared.shape), fallback: nil)
        }
        return Signature(
            name: signature.name, methodName: signature.methodName, inputs: inputs, outputs: signature.outputs, hasAdvisoryShapes: true)
    }

    private func parameters(
        _ entries: [TensorFlow.MapEntry<TensorFlow.TensorInfo>], defaults: [TensorFlow.MapEntry<TensorFlow.Tensor>], _ place: String
    ) throws(ImportError) -> [Signature.Parameter] {
        var result: [Signature.Parameter] = []
        for entry in entries.flatMap(\.tensors).sorted(by: { $0.key < $1.key }) {
            let place = "\(place) \"\(entry.key)\""
            guard let info = entry.value, !info.name.isEmpty else { throw session.malformed(place, "names no tensor") }
            guard let type = TensorFlow.DataType(number: info.dataType)?.elementType else {
                throw session.unsupported(
                    place,
                    "is of type \(TensorFlow.DataType.name(of: info.dataType)); requests and responses hold numbers and strings alone")
            }
            var fallback: TensorValue?
            if let tensor = defaults.last(where: { $0.key == entry.key })?.value {
                fallback = try TensorProtoDecoder(session: session).value(tensor, place: "\(place), default")
            }
            result.append(
                Signature.Parameter(
                    name: entry.key, valueName: TensorFlowName.value(info.name),
                    type: TensorType(type, info.shape?.symbolic ?? (info.shape == nil ? SymbolicShape([]) : nil)), fallback: fallback))
        }
        return result
    }

    private var initialisationValue: String? {
        meta.signatures.last { $0.key == Self.initSignature }?.value?.outputs.last { $0.key == Self.initSignature }?.value?.name
    }

    /// The node that initialises the model; empty when there is none.
    private func initialiser() throws(ImportError) -> String {
        if let signature = meta.signatures.last(where: { $0.key == Self.initSignature })?.value {
            guard let info = signature.outputs.last(where: { $0.key == Self.initSignature })?.value, !info.name.isEmpty else {
                throw session.malformed("signature \"\(Self.initSignature)\"", "does not name the node to run")
            }
            return TensorFlowName.node(info.name)
        }
        for name in ["saved_model_main_op", "legacy_init_op"] {
            guard let collection = meta.collection(name) else { continue }
            guard let names = collection.names?.names, names.count == 1 else {
                throw session.malformed("collection \"\(name)\"", "has \(collection.names?.names.count ?? 0) nodes, expected exactly one")
            }
            return TensorFlowName.node(names[0])
        }
        return ""
    }

    private func metadata() -> [String: String] {
        var metadata = ["tags": (meta.information?.tags ?? []).sorted().joined(separator: ",")]
        if let version = meta.information?.version, !version.isEmpty { metadata["tensorflow_version"] = version }
        return metadata
    }

    // MARK: Assets

    private struct Asset {
        let asset: ModelAsset
        /// nil when it is missing.
        let file: ModelFile?
    }

    private func assets() throws(ImportError) -> [Asset] {
        var protos = meta.assets
        if protos.isEmpty {
            for range in meta.collection("saved_model_assets")?.messages?.values.compactMap(\.range) ?? [] {
                protos.append(
                    try session.read(range, place: "collection \"saved_model_assets\"") { reader throws(WireError) in
                        try TensorFlow.Asset(from: &reader)
                    })
            }
        }
        var result: [Asset] = []
        for proto in protos {
            guard let tensor = proto.tensor, !tensor.name.isEmpty else { continue }
            let place = "asset \"\(proto.fileName)\""
            let name = "assets/" + proto.fileName
            let path: String
            do throws(ModelFolder.Refusal) {
                // One that is missing counts when somebody reads it.
                let name = try folder.name(of: name)
                guard folder.contains(name) else {
                    result.append(
                        Asset(asset: ModelAsset(valueName: TensorFlowName.value(tensor.name), path: folder.path + name), file: nil))
                    continue
                }
                path = try folder.resolve(name)
            } catch {
                throw session.malformed(place, error.reason)
            }
            let source: FileSource
            do throws(FileError) { source = try FileSource(path: path) } catch {
                throw .unreadable(path: path, reason: error.description)
            }
            result.append(
                Asset(
                    asset: ModelAsset(valueName: TensorFlowName.value(tensor.name), path: path), file: ModelFile(name: name, source)))
        }
        return result
    }
}

/// Names of nodes and values as SavedModels write them.
enum TensorFlowName {
    /// `node:0` for `node`.
    static func value(_ name: String) -> String { name.contains(":") ? name : name + ":0" }

    /// `node` for `node:0` and `^node`.
    static func node(_ name: String) -> String {
        let bare = name.hasPrefix("^") ? name.dropFirst() : name[...]
        return bare.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    }
}

/// Which nodes of a graph others depend on.
private enum Reach {
    /// The nodes that `roots` depend on, with them, in the file's order.
    static func nodes(of graph: TensorFlow.Graph, from roots: [String]) -> [TensorFlow.Node] {
        let positions = Dictionary(graph.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var reached: Set<Int> = []
        var waiting = roots.compactMap { positions[$0] }
        while let position = waiting.popLast() {
            guard reached.insert(position).inserted else { continue }
            waiting += graph.nodes[position].inputs.compactMap { positions[TensorFlowName.node($0)] }
        }
        return reached.sorted().map { graph.nodes[$0] }
    }
}
