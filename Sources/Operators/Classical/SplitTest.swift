/// A branch's comparison as walks make it: whether a feature is at most a threshold.
///
/// Every comparison of ai.onnx.ml is such a test, its inverse, or a few of them (`Decision`).
struct SplitTest<Number: BinaryFloatingPoint>: Equatable {
    let threshold: Number
    /// Whether a missing feature (NaN) counts as at most the threshold.
    let raisesMissing: Bool
    /// Whether the test holds where the feature is *not* at most the threshold.
    let isInverted: Bool
    /// Whether the threshold is the one below that of the comparison: features of a wider type have others in between.
    let isLowered: Bool

    private init(_ threshold: Number, raisesMissing: Bool, isInverted: Bool, isLowered: Bool = false) {
        // What only missing features pass is the inverse of what all others pass: no row's feature is at most NaN.
        let isForMissingOnly = threshold.isNaN && raisesMissing
        self.threshold = isForMissingOnly ? .infinity : threshold
        self.raisesMissing = raisesMissing && !isForMissingOnly
        self.isInverted = isInverted != isForMissingOnly
        self.isLowered = isLowered && !isForMissingOnly
    }

    /// feature ≤ threshold; like all of these false for a threshold of NaN, and for missing features what `missing` says.
    static func atMost(_ threshold: Number, missing: Bool) -> SplitTest {
        SplitTest(threshold, raisesMissing: missing, isInverted: false)
    }

    /// feature < threshold
    static func below(_ threshold: Number, missing: Bool) -> SplitTest {
        SplitTest(next(below: threshold), raisesMissing: missing, isInverted: false, isLowered: true)
    }

    /// feature > threshold
    static func above(_ threshold: Number, missing: Bool) -> SplitTest {
        SplitTest(threshold.isNaN ? .infinity : threshold, raisesMissing: !missing, isInverted: true)
    }

    /// feature ≥ threshold
    static func atLeast(_ threshold: Number, missing: Bool) -> SplitTest {
        guard !threshold.isNaN else { return above(threshold, missing: missing) }
        return SplitTest(next(below: threshold), raisesMissing: !missing, isInverted: true, isLowered: true)
    }

    /// The feature is missing.
    static var isMissing: SplitTest { atMost(.nan, missing: true) }

    /// The largest number below `threshold`; NaN, which nothing is at most, where there is none.
    private static func next(below threshold: Number) -> Number {
        threshold == -.infinity ? .nan : threshold.nextDown
    }
}

/// What a branch decides, in tests.
indirect enum Decision<Number: BinaryFloatingPoint> {
    case outcome(Bool)
    case test(SplitTest<Number>, holds: Decision, fails: Decision)

    init(_ node: TreeDescription.Node, _ comparison: TreeDescription.Comparison) {
        let threshold = Number(node.threshold), missing = node.tracksMissing
        switch comparison {
        case .lessOrEqual: self = .single(.atMost(threshold, missing: missing))
        case .less: self = .single(.below(threshold, missing: missing))
        case .greaterOrEqual: self = .single(.atLeast(threshold, missing: missing))
        case .greater: self = .single(.above(threshold, missing: missing))
        case .equal: self = .member([threshold], missing: missing)
        // A missing feature differs from every number.
        case .notEqual: self = .member([threshold], missing: false, isInverted: true)
        case .member: self = .member(node.members.map { Number($0) }, missing: missing)
        }
    }

    private static func single(_ test: SplitTest<Number>) -> Decision {
        .test(test, holds: .outcome(true), fails: .outcome(false))
    }

    private static func member(_ numbers: [Number], missing: Bool, isInverted: Bool = false) -> Decision {
        var members: [Number] = []
        for number in numbers.filter({ !$0.isNaN }).sorted() where number != members.last { members.append(number) }
        let search = search(members[...], isInverted: isInverted)
        return missing ? .test(.isMissing, holds: .outcome(true), fails: search) : search
    }

    /// Looks for the least member that the feature does not exceed.
    private static func search(_ members: ArraySlice<Number>, isInverted: Bool) -> Decision {
        let found = Decision.outcome(!isInverted), notFound = Decision.outcome(isInverted)
        guard let first = members.first else { return .test(.atMost(.nan, missing: false), holds: found, fails: notFound) }
        guard members.count > 1 else {
            let isBelow = Decision.test(.below(first, missing: false), holds: notFound, fails: found)
            return .test(.atMost(first, missing: false), holds: isBelow, fails: notFound)
        }
        let middle = members.startIndex + members.count / 2
        return .test(
            .atMost(members[middle - 1], missing: false), holds: search(members[..<middle], isInverted: isInverted),
            fails: search(members[middle...], isInverted: isInverted))
    }
}
