/// One extent as far as it is known before a request arrives.
package enum Dimension: Sendable, Hashable, CustomStringConvertible {
    case known(Int)
    /// A name given by the model (`batch`): equal names are equal extents.
    case symbol(String)
    case unknown

    package var value: Int? {
        if case .known(let extent) = self { extent } else { nil }
    }

    package var description: String {
        switch self {
        case .known(let extent): String(extent)
        // A name that the engine has given begins with the mark of what is unknown.
        case .symbol(let name): name.hasPrefix("?") ? "?" : name
        case .unknown: "?"
        }
    }
}

/// A shape of known rank whose extents may be symbols or unknown.
package struct SymbolicShape: Sendable, Hashable, CustomStringConvertible {
    package var dimensions: [Dimension]

    package init(_ dimensions: [Dimension]) { self.dimensions = dimensions }
    package init(_ shape: Shape) { dimensions = shape.extents.map(Dimension.known) }

    package var rank: Int { dimensions.count }
    package subscript(axis: Int) -> Dimension {
        get { dimensions[axis] }
        set { dimensions[axis] = newValue }
    }

    /// The shape when every extent is known.
    package var concrete: Shape? {
        var extents: [Int] = []
        extents.reserveCapacity(dimensions.count)
        for dimension in dimensions {
            guard case .known(let extent) = dimension else { return nil }
            extents.append(extent)
        }
        return Shape(checking: extents)
    }

    /// Whether `shape` can be an instance: the rank is equal and every known extent agrees.
    package func admits(_ shape: Shape) -> Bool {
        shape.rank == rank && zip(dimensions, shape.extents).allSatisfy { $0.value == nil || $0.value == $1 }
    }

    package var description: String { "[" + dimensions.map(\.description).joined(separator: ",") + "]" }

    /// Multidirectional broadcasting where extents may be symbolic; nil when two known extents cannot match.
    package static func broadcast(_ left: SymbolicShape, _ right: SymbolicShape) -> SymbolicShape? {
        let rank = max(left.rank, right.rank)
        var result = [Dimension](repeating: .known(1), count: rank)
        for axis in 0..<rank {
            let a = axis + left.rank - rank, b = axis + right.rank - rank
            let first = a >= 0 ? left[a] : .known(1), second = b >= 0 ? right[b] : .known(1)
            guard let joined = Dimension.broadcast(first, second) else { return nil }
            result[axis] = joined
        }
        return SymbolicShape(result)
    }
}

extension Dimension {
    /// The extent that broadcasting two extents gives; nil when they cannot match.
    package static func broadcast(_ left: Dimension, _ right: Dimension) -> Dimension? {
        switch (left, right) {
        case (.known(let a), .known(let b)): a == b || b == 1 ? left : a == 1 ? right : nil
        case (.known(1), _): right
        case (_, .known(1)): left
        case (.known, _): left
        case (_, .known): right
        default: left == right ? left : .unknown
        }
    }
}

/// Element type and, as far as it is known, shape; nil means that even the rank is unknown.
package struct TensorType: Sendable, Hashable, CustomStringConvertible {
    package var elementType: ElementType
    package var shape: SymbolicShape?

    package init(_ elementType: ElementType, _ shape: SymbolicShape?) {
        self.elementType = elementType
        self.shape = shape
    }

    /// Element type and shape when everything is known.
    package var concrete: TensorSpec? {
        shape?.concrete.map { TensorSpec(elementType, $0) }
    }

    package var description: String { "\(elementType)\(shape.map(\.description) ?? "[…]")" }
}

/// Element type and concrete shape: what a kernel is compiled for.
package struct TensorSpec: Sendable, Hashable, CustomStringConvertible {
    package let elementType: ElementType
    package let shape: Shape

    package init(_ elementType: ElementType, _ shape: Shape) {
        self.elementType = elementType
        self.shape = shape
    }

    /// Bytes of the elements, row-major and without gaps.
    package var byteCount: Int { elementType.byteCount * shape.elementCount }
    /// Bytes of the elements in a file, where those of 2 and 4 bits share a byte.
    package var packedByteCount: Int {
        elementType.bitWidth % 8 == 0 ? byteCount : PackedCodes.byteCount(shape.elementCount, bitWidth: elementType.bitWidth)
    }
    package var type: TensorType { TensorType(elementType, SymbolicShape(shape)) }
    package var description: String { "\(elementType)\(shape)" }
}
