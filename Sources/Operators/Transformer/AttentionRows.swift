import GraphIR

extension RowInputs {
    /// Batch entries of an attention, whose input 0 is the queries, are computed one by one, where all that belongs to an entry
    /// comes with it.
    ///
    /// - Parameters:
    ///   - entries: inputs that hold something of each entry.
    ///   - mask: as `AttentionMask` reads it.
    ///   - addend: of the scores, [B or 1, …].
    func attentionEntries(_ entries: [Int], mask: Int? = nil, addend: Int? = nil) -> RowFlow {
        guard hasKnownShapes, let batch = extents(0)?.first else { return .mixed(RowReason.unknown) }
        var parts = entries
        if let addend, let extents = extents(addend), extents[0] != 1 || axis(addend) != nil { parts.append(addend) }
        if let mask, let extents = extents(mask), extents != [1, 1] || axis(mask) != nil {
            // A list may hold more than one number for each entry, each kind of them behind the other.
            guard extents.first == batch else { return .mixed(RowReason.joined) }
            parts.append(mask)
        }
        return entrywise(parts)
    }
}
