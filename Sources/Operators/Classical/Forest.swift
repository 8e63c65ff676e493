import GraphIR

/// Decision trees in flat arrays, ready to walk: every index in it has been checked.
///
/// `Number` is the type that features are compared in.
struct Forest<Number: BinaryFloatingPoint & NumericElement>: Sendable {
    /// A place in a tree: a branch counts from 0, a leaf is the complement of its number.
    typealias Place = Int32

    struct Branch: Sendable {
        var threshold: Number
        var feature: Int32
        var whenTrue: Place
        var whenFalse: Place
    }

    private(set) var branches: [Branch] = []
    private(set) var roots: [Place] = []
    /// By branch; empty when every branch compares with ≤ and sends missing features to the false side.
    private(set) var rules: [Rule] = []
    private(set) var sets: [[Number]] = []
    /// Leaf l adds weights[leafStarts[l] ..< leafStarts[l + 1]].
    private(set) var leafStarts: [Int32] = [0]
    private(set) var outputs: [Int32] = []
    private(set) var weights: [Number] = []

    struct Rule: Sendable {
        var comparison: TreeDescription.Comparison
        var tracksMissing: Bool
        /// The set of a membership branch, by number.
        var set: Int32 = 0
    }

    /// - Throws: when branches form a circle or share a child; so walking always ends.
    init(_ description: TreeDescription) throws(OperatorError) {
        guard description.nodes.count < Int(Int32.max) else {
            throw .unsupported("an ensemble of \(description.nodes.count) nodes")
        }
        var places = [Place?](repeating: nil, count: description.nodes.count)
        var isPlain = true
        for root in description.roots {
            // Branches are laid out in the order of a walk that takes the true side first.
            var pending = [root]
            while let index = pending.popLast() {
                guard places[index] == nil else {
                    throw .invalidValue("node \(index) is reached twice: the trees' branches form a circle or share a node")
                }
                let node = description.nodes[index]
                guard case .branch(let comparison) = node.kind else {
                    places[index] = addLeaf(node)
                    continue
                }
                guard node.feature < Int(Int32.max) else {
                    throw .invalidAttribute(name: "nodes_featureids", reason: "has \(node.feature)")
                }
                places[index] = Place(branches.count)
                // The children's places are not known yet: their node numbers stand in for them.
                branches.append(
                    Branch(
                        threshold: Number(node.threshold), feature: Int32(node.feature),
                        whenTrue: Place(node.whenTrue), whenFalse: Place(node.whenFalse)))
                rules.append(
                    Rule(comparison: comparison, tracksMissing: node.tracksMissing, set: Int32(sets.count)))
                if comparison == .member { sets.append(node.members.map { Number($0) }) }
                isPlain = isPlain && comparison == .lessOrEqual && !node.tracksMissing
                pending.append(node.whenFalse)
                pending.append(node.whenTrue)
            }
        }
        roots = description.roots.compactMap { places[$0] }
        for index in branches.indices {
            branches[index].whenTrue = places[Int(branches[index].whenTrue)] ?? 0
            branches[index].whenFalse = places[Int(branches[index].whenFalse)] ?? 0
        }
        if isPlain { rules = [] }
    }

    /// The same trees with thresholds and weights in a wider type.
    init(widening other: Forest<Float>) {
        branches = other.branches.map {
            Branch(
                threshold: Number($0.threshold), feature: $0.feature, whenTrue: $0.whenTrue, whenFalse: $0.whenFalse)
        }
        roots = other.roots
        rules = other.rules.map { Rule(comparison: $0.comparison, tracksMissing: $0.tracksMissing, set: $0.set) }
        sets = other.sets.map { $0.map { Number($0) } }
        leafStarts = other.leafStarts
        outputs = other.outputs
        weights = other.weights.map { Number($0) }
    }

    private mutating func addLeaf(_ node: TreeDescription.Node) -> Place {
        for (output, weight) in node.weights {
            outputs.append(Int32(output))
            weights.append(Number(weight))
        }
        leafStarts.append(Int32(outputs.count))
        return ~Place(leafStarts.count - 2)
    }

    /// The number of features that a row must have.
    var featureCount: Int { (branches.map { Int($0.feature) }.max() ?? -1) + 1 }
}

extension Forest {
    /// The leaf that a row reaches from `root`.
    @inline(__always)
    static func leaf<Element: NumericElement>(
        from root: Place, _ row: UnsafePointer<Element>, _ branches: UnsafePointer<Branch>
    ) -> Int {
        var place = root
        while place >= 0 {
            let branch = branches + Int(place)
            let value = Number(of: row[Int(branch.pointee.feature)])
            place = value <= branch.pointee.threshold ? branch.pointee.whenTrue : branch.pointee.whenFalse
        }
        return Int(~place)
    }

    /// The same where branches differ in their rules.
    @inline(__always)
    func leafByRules<Element: NumericElement>(from root: Place, _ row: UnsafePointer<Element>) -> Int {
        var place = root
        while place >= 0 {
            let branch = branches[Int(place)], rule = rules[Int(place)]
            let value = Number(of: row[Int(branch.feature)])
            let isTrue = rule.tracksMissing && value.isNaN || holds(rule, value, branch.threshold)
            place = isTrue ? branch.whenTrue : branch.whenFalse
        }
        return Int(~place)
    }

    @inline(__always)
    private func holds(_ rule: Rule, _ value: Number, _ threshold: Number) -> Bool {
        switch rule.comparison {
        case .lessOrEqual: value <= threshold
        case .less: value < threshold
        case .greaterOrEqual: value >= threshold
        case .greater: value > threshold
        case .equal: value == threshold
        case .notEqual: value != threshold
        case .member: sets[Int(rule.set)].contains(value)
        }
    }
}

extension BinaryFloatingPoint {
    /// A feature in the type that it is compared in.
    @inline(__always)
    fileprivate init<Element: NumericElement>(of element: Element) {
        self = Self.self == Float.self ? Self(element.asFloat) : Self(element.asDouble)
    }
}
