package import GraphIR
import Tensors

/// `SourceGraph` → `Graph`: names become values, source operators become operators, types are inferred.
package enum Lowering {
    /// - Throws: `EngineError` for names nobody makes, types that do not fit, and all that is not supported, which goes first.
    package static func lower(_ source: SourceGraph, catalog: OperatorCatalog) throws(EngineError) -> Graph {
        let scope = LoweringScope(
            source: source, catalog: catalog, parent: nil, formals: nil, unsupported: UnsupportedParts(of: source, catalog))
        return try scope.lower()
    }
}

/// One graph while it is lowered. Subgraphs look up what they do not make themselves in `parent`.
private final class LoweringScope {
    private let source: SourceGraph
    private let catalog: OperatorCatalog
    private let parent: LoweringScope?
    /// What the node that runs this graph will hand it; nil for a whole model.
    private let formals: [ValueFact]?
    /// Graphs around this one.
    private let depth: Int
    private var graph: Graph
    private var valueOfName: [String: ValueID] = [:]
    /// What this graph reads of its parent, in order of first use.
    private(set) var captured: [(outer: ValueID, inner: ValueID)] = []
    /// What is not supported of a whole model; subgraphs throw what they meet.
    private var unsupported: UnsupportedParts?

    init(
        source: SourceGraph, catalog: OperatorCatalog, parent: LoweringScope?, formals: [ValueFact]?,
        unsupported: UnsupportedParts? = nil
    ) {
        self.unsupported = unsupported
        self.source = source
        self.catalog = catalog
        self.parent = parent
        self.formals = formals
        depth = parent.map { $0.depth + 1 } ?? 0
        graph = Graph(name: source.name)
    }

    func lower() throws(EngineError) -> Graph {
        for (name, value) in source.initializers { try define(name, ValueFact(constant: value)) }
        for (index, input) in source.inputs.enumerated() where valueOfName[input.name] == nil {
            graph.inputs.append(try define(input.name, try fact(of: input, at: index)))
        }
        for node in source.nodes { try lowerOrNote(node) }
        if let unsupported, !unsupported.isEmpty { throw unsupported.error }
        for output in source.outputs {
            guard let id = resolve(output.name) else {
                throw .invalidGraph("graph \"\(source.name)\": output \"\(output.name)\" is made by no node")
            }
            graph.outputs.append(id)
        }
        graph.inputs += captured.map(\.inner)
        return graph
    }

    @discardableResult
    private func define(_ name: String, _ fact: ValueFact) throws(EngineError) -> ValueID {
        guard valueOfName[name] == nil else {
            throw .invalidGraph("graph \"\(source.name)\": value \"\(name)\" is made twice; every name may be made once")
        }
        let id = graph.addValue(name: name, fact: fact)
        valueOfName[name] = id
        return id
    }

    /// A whole model's declarations bind; a subgraph's inputs are what its node hands it.
    private func fact(of input: SourceValue, at index: Int) throws(EngineError) -> ValueFact {
        if let formals {
            guard index < formals.count else {
                throw .invalidGraph("graph \"\(source.name)\": has \(source.inputs.count) inputs, its node hands it \(formals.count)")
            }
            return formals[index]
        }
        guard let type = input.type else {
            throw .invalidGraph("graph \"\(source.name)\": input \"\(input.name)\" has no element type")
        }
        return ValueFact(Self.naming(type, of: input.name))
    }

    /// The type with a name for each extent that is not known, so that values which have it from there are known to be as long.
    private static func naming(_ type: ValueType, of input: String) -> ValueType {
        guard case .tensor(var tensor) = type, var shape = tensor.shape else { return type }
        for axis in shape.dimensions.indices where shape[axis] == .unknown { shape[axis] = .symbol("?\(input).\(axis)") }
        tensor.shape = shape
        return .tensor(tensor)
    }

    /// The value of that name here, or captured from an enclosing graph.
    private func resolve(_ name: String) -> ValueID? {
        if let own = valueOfName[name] { return own }
        guard let parent, let outer = parent.resolve(name) else { return nil }
        let fact = parent.graph[outer].fact
        let inner = graph.addValue(name: name, fact: fact)
        valueOfName[name] = inner
        if !fact.isConstant { captured.append((outer, inner)) }
        return inner
    }

