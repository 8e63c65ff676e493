/// Memory for what `DenseReader` knows of each level of nested lists: two integers a level.
///
/// A level is below the `maximumRank` of the limits that the memory was made for. Borrows the memory, which outlives it.
@safe struct ListLevels {
    /// The extent of each level, negative until its first list has ended.
    let extents: UnsafeMutablePointer<Int>
    /// How many elements the open list of each level has.
    let counts: UnsafeMutablePointer<Int>

    /// - Parameter memory: room for `wordCount(limits)` integers.
    init(_ memory: UnsafeMutablePointer<Int>, _ limits: TensorJSONLimits) {
        unsafe extents = memory
        unsafe counts = memory + limits.maximumRank
    }

    static func wordCount(_ limits: TensorJSONLimits) -> Int { 2 * limits.maximumRank }
}
