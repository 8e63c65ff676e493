extension [Duration] {
    /// Of an ascending list, the smallest duration in milliseconds that `percent` of all do not exceed (nearest rank); 0 of none.
    func percentile(_ percent: Int) -> Double {
        guard !isEmpty else { return 0 }
        let rank = (count * percent + 99) / 100
        return self[Swift.max(0, rank - 1)].milliseconds
    }
}

extension Duration {
    var milliseconds: Double { Double(attoseconds) / 1e15 }
}
