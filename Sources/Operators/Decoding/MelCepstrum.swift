import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Mel-frequency cepstral coefficients: a spectrum summed in bands as wide as the ear hears them, its logarithm, and the cosine
/// transform of that.
///
/// - Shapes: spectrogram (squared magnitudes) [channels, windows, bins], sample rate (int32 scalar) → [channels, windows, coefficients].
/// - Numerics: in float64, rounded once.
/// - Source: TensorFlow operator Mfcc.
struct MelCepstrum: DynamicOperator {
    let upperLimit: Double
    let lowerLimit: Double
    let bandCount: Int
    let coefficientCount: Int
    var name: String { "Mfcc" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        upperLimit = Double(try reader.float("upper_frequency_limit", default: 4000))
        lowerLimit = Double(try reader.float("lower_frequency_limit", default: 20))
        bandCount = try reader.integer("filterbank_channel_count", default: 40)
        coefficientCount = try reader.integer("dct_coefficient_count", default: 13)
        guard (1...1 << 16).contains(bandCount), (1...bandCount).contains(coefficientCount), lowerLimit >= 0, upperLimit > lowerLimit else {
            throw .unsupported("Mfcc of \(coefficientCount) coefficients from \(bandCount) bands of \(lowerLimit) to \(upperLimit) Hz")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let spectrogram = try inputs.required(0, of: [.float32])
        _ = try inputs.required(1, of: [.int32])
        try ImageInputs.check(inputs, 0, [nil, nil, nil])
        let shape = SymbolicShape([spectrogram.shape?[0] ?? .unknown, spectrogram.shape?[1] ?? .unknown, .known(coefficientCount)])
        return [ValueFact(.float32, try shape.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0, 1]) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let spectrogram = try context.required(0), shape = spectrogram.shape
        let rate = try context.required(1).integers?.first ?? 0
        guard shape.rank == 3, shape[2] >= 2, rate > 0 else {
            throw OperatorError.invalidValue("a spectrogram of \(shape) at rate \(rate) has no bands")
        }
        let tables = ByteCount.sum(ByteCount.product(shape[2], 16), ByteCount.product(bandCount, 16 + 8 * coefficientCount))
        return try context.withScratch(tables) { () throws(OperatorError) in
            let bands = MelBands(bins: shape[2], rate: Double(rate), count: bandCount, lower: lowerLimit, upper: upperLimit)
            guard bands.last < shape[2] else {
                throw .invalidValue("a spectrogram of \(shape[2]) frequencies at rate \(rate) does not reach \(upperLimit) Hz")
            }
            let cosines = cosines()
            let spec = TensorSpec(.float32, [shape[0], shape[1], coefficientCount])
            let result = try context.makeTensor(spec) { bytes in
                let output = bytes.bindMemory(to: Float.self), input = spectrogram.baseAddress.assumingMemoryBound(to: Float.self)
                for row in 0..<shape[0] * shape[1] {
                    let levels = bands.sums(input + row * shape[2]).map { log(max($0, 1e-12)) }
                    for i in 0..<coefficientCount {
                        var sum = 0.0
                        for j in 0..<bandCount { sum += cosines[i * bandCount + j] * levels[j] }
                        output[row * coefficientCount + i] = Float(sum)
                    }
                }
            }
            return [.tensor(result)]
        }
    }

    private func cosines() -> [Double] {
        let norm = (2 / Double(bandCount)).squareRoot(), step = Double.pi / Double(bandCount)
        return (0..<coefficientCount).flatMap { i in (0..<bandCount).map { norm * cos(Double(i) * step * (Double($0) + 0.5)) } }
    }
}

/// Triangles over frequencies, evenly spaced in mel: each frequency counts in two of them.
private struct MelBands {
    private let first: Int
    let last: Int
    private let count: Int
    /// Of each frequency the band on whose falling side it lies (−1: before the first one's peak), and its share there.
    private let bands: [Int]
    private let shares: [Double]

    init(bins: Int, rate: Double, count: Int, lower: Double, upper: Double) {
        self.count = count
        func mel(_ frequency: Double) -> Double { 1127 * log1p(frequency / 700) }
        let low = mel(lower), spacing = (mel(upper) - low) / Double(count + 1)
        let centres = (0...count).map { low + spacing * Double($0 + 1) }
        let width = 0.5 * rate / Double(bins - 1)
        first = Int(min(1.5 + lower / width, 1e9))
        last = Int(min(upper / width, 1e9))
        var bands: [Int] = [], shares: [Double] = [], band = 0
        for bin in 0..<bins {
            let at = mel(Double(bin) * width)
            guard bin >= first, bin <= last else {
                bands.append(-2)
                shares.append(0)
                continue
            }
            while band < count, centres[band] < at { band += 1 }
            bands.append(band - 1)
            shares.append(band > 0 ? (centres[band] - at) / (centres[band] - centres[band - 1]) : (centres[0] - at) / (centres[0] - low))
        }
        self.bands = bands
        self.shares = shares
    }

    func sums(_ spectrum: UnsafePointer<Float>) -> [Double] {
        var sums = [Double](repeating: 0, count: count)
        guard first <= last else { return sums }
        for bin in first...last {
            let magnitude = Double(spectrum[bin]).squareRoot(), weighted = magnitude * shares[bin]
            if bands[bin] >= 0 { sums[bands[bin]] += weighted }
            if bands[bin] + 1 < count { sums[bands[bin] + 1] += magnitude - weighted }
        }
        return sums
    }
}
