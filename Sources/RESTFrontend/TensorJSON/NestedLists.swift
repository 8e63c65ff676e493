import Tensors

/// The order in which brackets and elements of nested lists come.
enum NestedLists {
    /// Innermost lists, each with the brackets around it.
    struct Run {
        /// A comma between this run and the one before.
        var separator: Int
        var opened: Int
        var elementCount: Int
        var closed: Int
    }

    /// Calls `body` with the extents that are written, of all of a tensor or of one row, and the index of the first element.
    @inline(__always)
    static func withRun(of shape: Shape, row: Int?, _ body: (UnsafeBufferPointer<Int>, Int) -> Void) {
        unsafe shape.extents.withUnsafeBufferPointer { extents in
            guard let row else { return unsafe body(extents, 0) }
            let inner = unsafe UnsafeBufferPointer(rebasing: extents.dropFirst())
            unsafe body(inner, row * inner.reduce(1, *))
        }
    }

    /// Calls `body` for every innermost list of lists with these extents; once with one element and no brackets for a scalar.
    @inline(__always)
    static func forEachRun(_ extents: UnsafeBufferPointer<Int>, _ body: (Run) -> Void) {
        guard let last = unsafe extents.last else { return body(Run(separator: 0, opened: 0, elementCount: 1, closed: 0)) }
        guard extents.count > 1 else { return body(Run(separator: 0, opened: 1, elementCount: last, closed: 1)) }
        guard unsafe extents.allSatisfy({ $0 > 0 }) else { return unsafe forEachEmptyRun(extents, body) }
        unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: extents.count - 1) { counters in
            unsafe counters.initialize(repeating: 0)
            unsafe forEachRun(extents, counters, body)
        }
    }

    /// - Parameter counters: for every axis but the last one, how many of its lists have ended.
    @inline(__always)
    private static func forEachRun(
        _ extents: UnsafeBufferPointer<Int>, _ counters: UnsafeMutableBufferPointer<Int>, _ body: (Run) -> Void
    ) {
        let depth = counters.count, last = unsafe extents[depth]
        var opened = depth + 1
        var separator = 0
        while true {
            var axis = depth
            // Lists that end with this run: those whose counter is at its last value, from the inside.
            while axis > 0, unsafe counters[axis - 1] == extents[axis - 1] - 1 {
                axis -= 1
                unsafe counters[axis] = 0
            }
            let closed = depth - axis + 1
            body(Run(separator: separator, opened: opened, elementCount: last, closed: closed))
            guard axis > 0 else { return }
            unsafe counters[axis - 1] += 1
            opened = closed
            separator = 1
        }
    }

    /// Without elements the lists end at the first axis of extent zero: [2, 0, 3] is `[[],[]]`.
    private static func forEachEmptyRun(_ extents: UnsafeBufferPointer<Int>, _ body: (Run) -> Void) {
        let outer = unsafe UnsafeBufferPointer(rebasing: extents.prefix { $0 > 0 })
        guard !outer.isEmpty else { return body(Run(separator: 0, opened: 1, elementCount: 0, closed: 1)) }
        let innermost = unsafe outer[outer.count - 1]
        // One "[]" takes the place of one element.
        unsafe forEachRun(outer) { run in
            for index in 0..<innermost {
                let isFirst = index == 0, isLast = index == innermost - 1
                body(
                    Run(
                        separator: isFirst ? run.separator : 1, opened: 1 + (isFirst ? run.opened : 0), elementCount: 0,
                        closed: 1 + (isLast ? run.closed : 0)))
            }
        }
    }
}
