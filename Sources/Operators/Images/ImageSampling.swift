/// One axis of a resized image: where in the input each output position looks, in float32 as the reference computes it.
struct ImageSampling: Sendable {
    /// How output positions map to input places.
    enum Rule: Sendable {
        /// position · scale
        case legacy
        /// The same, with a scale that maps the last position onto the last.
        case alignedCorners
        /// (position + ½) · scale − ½
        case halfPixel
    }

    /// Between which two input positions an output position lies.
    struct Line: Sendable {
        let lower: Int
        let upper: Int
        let fraction: Float
    }

    /// Weighted input positions, those of output position i at `starts[i] ..< starts[i + 1]`.
    struct Taps: Sendable {
        var starts = [0]
        var places: [Int] = []
        var weights: [Float] = []

        @inline(__always) func range(_ position: Int) -> Range<Int> { starts[position]..<starts[position + 1] }
    }

    let input: Int
    let output: Int
    let rule: Rule
    let scale: Float

    init(input: Int, output: Int, rule: Rule) {
        self.input = input
        self.output = output
        self.rule = rule
        scale = rule == .alignedCorners && output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
    }

    private func place(_ position: Int) -> Float {
        rule == .halfPixel ? (Float(position) + 0.5) * scale - 0.5 : Float(position) * scale
    }

    private func bound(_ position: Int) -> Int { min(max(position, 0), input - 1) }

    var lines: [Line] {
        (0..<output).map { position in
            let place = place(position), floor = place.rounded(.down)
            return Line(lower: bound(Int(floor)), upper: bound(Int(place.rounded(.up))), fraction: place - floor)
        }
    }

    var nearest: [Int] {
        (0..<output).map { position in
            switch rule {
            case .alignedCorners: bound(Int((Float(position) * scale).rounded(.toNearestOrAwayFromZero)))
            case .halfPixel: bound(Int(((Float(position) + 0.5) * scale).rounded(.down)))
            case .legacy: bound(Int((Float(position) * scale).rounded(.down)))
            }
        }
    }

    /// How much of each input position an output position covers.
    var areaTaps: Taps {
        var taps = Taps()
        for position in 0..<output {
            let start = Float(position) * scale, end = Float(position + 1) * scale
            for place in Int(start.rounded(.down))..<max(Int(end.rounded(.up)), Int(start.rounded(.down))) {
                let at = Float(place)
                taps.places.append(bound(place))
                taps.weights.append(at < start ? (at + 1 > end ? scale : at + 1 - start) : at + 1 > end ? end - at : 1)
            }
            taps.starts.append(taps.places.count)
        }
        return taps
    }

    /// Steps in which cubic weights are tabulated.
    private static let cubicSteps = 1024

    /// - Parameter usesKeys: a = −½, and positions outside weigh nothing; otherwise a = −¾, and the border repeats.
    func cubicTaps(usesKeys: Bool) -> Taps {
        var taps = Taps()
        for position in 0..<output {
            let place = place(position), floor = place.rounded(.down), base = Int(floor)
            let step = Int(((place - floor) * Float(Self.cubicSteps)).rounded(.toNearestOrEven))
            var weights = [
                Self.cubicWeight(step, far: true, usesKeys), Self.cubicWeight(step, far: false, usesKeys),
                Self.cubicWeight(Self.cubicSteps - step, far: false, usesKeys),
                Self.cubicWeight(Self.cubicSteps - step, far: true, usesKeys),
            ]
            let places = (base - 1...base + 2).map(bound)
            if usesKeys {
                for tap in 0..<4 where places[tap] != base - 1 + tap { weights[tap] = 0 }
                let sum = weights.reduce(0, +)
                if abs(sum) >= 1000 * Float.leastNormalMagnitude { for tap in 0..<4 { weights[tap] *= 1 / sum } }
            }
            taps.places += places
            taps.weights += weights
            taps.starts.append(taps.places.count)
        }
        return taps
    }

    /// The weight of the nearer or the farther of two neighbours.
    private static func cubicWeight(_ step: Int, far: Bool, _ usesKeys: Bool) -> Float {
        let a = usesKeys ? -0.5 : -0.75
        let x = Double(step) / Double(cubicSteps)
        if far {
            let y = Float(x) + 1, b = Float(a)
            return ((b * y - 5 * b) * y + 8 * b) * y - 4 * b
        }
        let y = Float(x), b = Float(a)
        return ((b + 2) * y - (b + 3)) * y * y + 1
    }
}
