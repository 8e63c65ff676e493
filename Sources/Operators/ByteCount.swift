/// Sizes of memory that models and requests decide, computed so that they stop at a limit instead of wrapping or trapping.
///
/// A kernel that would need `limit` bytes is compiled like any other, and refused when its memory is asked for.
enum ByteCount {
    /// More than any machine has; far enough from the end of `Int` for a graph's sizes to be added up.
    static let limit = 1 << 56

    /// The bytes of as many elements as `counts` say in all; none of them is negative.
    static func of<Scalar>(_: Scalar.Type, _ counts: Int...) -> Int {
        product(sum(counts), MemoryLayout<Scalar>.stride)
    }

    static func sum(_ counts: Int...) -> Int { sum(counts) }

    static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? limit : min(product, limit)
    }

    /// `count` rounded up to a multiple of `alignment`.
    static func aligned(_ count: Int, to alignment: Int) -> Int { (min(count, limit) + alignment - 1) / alignment * alignment }

    private static func sum(_ counts: [Int]) -> Int { counts.reduce(0) { min($0 + min($1, limit), limit) } }
}
