import Tensors

/// The real numbers from `low` to `high` as the integers of a type from its lowest to its highest.
///
/// Two ways of computing exist side by side in TensorFlow, and their results differ in the last bit: number by number in float64, and
/// array-wise in float32.
struct QuantizedRange {
    let low: Float
    let high: Float
    let type: QuantizedType

    init(_ low: Float, _ high: Float, _ type: QuantizedType) {
        self.low = low
        self.high = high
        self.type = type
    }

    private var isPoint: Bool { low == high }

    // Number by number.

    /// The integer for a real number, which may lie outside the type.
    func integer(for real: Float) -> Int64 {
        guard !isPoint else { return type.lowest }
        let steps = Double(type.stepCount)
        let scale = steps / (Double(high - low) * (steps / (steps - 1)))
        let place = (Double(real) * scale).rounded(.toNearestOrAwayFromZero) - (Double(low) * scale).rounded(.toNearestOrAwayFromZero)
        // Sums of whole numbers far within 64 bits.
        return Int64(saturating: min(max(place, -0x1p62), 0x1p62)) &+ type.lowest
    }

    /// The real number that an integer stands for.
    func real(_ integer: Int64) -> Float {
        guard !isPoint else { return low }
        let steps = Double(type.stepCount)
        let scale = Double(high - low) * (steps / (steps - 1)) / steps
        let start = Double((low / Float(scale)).rounded(.toNearestOrAwayFromZero) * Float(scale))
        return Float(start + (Double(integer) - Double(type.lowest)) * scale)
    }

    // Array-wise.

    /// The real number that an integer stands for.
    struct Reader {
        private let scale: Float
        private let start: Float

        init(_ range: QuantizedRange) {
            scale = Float(Double(range.high - range.low) / (Double(range.type.stepCount) - 1))
            let rounded = range.isPoint ? range.low : (range.low / scale).rounded(.toNearestOrAwayFromZero) * scale
            start = rounded - Float(range.type.lowest) * scale
        }

        @inline(__always) func real(_ integer: Int64) -> Float { start + Float(integer) * scale }
    }

    /// The integer for a real number, limited to the type.
    struct Writer {
        private let scale: Float
        private let start: Float
        private let lower: Float
        private let upper: Float

        init(_ range: QuantizedRange) {
            scale = range.isPoint ? 0 : Float((Double(range.type.stepCount) - 1) / Double(range.high - range.low))
            start = (range.low * scale).rounded(.toNearestOrAwayFromZero) - Float(range.type.lowest)
            lower = Float(range.type.lowest)
            // The highest number of 32 bits is none of float32.
            upper = min(Float(range.type.highest), 2_147_483_520)
        }

        @inline(__always)
        func integer(for real: Float) -> Int64 {
            let place = (real * scale).rounded(.toNearestOrAwayFromZero) - start
            return Int64(saturating: Double(min(max(place, lower), upper)))
        }
    }

    var reader: Reader { Reader(self) }
    var writer: Writer { Writer(self) }

    /// The real step from an integer to the next.
    var step: Float { (high - low) / Float(type.highest - type.lowest) }

    /// The range of products of numbers of two ranges as integers of `type`.
    static func product(_ left: QuantizedRange, _ right: QuantizedRange, as type: QuantizedType) -> (low: Float, high: Float) {
        let step = left.step * right.step
        return (step * Float(type.lowest), step * Float(type.highest))
    }
}
