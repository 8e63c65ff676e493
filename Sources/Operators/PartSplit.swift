/// Equal units of work in a row, cut into parts that are each worth the trouble of handing them to another thread.
struct PartSplit: Sendable {
    /// Parts; at least 1.
    let count: Int
    private let unitCount: Int
    private let unitsInPart: Int

    /// More parts than threads, so that no thread waits long for the last one.
    private static let maximumCount = 64
    /// About a few microseconds.
    private static let leastOperations = 65536.0

    /// - Parameter operations: multiplications (or what takes as long) of all units together.
    init(units unitCount: Int, operations: Double) {
        let limit = min(Double(Self.maximumCount), operations / Self.leastOperations)
        let wanted = max(min(unitCount, Int(limit)), 1)
        self.unitCount = unitCount
        unitsInPart = max((unitCount + wanted - 1) / wanted, 1)
        count = max((unitCount + unitsInPart - 1) / unitsInPart, 1)
    }

    /// Elements that an element-wise function takes as one unit.
    static let unitElements = 1024

    /// For an element-wise function; an element counts as two operations.
    init(elements count: Int) {
        self.init(units: (count + Self.unitElements - 1) / Self.unitElements, operations: 2 * Double(count))
    }

    /// One part of everything.
    static let whole = PartSplit(units: 1, operations: 0)

    func units(of part: Int) -> Range<Int> {
        min(part * unitsInPart, unitCount)..<min((part + 1) * unitsInPart, unitCount)
    }

    /// The elements of part `part` when a unit is `unit` elements, of `total` in all.
    func elements(of part: Int, unit: Int, total: Int) -> Range<Int> {
        let units = units(of: part)
        return min(units.lowerBound * unit, total)..<min(units.upperBound * unit, total)
    }
}
