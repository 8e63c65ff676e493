import Foundation

/// Numbers as clients write them.
enum TensorTexts {
    /// How a client spells a number.
    enum Spelling: String {
        /// The fewest digits that give the same float.
        case shortest = "shortest"
        /// As many digits as every float needs, whether this one does or not.
        case nineDigits = "9 digits"
        /// A float widened to double and written as the shortest text of that double, 16 or 17 digits: Python's `json.dumps` of
        /// a NumPy array's `tolist()`.
        case widened = "17 digits"
        /// Rounded by the client to save bytes.
        case fourDecimals = "4 decimals"
        /// Whole numbers 0 to 255.
        case pixels = "pixels"
        /// Whole numbers 0 to 16 as floats.
        case levels = "levels"

        /// How images are written.
        static let ofImages: [Spelling] = [.widened, .fourDecimals, .shortest, .nineDigits, .pixels]

        func text(_ value: Float) -> String {
            switch self {
            case .shortest: "\(value)"
            case .nineDigits: String(format: "%.9g", value)
            case .widened: "\(Double(value))"
            case .fourDecimals: String(format: "%.4f", value)
            case .pixels: "\(Int(abs(value) * 255))"
            case .levels: "\(Int(abs(value) * 16)).0"
            }
        }
    }

    /// A predict request whose only tensor holds `values` in row-major order.
    static func body(_ values: some Sequence<Float>, extents: [Int], spelling: Spelling) -> [UInt8] {
        var text = "{\"instances\":"
        var iterator = values.makeIterator()
        append(&iterator, extents[...], spelling, to: &text)
        return Array((text + "}").utf8)
    }

    private static func append(
        _ values: inout some IteratorProtocol<Float>, _ extents: ArraySlice<Int>, _ spelling: Spelling, to text: inout String
    ) {
        guard let extent = extents.first else {
            text += spelling.text(values.next() ?? 0)
            return
        }
        text += "["
        for index in 0..<extent {
            if index > 0 { text += "," }
            append(&values, extents.dropFirst(), spelling, to: &text)
        }
        text += "]"
    }
}
