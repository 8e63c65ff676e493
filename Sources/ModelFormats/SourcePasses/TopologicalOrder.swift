/// An order in which everything comes after what it depends on.
enum TopologicalOrder {
    enum Outcome: Equatable {
        case sorted([Int])
        /// Indices along a cycle: each is a dependency of the one before it.
        case cycle([Int])
    }

    /// Keeps the given order as far as it can: an order that is right already comes back unchanged.
    ///
    /// - Parameter dependencies: for each index the indices that must come before it.
    static func sort(_ dependencies: [[Int]]) -> Outcome {
        let isOrdered = dependencies.enumerated().allSatisfy { index, sources in sources.allSatisfy { $0 < index } }
        if isOrdered { return .sorted(Array(dependencies.indices)) }

        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: dependencies.count)
        var order: [Int] = []
        order.reserveCapacity(dependencies.count)
        // Depth first with a list of our own: the file chooses the depth.
        var path: [(index: Int, next: Int)] = []
        for root in dependencies.indices where marks[root] == .new {
            marks[root] = .open
            path.append((root, 0))
            while let (index, next) = path.last {
                guard next < dependencies[index].count else {
                    marks[index] = .done
                    order.append(index)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let source = dependencies[index][next]
                switch marks[source] {
                case .done: break
                case .open:
                    let start = path.firstIndex { $0.index == source } ?? 0
                    return .cycle(path[start...].map(\.index))
                case .new:
                    marks[source] = .open
                    path.append((source, 0))
                }
            }
        }
        return .sorted(order)
    }
}
