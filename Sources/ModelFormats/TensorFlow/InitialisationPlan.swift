import GraphIR
import Tensors

/// What must happen before a SavedModel's signatures can run: which variables are constants of the checkpoint, and which graphs
/// give the others, and tables, their first contents.
struct InitialisationPlan {
    let variables: SavedModelVariables
    /// Bytes of the constant variables that signatures read.
    let variableByteCount: Int
    /// To run once, in order.
    let graphs: [SourceGraph]

    /// - Parameters:
    ///   - restore: the node that restores a checkpoint, which is read from the file that the value `checkpointName` holds.
    ///   - initialiser: the node that initialises.
    init(
        _ program: SourceProgram, signatures: [Signature], restore: String?, checkpointName: String, initialiser: String?,
        bundle: TensorBundle?
    ) throws(ImportError) {
        var written: Set<String> = []
        var used: Set<String> = []
        for signature in signatures {
            let graph = try program.unboundGraph(
                inputs: signature.sourceInputs(.tensorFlow), outputs: signature.sourceOutputs(.tensorFlow),
                place: "signature \"\(signature.name)\"")
            written.formUnion(VariableUse.written(in: graph))
            used.formUnion(VariableUse.used(in: graph))
        }
        var restoring: Assignments?
        var constants: [String: SavedModelVariables.Origin] = [:]
        if let restore, let bundle {
            let name = SourceValue(name: checkpointName, type: TensorType(.string, nil))
            let graph = try program.unboundGraph(
                inputs: [name], outputs: [], targets: [restore], place: "the restoring node \"\(restore)\"")
            let assignments = Assignments(graph, bundle)
            constants = try assignments.origins()
            restoring = assignments
        }
        var initialising: SourceGraph?
        if let initialiser {
            let graph = try program.unboundGraph(
                inputs: [], outputs: [], targets: [initialiser], place: "the initialiser \"\(initialiser)\"")
            // Later than restoring, so that what is assigned here counts.
            let assigned = try Assignments(graph, bundle).origins()
            written.formUnion(VariableUse.written(in: graph).subtracting(assigned.keys))
            used.formUnion(VariableUse.used(in: graph))
            constants.merge(assigned) { _, last in last }
            initialising = graph
        }
        constants = constants.filter { !written.contains($0.key) }
        variables = SavedModelVariables(bundle: bundle, constants: constants)
        variableByteCount = try variables.byteCount(of: used)
        var graphs: [SourceGraph] = []
        if let graph = try restoring?.graph(without: variables, used: used, context: program.context) { graphs.append(graph) }
        if let initialising { graphs.append(try VariableBinding.bind(initialising, to: variables)) }
        self.graphs = graphs
    }
}

/// A graph that assigns variables: it restores a model from its checkpoint, or initialises it.
private struct Assignments {
    private let graph: SourceGraph
    private let bundle: TensorBundle?
    private let makers: [String: SourceNode]
    private let constants: [String: TensorValue]

    init(_ graph: SourceGraph, _ bundle: TensorBundle?) {
        self.graph = graph
        self.bundle = bundle
        var makers: [String: SourceNode] = [:]
        for node in graph.nodes { for output in node.outputs { makers[output] = node } }
        self.makers = makers
        constants = Dictionary(graph.initializers.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private static let reader = "RestoreV2"
    private static let assignment = "AssignVariableOp"

    /// The variables that nothing is done with but assigning them, once, what the checkpoint holds or a constant, as it is.
    func origins() throws(ImportError) -> [String: SavedModelVariables.Origin] {
        let writeCounts = VariableUse.writeCounts(in: graph)
        var origins: [String: SavedModelVariables.Origin] = [:]
        for node in graph.nodes where node.operatorName == Self.assignment && node.inputs.count == 2 {
            guard let name = variable(node.inputs[0]), writeCounts[name] == 1, let origin = try origin(of: node.inputs[1]) else { continue }
            origins[name] = origin
        }
        return origins
    }

    /// What restores everything that is no constant: mutable tables, variables that are written; nil when that is nothing.
    func graph(
        without variables: SavedModelVariables, used: Set<String>, context: ImportContext
    ) throws(ImportError) -> SourceGraph? {
        let targets = graph.nodes.filter { node in
            guard node.outputs.isEmpty, node.operatorName != "NoOp" else { return false }
            guard let name = node.inputs.first.flatMap(variable) else { return true }
            return !variables.isConstant(name) && used.contains(name)
        }
        guard !targets.isEmpty else { return nil }
        var restored = graph
        // Who waits for a variable that is a constant waits for nothing.
        let kept = Set(targets.map(\.name))
        for index in restored.nodes.indices where kept.contains(restored.nodes[index].name) { restored.nodes[index].controls = [] }
        restored = try Pruning.prune(
            restored, inputs: graph.inputs, outputs: [], targets: targets.map(\.name), place: "the restoring node", context: context)
        restored.inputs = []
        for node in restored.nodes where node.operatorName == Self.reader {
            for output in node.outputs where !output.isEmpty {
                guard restored.nodes.contains(where: { $0.inputs.contains(output) }), let bundle,
                    case .checkpoint(let key, let slice)? = try origin(of: output)
                else { continue }
                restored.initializers.append((output, try bundle.tensor(key, slice: slice)))
            }
        }
        restored.nodes.removeAll { $0.operatorName == Self.reader }
        return restored
    }

    /// Where a value is handed on from, and the node that makes it there; no node for a constant.
    private func maker(of value: String) -> (node: SourceNode?, value: String) {
        var value = value
        while let node = makers[value] {
            guard node.operatorName == "Identity", let input = node.inputs.first else { return (node, value) }
            value = input
        }
        return (nil, value)
    }

    /// The variable that a value is the handle of.
    private func variable(_ value: String) -> String? {
        guard let node = maker(of: value).node, node.operatorName == VariableUse.handle else { return nil }
        return VariableUse.name(of: node)
    }

    /// Where in the checkpoint a value comes from, as it is.
    private func origin(of value: String) throws(ImportError) -> SavedModelVariables.Origin? {
        let (node, value) = maker(of: value)
        guard let node else { return constants[value].map { .constant($0) } }
        guard let bundle, node.operatorName == Self.reader, node.inputs.count == 3, let index = node.outputs.firstIndex(of: value),
            case .strings(let names)? = constants[node.inputs[1]], case .strings(let slices)? = constants[node.inputs[2]],
            index < names.elements.count, index < slices.elements.count
        else { return nil }
        let key = String(decoding: names.elements[index], as: UTF8.self)
        do throws(SortedTable.Damage) {
            let slice = try TensorSlice.parse(String(decoding: slices.elements[index], as: UTF8.self))
            return .checkpoint(key: key, slice: slice)
        } catch {
            throw bundle.malformed(key, error.reason)
        }
    }
}
