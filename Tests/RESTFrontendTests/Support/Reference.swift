import Foundation

/// The contract's rules in terms of the C library.
enum Reference {
    static func text(_ value: Float) -> String {
        text(Double(value), digits: 9) { Float($0) == value }
    }

    static func text(_ value: Double) -> String {
        text(value, digits: 17) { Double($0) == value }
    }

    private static func text(_ value: Double, digits: Int, readsBack: (String) -> Bool) -> String {
        var text = String(format: "%.6g", value)
        if !readsBack(text) { text = String(format: "%.\(digits)g", value) }
        return text.contains(where: { ".e".contains($0) }) ? text : text + ".0"
    }
}

/// A generator whose numbers are the same in every run (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