    /// Nodes of a whole model that are not supported are noted, and those that read what they would make are looked at as far as
    /// their attributes.
    private func lowerOrNote(_ node: SourceNode) throws(EngineError) {
        guard let found = unsupported else { return try lower(node) }
        do throws(EngineError) {
            guard found.reaches(node) else { return try lower(node) }
            unsupported?.lose(node)
            guard let spelling = catalog.spelling(for: node, dialect: source.dialect) else { return }
            _ = try attributing(node) { () throws(OperatorError) in try spelling.make(AttributeReader(node)) }
        } catch {
            guard unsupported?.note(error, of: node) == false else { return }
            throw found.isEmpty ? error : found.error
        }
    }

    private func lower(_ node: SourceNode) throws(EngineError) {
        guard let spelling = catalog.spelling(for: node, dialect: source.dialect) else {
            throw .unsupported([UnsupportedOperator(node, source.dialect, catalog)], nodes: [])
        }
        var op = try attributing(node) { () throws(OperatorError) in try spelling.make(AttributeReader(node)) }
        var inputs: [ValueID?] = []
        for name in node.inputs {
            guard !name.isEmpty else {
                inputs.append(nil)
                continue
            }
            guard let id = resolve(name) else {
                throw .invalidGraph("node \"\(node.name)\" (\(node.operatorName)): input \"\(name)\" is made by no node before it")
            }
            inputs.append(id)
        }
        if passThrough(node, op, inputs) { return }
        let facts = OperatorInputs(inputs.map { $0.map { graph[$0].fact } }, outputCount: node.outputs.count)
        op = op.fitted(to: facts.facts)
        var lowered = Node(name: node.name, op: op, inputs: inputs, outputs: [])
        if !op.acceptsObjects { try checkDense(facts, of: node) }
        let results: [ValueFact]
        if let op = op as? any SubgraphOperator {
            try lowerSubgraphs(of: node, op, facts, into: &lowered)
            let outputs = lowered.subgraphs.map { $0.graph.outputFacts }
            results = try attributing(node) { () throws(OperatorError) in try op.infer(facts, subgraphOutputs: outputs) }
        } else {
            results = try attributing(node) { () throws(OperatorError) in try op.infer(facts) }
        }
        for (index, name) in node.outputs.enumerated() {
            guard index < results.count else {
                if name.isEmpty { continue }
                throw .invalidGraph(
                    "node \"\(node.name)\" (\(node.operatorName)): has \(node.outputs.count) outputs, the operator gives \(results.count)")
            }
            // An output nobody names still gets a value, so that positions agree with the operator's.
            let id = name.isEmpty ? graph.addValue(name: "", fact: results[index]) : try define(name, results[index])
            lowered.outputs.append(id)
        }
        // TensorFlow's nodes do not list what nobody reads of theirs; kernels write it all the same.
        if source.dialect == .tensorFlow, results.count > node.outputs.count {
            lowered.outputs += results[node.outputs.count...].map { graph.addValue(name: "", fact: $0) }
        }
        graph.nodes.append(lowered)
    }

    /// Values that no arena holds are not copied: the outputs' names are other names of the inputs.
    ///
    /// - Returns: whether that made the node needless.
    private func passThrough(_ node: SourceNode, _ op: any Operator, _ inputs: [ValueID?]) -> Bool {
        guard op is any PassThrough, node.outputs.count <= inputs.count else { return false }
        let pairs = zip(node.outputs, inputs)
        guard pairs.allSatisfy({ $1.map { !graph[$0].fact.valueType.isDense } ?? false && valueOfName[$0] == nil }) else { return false }
        for (name, input) in pairs where !name.isEmpty { valueOfName[name] = input }
        return true
    }

    /// Operators that say nothing else are given dense tensors only.
    private func checkDense(_ inputs: OperatorInputs, of node: SourceNode) throws(EngineError) {
        for (index, fact) in inputs.facts.enumerated() {
            guard let fact, !fact.valueType.isDense else { continue }
            throw .node(
                name: node.name, operatorName: node.operatorName, .unsupported("input \(index) of type \(fact.valueType)"))
        }
    }

    /// Graphs so deep inside others are typed without what is known of the first round of a loop: trying takes several rounds at
    /// each depth.
    private static let maximumTriedDepth = 3
    private static let maximumTries = 4

