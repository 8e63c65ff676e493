import GraphIR

/// A graph as a flat list of regions and dynamic steps, run in order.
struct Program: Sendable {
    enum Stage: Sendable {
        case region(Region)
        case dynamic(DynamicStep)
    }

    let stages: [Stage]
    /// Values that no stage after this one reads, by stage: their memory is given back there.
    let ended: [[ValueID]]
    /// The only region, whose inputs and outputs are the graph's, when there is no dynamic step and all of them are dense.
    let whole: Region?

    /// - Parameter marked: first outputs of nodes that planning has found to be dynamic.
    init(_ graph: Graph, marked: Set<ValueID>, state: ModelState) throws(EngineError) {
        let analysis = ContentAnalysis(graph, marked: marked)
        let isDense = (graph.inputs + graph.outputs).allSatisfy { graph[$0].fact.valueType.isDense }
        guard analysis.isStatic.contains(false) || !isDense else {
            let region = Region(
                nodes: graph.nodes, inputs: graph.inputs, isKeyed: graph.inputs.map { _ in false }, outputs: graph.outputs,
                state: state)
            stages = [.region(region)]
            ended = [[]]
            whole = region
            return
        }
        let levels = Levels(graph, analysis)
        var stages: [Stage] = []
        for level in 0...levels.last {
            let nodes = levels.nodes(graph, at: level, isStatic: true, analysis)
            if let region = Self.region(nodes, graph, analysis, state) { stages.append(.region(region)) }
            for node in levels.nodes(graph, at: level, isStatic: false, analysis) {
                stages.append(.dynamic(try Self.step(node, state)))
            }
        }
        self.stages = stages
        ended = Self.endings(stages, graph)
        whole = nil
    }

    /// Says that dynamic steps and the graph's outputs read constants as they are.
    func noteReads(_ graph: Graph, _ state: ModelState) throws(EngineError) {
        var read = graph.outputs
        for case .dynamic(let step) in stages { read += step.node.dependencies }
        for value in read {
            guard let constant = graph[value].fact.constant else { continue }
            do {
                try state.residency.willRead(constant)
            } catch {
                throw .node(name: graph[value].name, operatorName: "Constant", error)
            }
        }
    }

    private static func region(
        _ nodes: [Node], _ graph: Graph, _ analysis: ContentAnalysis, _ state: ModelState
    ) -> Region? {
        guard !nodes.isEmpty else { return nil }
        let made = Set(nodes.flatMap(\.outputs))
        var inputs: [ValueID] = []
        var seen: Set<ValueID> = []
        for value in nodes.flatMap(\.dependencies) where !made.contains(value) && graph[value].fact.constant == nil {
            if seen.insert(value).inserted { inputs.append(value) }
        }
        let own = Set(nodes.compactMap { $0.outputs.first })
        var readElsewhere = Set(graph.outputs)
        for node in graph.nodes where !(node.outputs.first.map(own.contains) ?? false) { readElsewhere.formUnion(node.dependencies) }
        let outputs = nodes.flatMap(\.outputs).filter(readElsewhere.contains)
        return Region(
            nodes: nodes, inputs: inputs, isKeyed: inputs.map { analysis.isKnown[$0.index] }, outputs: outputs, state: state)
    }

    private static func step(_ node: Node, _ state: ModelState) throws(EngineError) -> DynamicStep {
        var engines: [Engine] = []
        for subgraph in node.subgraphs { engines.append(try Engine(optimized: subgraph.graph, state: state)) }
        return DynamicStep(node: node, engines: engines)
    }

    private static func endings(_ stages: [Stage], _ graph: Graph) -> [[ValueID]] {
        var seen = Set(graph.outputs)
        var endings: [[ValueID]] = []
        for stage in stages.reversed() {
            let read: [ValueID]
            switch stage {
            case .region(let region): read = region.inputs
            case .dynamic(let step): read = step.node.dependencies
            }
            endings.append(read.filter { seen.insert($0).inserted })
        }
        return endings.reversed()
    }
}

/// At which step of the alternation between regions and dynamic steps each node can run at the earliest.
private struct Levels {
    private var ofNode: [Int] = []
    var last: Int { ofNode.max() ?? 0 }

    init(_ graph: Graph, _ analysis: ContentAnalysis) {
        var ofValue = [Int](repeating: 0, count: graph.values.count)
        var ofEffects = 0
        for (position, node) in graph.nodes.enumerated() {
            var level = node.dependencies.reduce(0) { max($0, ofValue[$1.index]) }
            // Nodes with effects keep their order among each other.
            if !node.effects.isEmpty {
                level = max(level, ofEffects)
                ofEffects = level
            }
            ofNode.append(level)
            for output in node.outputs { ofValue[output.index] = analysis.isStatic[position] ? level : level + 1 }
        }
    }

    func nodes(_ graph: Graph, at level: Int, isStatic: Bool, _ analysis: ContentAnalysis) -> [Node] {
        graph.nodes.indices.filter { ofNode[$0] == level && analysis.isStatic[$0] == isStatic }.map { graph.nodes[$0] }
    }
}
