/// The extents of a tensor, outermost first; row-major. A scalar has no extents.
///
/// Extents are never negative. Sizes that come from outside are checked with `Shape(checking:)`,
/// which refuses what would overflow.
package struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package let extents: [Int]
    package let elementCount: Int

    /// For extents of own computations over sound shapes. An element count past `maximumElementCount` saturates there,
    /// which the planner refuses as too large; it never traps.
    package init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "negative extent in \(extents)")
        self.extents = extents
        elementCount = Self.saturatingProduct(extents)
    }

    private static func saturatingProduct(_ extents: [Int]) -> Int {
        if extents.contains(0) { return 0 }
        var count = 1
        for extent in extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow || product >= maximumElementCount { return maximumElementCount }
            count = product
        }
        return count
    }

    package init(arrayLiteral elements: Int...) { self.init(elements) }

    /// For extents from a file or a request.
    ///
    /// - Returns: nil when an extent is negative, the rank is over `maximumRank` or the extents other than 0 multiply to
    ///   more than `maximumElementCount`: beside a 0, too, strides and partial products must not overflow.
    package init?(checking extents: [Int]) {
        guard extents.count <= Self.maximumRank else { return nil }
        var count = 1
        for extent in extents where extent != 0 {
            guard extent > 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= Self.maximumElementCount else { return nil }
            count = product
        }
        self.extents = extents
        elementCount = extents.contains(0) ? 0 : count
    }

    package static let scalar = Shape([])
    package static let maximumRank = 32
    /// Keeps byte counts (element count times 8) far from overflow.
    package static let maximumElementCount = 1 << 48

    package var rank: Int { extents.count }
    package subscript(axis: Int) -> Int { extents[axis] }

    /// Elements between neighbours along each axis, row-major.
    package var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * extents[axis + 1]
        }
        return strides
    }

    /// The product of the extents in `axes`.
    package func elementCount(in axes: Range<Int>) -> Int { extents[axes].reduce(1, *) }

    package func replacing(axis: Int, with extent: Int) -> Shape {
        var copy = extents
        copy[axis] = extent
        return Shape(copy)
    }

    package var description: String { "[" + extents.map(String.init).joined(separator: ",") + "]" }
}

extension Shape {
    /// Resolves an axis that may count from the end (`-1` is the last one).
    ///
    /// - Returns: nil when it lies outside `-rank ..< rank`.
    package static func resolve(axis: Int, rank: Int) -> Int? {
        let resolved = axis < 0 ? axis + rank : axis
        return (0..<max(rank, 0)).contains(resolved) ? resolved : nil
    }

    /// Multidirectional broadcasting of ONNX (and NumPy): extents are matched from the last axis; 1 stretches.
    ///
    /// - Returns: nil when two extents differ and neither is 1.
    package static func broadcast(_ left: Shape, _ right: Shape) -> Shape? {
        let rank = max(left.rank, right.rank)
        var result = [Int](repeating: 1, count: rank)
        for offset in 1...max(rank, 1) where offset <= rank {
            let a = offset <= left.rank ? left[left.rank - offset] : 1
            let b = offset <= right.rank ? right[right.rank - offset] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result[rank - offset] = a == 1 ? b : a
        }
        return Shape(checking: result)
    }
}
