import GraphIR
import Tensors

/// Makes graphs that mix everything an engine treats in its own way: static nodes, arithmetic on shapes, shapes that depend on
/// data (whether operators say so or not), dynamic operators, branches and loops.
struct RandomGraph {
    /// Names that nodes may read, by kind.
    private struct Scope {
        var floats: [String]
        var integers: [String]
        var flags: [String]
    }

    /// How many nodes in a hundred depend on data.
    private let dynamicShare: Int
    private var random: SeededRandom
    private var nameCount = 0

    init(seed: Int) {
        random = SeededRandom(seed)
        dynamicShare = random.pick([0, 5, 25, 50])
    }

    /// Inputs: `x` of rank 2 and `y` of any rank.
    mutating func source() -> SourceGraph {
        var scope = Scope(floats: ["x", "y"], integers: [], flags: [])
        let constants = addConstants(to: &scope)
        let nodes = makeNodes(4 + random.below(16), depth: 2, &scope)
        var outputs = [random.pick(scope.floats), scope.floats[scope.floats.count - 1], random.pick(scope.floats)]
        outputs += [random.pick(scope.integers), random.pick(scope.flags)]
        return Fakes.graph(
            inputs: [("x", TensorType(.float32, SymbolicShape([.symbol("n"), .symbol("m")]))), ("y", TensorType(.float32, nil))],
            outputs: outputs, initializers: constants, nodes)
    }

    private mutating func name(_ prefix: String) -> String {
        nameCount += 1
        return "\(prefix)\(nameCount)"
    }

    private mutating func addConstants(to scope: inout Scope) -> [(name: String, tensor: Tensor)] {
        let float = name("kf"), integer = name("ki"), flag = name("kb")
        scope.floats.append(float)
        scope.integers.append(integer)
        scope.flags.append(flag)
        return [
            (float, Tensor([0.5, -2, 3] as [Float], shape: [3])), (integer, Tensor([2, 3] as [Int64], shape: [2])),
            (flag, Tensor(scalar: random.chance(50))),
        ]
    }

    private mutating func makeNodes(_ count: Int, depth: Int, _ scope: inout Scope) -> [SourceNode] {
        var nodes: [SourceNode] = []
        for _ in 0..<count { nodes += makeNode(depth, &scope) }
        return nodes
    }

    private mutating func makeNode(_ depth: Int, _ scope: inout Scope) -> [SourceNode] {
        if random.chance(dynamicShare) { return makeDataDependent(&scope) }
        switch random.below(10) {
        case 0, 1, 2: return [float("Mix", [recent(scope), recent(scope)], &scope, ["scratch": .integer(Int64(random.below(200)))])]
        case 3:
            let outputs = [name("f"), name("f")]
            let node = Fakes.node("Fork", [recent(scope)], outputs)
            scope.floats += outputs
            return [node]
        case 4: return makeReshape(&scope)
        case 5: return [integer("Shape", recent(scope), &scope), integer("Reverse", recentInteger(scope), &scope)]
        case 6: return [integer("Product", recentInteger(scope), &scope), flag(recentInteger(scope), &scope)]
        case 7: return [integer("Shape", recent(scope), &scope)] + [flag(recentInteger(scope), &scope)] + makeIf(depth, &scope)
        case 8: return random.chance(30 + dynamicShare) ? makeLoop(depth, &scope) : makeIf(depth, &scope)
        default: return [float("Fill", [recentInteger(scope)], &scope)]
        }
    }

    private mutating func makeDataDependent(_ scope: inout Scope) -> [SourceNode] {
        switch random.below(5) {
        case 0: return [float("Positives", [recent(scope)], &scope)]
        case 1: return [integer("Count", recent(scope), &scope), flag(scope.integers[scope.integers.count - 1], &scope)]
        case 2: return [integer("Count", recent(scope), &scope), float("LazyFill", [recentInteger(scope)], &scope)]
        case 3: return [integer("Count", recent(scope), &scope), float("Fill", [recentInteger(scope)], &scope)]
        default: return [float("LazyFill", [recentInteger(scope)], &scope)]
        }
    }

    private mutating func recent(_ scope: Scope) -> String {
        random.chance(70) ? random.pick(scope.floats.suffix(4)) : random.pick(scope.floats)
    }
    private mutating func recentInteger(_ scope: Scope) -> String { random.pick(scope.integers.suffix(3)) }

    private mutating func float(
        _ operatorName: String, _ inputs: [String], _ scope: inout Scope, _ attributes: [String: Attribute] = [:]
    ) -> SourceNode {
        let output = name("f")
        scope.floats.append(output)
        return Fakes.node(operatorName, inputs, [output], attributes: attributes)
    }

    private mutating func integer(_ operatorName: String, _ input: String, _ scope: inout Scope) -> SourceNode {
        let output = name("i")
        scope.integers.append(output)
        return Fakes.node(operatorName, [input], [output])
    }

    private mutating func flag(_ input: String, _ scope: inout Scope) -> SourceNode {
        let output = name("b")
        scope.flags.append(output)
        return Fakes.node("IsEven", [input], [output])
    }

    /// A value under its own shape turned round, or flat.
    private mutating func makeReshape(_ scope: inout Scope) -> [SourceNode] {
        let data = recent(scope)
        let shape = integer("Shape", data, &scope)
        let wanted = integer(random.pick(["Reverse", "Product"]), shape.outputs[0], &scope)
        let operatorName = random.chance(dynamicShare) ? "LazyReshape" : "Reshape"
        return [shape, wanted, float(operatorName, [data, wanted.outputs[0]], &scope)]
    }

    // MARK: Subgraphs

    private mutating func makeIf(_ depth: Int, _ scope: inout Scope) -> [SourceNode] {
        guard depth > 0 else { return [] }
        let condition = random.pick(scope.flags.suffix(3))
        let branches = (makeBody(depth, scope, formals: [], outputCount: 2), makeBody(depth, scope, formals: [], outputCount: 2))
        let outputs = [name("f"), name("f")]
        scope.floats += outputs
        return [Fakes.node("If", [condition], outputs, attributes: ["then": branches.0, "else": branches.1])]
    }

    private mutating func makeLoop(_ depth: Int, _ scope: inout Scope) -> [SourceNode] {
        guard depth > 0 else { return [] }
        let rounds = integer("Rounds", recentInteger(scope), &scope)
        let carried = [recent(scope), recent(scope)]
        var inner = scope
        let formals = [name("i"), name("f"), name("f")]
        inner.integers.append(formals[0])
        inner.floats += formals.dropFirst()
        let body = makeBody(depth, inner, formals: formals, outputCount: 2)
        let outputs = [name("f"), name("f")]
        scope.floats += outputs
        return [rounds, Fakes.node("Loop", [rounds.outputs[0]] + carried, outputs, attributes: ["body": body])]
    }

    private mutating func makeBody(_ depth: Int, _ outer: Scope, formals: [String], outputCount: Int) -> Attribute {
        var scope = outer
        let constants = random.chance(50) ? addConstants(to: &scope) : []
        let nodes = makeNodes(random.below(5), depth: depth - 1, &scope)
        let outputs = (0..<outputCount).map { _ in recent(scope) }
        return Fakes.subgraph(formals: formals, outputs: outputs, initializers: constants, nodes)
    }
}
