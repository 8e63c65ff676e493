/// A list by position in which places may be empty, made for changing one place at a time: a changed list shares all but a few
/// dozen places with the one it was made of, so that a loop which sets `n` places does not copy `n` lists.
package struct SparseList<Element: Sendable>: Sendable {
    /// A place's path from the root: a digit of `digitBits` bits for each level.
    private indirect enum Node: Sendable {
        case empty
        case leaf([Element?])
        case branch([Node])
    }

    private static var digitBits: Int { 5 }
    private static var width: Int { 1 << digitBits }

    package private(set) var count: Int
    private var root = Node.empty
    /// Levels above the leaves.
    private var height: Int

    /// - Precondition: `count` is not negative.
    package init(count: Int = 0) {
        self.count = count
        height = Self.height(for: count)
    }

    package init(_ elements: [Element?]) {
        self.init(count: elements.count)
        for (place, element) in elements.enumerated() where element != nil { self[place] = element }
    }

    private static func height(for count: Int) -> Int {
        var height = 0
        while count > width << (height * digitBits) { height += 1 }
        return height
    }

    /// - Precondition: `place` is below `count`.
    package subscript(place: Int) -> Element? {
        get {
            precondition(place >= 0 && place < count, "place \(place) of \(count)")
            var node = root, level = height
            while true {
                let digit = place >> (level * Self.digitBits) & (Self.width - 1)
                switch node {
                case .empty: return nil
                case .leaf(let elements): return elements[digit]
                case .branch(let nodes): node = nodes[digit]
                }
                level -= 1
            }
        }
        set {
            precondition(place >= 0 && place < count, "place \(place) of \(count)")
            root = Self.setting(root, height, place, newValue)
        }
    }

    /// Cuts the list or adds empty places at its end.
    package mutating func resize(to newCount: Int) {
        if newCount < count {
            // What is cut off must not come back when the list grows again.
            var shorter = SparseList(count: newCount)
            forEachSet { place, element in if place < newCount { shorter[place] = element } }
            self = shorter
            return
        }
        let newHeight = Self.height(for: newCount)
        while height < newHeight {
            if case .empty = root {
            } else {
                root = .branch([root] + Array(repeating: .empty, count: Self.width - 1))
            }
            height += 1
        }
        count = newCount
    }

    package mutating func append(_ element: Element?) {
        resize(to: count + 1)
        if let element { self[count - 1] = element }
    }

    /// - Precondition: the list is not empty.
    package mutating func removeLast() -> Element? {
        let last = self[count - 1]
        if last != nil { self[count - 1] = nil }
        count -= 1
        return last
    }

    /// Calls `body` for the places that are set, in order.
    package func forEachSet(_ body: (Int, Element) -> Void) { Self.forEachSet(root, height, 0, body) }

    private static func forEachSet(_ node: Node, _ level: Int, _ first: Int, _ body: (Int, Element) -> Void) {
        switch node {
        case .empty: break
        case .leaf(let elements):
            for (digit, element) in elements.enumerated() { if let element { body(first + digit, element) } }
        case .branch(let nodes):
            for (digit, node) in nodes.enumerated() {
                forEachSet(node, level - 1, first + digit << (level * digitBits), body)
            }
        }
    }

    private static func setting(_ node: Node, _ level: Int, _ place: Int, _ element: Element?) -> Node {
        let digit = place >> (level * digitBits) & (width - 1)
        guard level > 0 else {
            var elements: [Element?] = if case .leaf(let known) = node { known } else { Array(repeating: nil, count: width) }
            elements[digit] = element
            return .leaf(elements)
        }
        var nodes: [Node] = if case .branch(let known) = node { known } else { Array(repeating: .empty, count: width) }
        nodes[digit] = setting(nodes[digit], level - 1, place, element)
        return .branch(nodes)
    }
}
