/// Which looks at the directories are still of use when they come back: they take their time, and may overtake each other.
struct LookSequence {
    struct Look {
        fileprivate let number: Int
        fileprivate let specificationNumber: Int
    }

    private var lookNumber = 0
    private var specificationNumber = 0
    private var acceptedNumber = 0

    /// Whether any look has come back in time.
    var hasAccepted: Bool { acceptedNumber > 0 }

    /// Looks that have begun are of no use any more.
    mutating func specificationChanged() { specificationNumber += 1 }

    mutating func begin() -> Look {
        lookNumber += 1
        return Look(number: lookNumber, specificationNumber: specificationNumber)
    }

    /// Whether what the look found holds: it is of the present specification, and none that began later has been accepted.
    mutating func accept(_ look: Look) -> Bool {
        guard look.specificationNumber == specificationNumber, look.number > acceptedNumber else { return false }
        acceptedNumber = look.number
        return true
    }
}
