import HTTPCore

/// Content must inflate alike however it is cut, within its limit; and what is compressed must come back.
enum InflateFuzzing {
    private static let limit = 64 * 1024

    private enum Ending: Equatable {
        case complete([UInt8])
        case truncated, corrupt, tooLarge, outOfMemory

        init(_ fault: InflateFault) {
            switch fault {
            case .truncated: self = .truncated
            // Where zlib notices may differ by some bytes with the cut.
            case .corrupt: self = .corrupt
            case .tooLarge: self = .tooLarge
            case .outOfMemory: self = .outOfMemory
            }
        }
    }

    static func violation(_ input: [UInt8]) -> String? {
        guard let inflater = try? Inflater(), let deflater = Deflater(level: 1) else { return "no memory for zlib" }
        for coding in ContentCoding.allCases {
            let whole = inflate([input[...]], coding, inflater)
            if whole.byteCount > limit + 1 { return "\(coding): \(whole.byteCount) bytes were made with a limit of \(limit)" }
            for pieces in [Pieces.scattered(input, longest: 9, seed: 0), Pieces.scattered(input, longest: 300, seed: 1)] {
                let cut = inflate(pieces, coding, inflater)
                if cut.ending != whole.ending { return "\(coding) in pieces of \(pieces.map(\.count)): \(cut); as a whole: \(whole)" }
            }
        }
        var packed = ByteBuffer()
        guard input.withUnsafeBytes({ deflater.compress($0, into: &packed, maxByteCount: input.count + 1024) }) else {
            return "\(input.count) bytes grow by more than 1024 when they are compressed"
        }
        let back = inflate([Array(packed.bytes)[...]], .gzip, inflater)
        return input.count > limit || back.ending == .complete(input) ? nil : "what was compressed comes back as \(back)"
    }

    private static func inflate(
        _ pieces: [ArraySlice<UInt8>], _ coding: ContentCoding, _ inflater: Inflater
    ) -> (ending: Ending, byteCount: Int) {
        var output = ByteBuffer()
        inflater.begin(coding)
        do throws(InflateFault) {
            for piece in pieces {
                let fault = Pieces.withExactMemory(piece) { bytes -> InflateFault? in
                    do throws(InflateFault) {
                        try inflater.inflate(bytes, into: &output, limit: limit)
                        return nil
                    } catch {
                        return error
                    }
                }
                if let fault { throw fault }
            }
            try inflater.finish()
        } catch {
            return (Ending(error), output.count)
        }
        return (.complete(Array(output.bytes)), output.count)
    }
}
