import GraphIR

/// From which step to which each piece of memory is in use.
///
/// Values that share memory (views, results computed in place) share a *root*; the root's lifetime covers them all.
struct Lifetimes {
    /// Steps are the nodes' positions; outputs live past the last one.
    struct Interval: Equatable {
        var first: Int
        var last: Int

        func overlaps(_ other: Interval) -> Bool { first <= other.last && other.first <= last }
    }

    /// An interval that ends here or later outlives the plan.
    var stepCount: Int { nodes.count }

    private var parent: [Int]
    private(set) var intervals: [Interval?]
    private var isLent: [Bool]
    private let nodes: [Node]
    private let compiled: [CompiledOperator]

    init(valueCount: Int, nodes: [Node], compiled: [CompiledOperator], outputs: [ValueID]) {
        parent = Array(0..<valueCount)
        intervals = Array(repeating: nil, count: valueCount)
        isLent = Array(repeating: false, count: valueCount)
        self.nodes = nodes
        self.compiled = compiled
        for (step, node) in nodes.enumerated() {
            if case .view(let input) = compiled[step].body, let source = node.inputs[input] {
                parent[node.outputs[0].index] = root(of: source).index
            } else {
                for output in node.outputs { intervals[output.index] = Interval(first: step, last: step) }
            }
            for value in node.dependencies { extend(value, to: step) }
        }
        for output in outputs { extend(output, to: nodes.count) }
    }

    private mutating func extend(_ value: ValueID, to step: Int) {
        let index = root(of: value).index
        guard let known = intervals[index] else { return }
        intervals[index]?.last = max(known.last, step)
    }

    /// Inputs lie in the caller's memory: they are only read.
    mutating func lendInputs(_ inputs: [ValueID]) {
        for input in inputs {
            isLent[input.index] = true
            intervals[input.index] = nil
        }
    }

    func root(of value: ValueID) -> ValueID {
        var index = value.index
        while parent[index] != index { index = parent[index] }
        return ValueID(index)
    }

    /// Lets a result take over the memory of an input that ends with its step, where the kernel permits it.
    mutating func reuseInPlace(byteCount: (ValueID) -> Int) {
        for (step, node) in nodes.enumerated() {
            var taken: Set<Int> = []
            for permission in compiled[step].inPlace {
                guard permission.input < node.inputs.count, let input = node.inputs[permission.input],
                    permission.output < node.outputs.count
                else { continue }
                let output = node.outputs[permission.output]
                let source = root(of: input).index
                guard let interval = intervals[source], interval.last == step, interval.first < step, !isLent[source],
                    parent[output.index] == output.index, let result = intervals[output.index],
                    byteCount(ValueID(source)) == byteCount(output),
                    node.inputs.count(where: { $0.map { root(of: $0).index } == source }) == 1,
                    taken.insert(source).inserted
                else { continue }
                parent[output.index] = source
                intervals[source]?.last = max(interval.last, result.last)
                intervals[output.index] = nil
            }
        }
    }
}
