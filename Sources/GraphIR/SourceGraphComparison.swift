import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SourceGraph {
    /// Whether both compute the same of the same inputs: the same operators in the same order over the same constants. Names of
    /// values and nodes may differ. False when that cannot be seen at once.
    package func isSame(as other: SourceGraph) -> Bool {
        var comparison = GraphComparison()
        return comparison.graphs(self, other)
    }
}

/// Numbers the values of two graphs as they appear; the graphs are the same when the numbers are.
private struct GraphComparison {
    private var left: [String: Int] = [:]
    private var right: [String: Int] = [:]

    mutating func graphs(_ a: SourceGraph, _ b: SourceGraph) -> Bool {
        guard a.dialect == b.dialect, a.inputs.count == b.inputs.count, a.outputs.count == b.outputs.count,
            a.initializers.count == b.initializers.count, a.nodes.count == b.nodes.count
        else { return false }
        for (first, second) in zip(a.inputs, b.inputs) {
            guard first.type == second.type, names(first.name, second.name) else { return false }
        }
        for (first, second) in zip(a.initializers, b.initializers) {
            guard names(first.name, second.name), Self.tensors(first.value, second.value) else { return false }
        }
        for (first, second) in zip(a.nodes, b.nodes) {
            guard nodes(first, second) else { return false }
        }
        return zip(a.outputs, b.outputs).allSatisfy { $0.type == $1.type && names($0.name, $1.name) }
    }

    private mutating func nodes(_ a: SourceNode, _ b: SourceNode) -> Bool {
        guard a.domain == b.domain, a.operatorName == b.operatorName, a.version == b.version, a.inputs.count == b.inputs.count,
            a.outputs.count == b.outputs.count, a.attributes.count == b.attributes.count, a.controls.count == b.controls.count
        else { return false }
        for (first, second) in zip(a.inputs + a.outputs, b.inputs + b.outputs) {
            guard names(first, second) else { return false }
        }
        return a.attributes.allSatisfy { name, value in b.attributes[name].map { attributes(value, $0) } ?? false }
    }

    /// Whether both names stand for the value of the same number, which they do from now on when both are new.
    private mutating func names(_ a: String, _ b: String) -> Bool {
        guard a.isEmpty == b.isEmpty else { return false }
        if a.isEmpty { return true }
        switch (left[a], right[b]) {
        case (nil, nil):
            (left[a], right[b]) = (left.count, right.count)
            return true
        case (let first, let second): return first == second
        }
    }

    private func attributes(_ a: Attribute, _ b: Attribute) -> Bool {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): a == b
        case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a == b
        case (.integers(let a), .integers(let b)): a == b
        case (.floats(let a), .floats(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
        case (.strings(let a), .strings(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.types(let a), .types(let b)): a == b
        case (.shape(let a), .shape(let b)): a == b
        case (.shapes(let a), .shapes(let b)): a == b
        case (.tensor(let a), .tensor(let b)): Self.tensors(a, b)
        case (.tensors(let a), .tensors(let b)): a.count == b.count && zip(a, b).allSatisfy(Self.tensors)
        // Graphs read values of those around them under their names.
        default: false
        }
    }

    private static func tensors(_ a: TensorValue, _ b: TensorValue) -> Bool {
        switch (a, b) {
        case (.strings(let a), .strings(let b)): return a == b
        case (.dense(let a), .dense(let b)):
            guard a.spec == b.spec else { return false }
            if a.storage === b.storage { return true }
            return withExtendedLifetime((a.storage, b.storage)) {
                let first = a.view.bytes, second = b.view.bytes
                guard let from = first.baseAddress, let to = second.baseAddress else { return first.count == second.count }
                return memcmp(from, to, first.count) == 0
            }
        default: return false
        }
    }
}