    private func lowerSubgraphs(
        of node: SourceNode, _ op: any SubgraphOperator, _ facts: OperatorInputs, into lowered: inout Node
    ) throws(EngineError) {
        let bodies = try bodies(of: node, op)
        var formals = try attributing(node) { () throws(OperatorError) in try op.subgraphInputs(facts) }
        var tries = depth < Self.maximumTriedDepth ? 0 : Self.maximumTries
        while true {
            let isLastTry = tries >= Self.maximumTries || !op.typesAreTried
            if isLastTry, op.typesAreTried { formals = formals.ignoringShapes }
            var attempt = lowered
            do throws(EngineError) {
                let refused = try lower(bodies, formals: formals, into: &attempt, isLastTry: isLastTry)
                for (index, error) in refused { try refuse(index, of: bodies, op, formals, error, refused, in: &attempt) }
            } catch {
                // What does not fit the first round's shapes may fit those of all.
                guard !isLastTry else { throw error }
                tries = Self.maximumTries
                continue
            }
            if tries < Self.maximumTries,
                let wider = op.widenedInputs(formals, subgraphOutputs: attempt.subgraphs.map(\.graph.outputFacts))
            {
                formals = wider
                tries += 1
                continue
            }
            lowered = attempt
            return
        }
    }

    /// Adds the graphs of the node `lowered`.
    ///
    /// - Returns: those that do not fit what the node hands them, with an empty graph in their place.
    private func lower(
        _ bodies: [SourceGraph], formals: [[ValueFact]], into lowered: inout Node, isLastTry: Bool
    ) throws(EngineError) -> [Int: EngineError] {
        var refused: [Int: EngineError] = [:]
        for (index, body) in bodies.enumerated() {
            do throws(EngineError) {
                try lower(body, formals: index < formals.count ? formals[index] : [], into: &lowered)
            } catch {
                guard isLastTry, error.isMisfit else { throw error }
                refused[index] = error
                lowered.subgraphs.append(Subgraph(graph: Graph(name: body.name), captures: []))
            }
        }
        return refused
    }

    /// Puts a graph that refuses to run in the place of graph `index` of the node `lowered`.
    ///
    /// - Throws: `error`, when it is not known what the graph would give.
    private func refuse(
        _ index: Int, of bodies: [SourceGraph], _ op: any SubgraphOperator, _ formals: [[ValueFact]], _ error: EngineError,
        _ refused: [Int: EngineError], in lowered: inout Node
    ) throws(EngineError) {
        let expected = op.expectedOutputs(ofSubgraph: index, formals: formals)
        let sound = op.subgraphsAreAlternatives ? lowered.subgraphs.indices.first { refused[$0] == nil } : nil
        let given = sound.map { lowered.subgraphs[$0].graph.outputFacts } ?? []
        var outputs: [ValueType] = []
        for (position, output) in bodies[index].outputs.enumerated() {
            let known = position < expected.count ? expected[position] : position < given.count ? given[position].valueType : nil
            guard let type = known ?? output.type else { throw error }
            outputs.append(type)
        }
        let inputs = index < formals.count ? Array(formals[index].prefix(bodies[index].inputs.count)) : []
        guard let graph = RefusedGraph.graph(bodies[index].name, inputs: inputs, outputs: outputs, error) else { throw error }
        lowered.subgraphs[index].graph = graph
    }

    private func bodies(of node: SourceNode, _ op: any SubgraphOperator) throws(EngineError) -> [SourceGraph] {
        var bodies: [SourceGraph] = []
        for attribute in type(of: op).subgraphAttributes {
            switch node.attributes[attribute] {
            case .graph(let body)?: bodies.append(body)
            case .graphs(let list)?: bodies += list
            default:
                throw .node(
                    name: node.name, operatorName: node.operatorName,
                    .invalidAttribute(name: attribute, reason: "is missing, expected a graph"))
            }
        }
        return bodies
    }

    /// Adds a graph of the node `lowered`, with what it captures.
    private func lower(_ body: SourceGraph, formals: [ValueFact], into lowered: inout Node) throws(EngineError) {
        let scope = LoweringScope(source: body, catalog: catalog, parent: self, formals: formals)
        let graph = try scope.lower()
        var positions: [Int] = []
        for (outer, _) in scope.captured {
            if let known = lowered.captures.firstIndex(of: outer) {
                positions.append(known)
            } else {
                positions.append(lowered.captures.count)
                lowered.captures.append(outer)
            }
        }
        lowered.subgraphs.append(Subgraph(graph: graph, captures: positions))
    }

    private func attributing<Result>(
        _ node: SourceNode, _ body: () throws(OperatorError) -> Result
    ) throws(EngineError) -> Result {
        do {
            return try body()
        } catch {
            throw .node(name: node.name, operatorName: node.operatorName, error)
        }
    }
}

extension [[ValueFact]] {
    fileprivate var ignoringShapes: [[ValueFact]] { map { $0.map { ValueFact($0.valueType.ignoringShape) } } }
}
