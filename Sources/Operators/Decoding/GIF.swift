import GraphIR
import Tensors

extension PictureFile {
    /// All frames of a GIF, or the first, each over the one before it: [frames, height, width, 3].
    func gif(firstOnly: Bool) throws(OperatorError) -> Tensor {
        let file = try GIFFile(contents, firstOnly: firstOnly)
        let shape = try Self.shape(frames: file.frames.count, height: file.height, width: file.width, channels: 3)
        let largest = file.frames.map { ByteCount.product($0.width, $0.height) }.max() ?? 0
        // One frame's colour numbers, and the tables of the decompressor.
        return try context.withScratch(ByteCount.sum(largest, 1 << 16)) { () throws(OperatorError) in
            let result = try context.makeTensor(TensorSpec(.uint8, shape)) { bytes in
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
            }
            defer { withExtendedLifetime(result) {} }
            let pixels = result.storage.baseAddress.assumingMemoryBound(to: UInt8.self), size = file.width * file.height * 3
            for (number, frame) in file.frames.enumerated() {
                try context.checkStop()
                let canvas = pixels + number * size
                if number > 0 { canvas.update(from: canvas - size, count: size) }
                try paint(frame, of: file, on: canvas)
            }
            return result
        }
    }

    private func paint(_ frame: GIFFile.Frame, of file: GIFFile, on canvas: UnsafeMutablePointer<UInt8>) throws(OperatorError) {
        let numbers = try frame.numbers()
        for (line, row) in frame.rows.enumerated() where row + frame.top < file.height {
            for column in 0..<frame.width where column + frame.left < file.width {
                let number = Int(numbers[line * frame.width + column])
                guard number != frame.transparent else { continue }
                guard 3 * number + 3 <= frame.colors.count else {
                    throw .invalidValue("the GIF uses colour \(number), its table has \(frame.colors.count / 3)")
                }
                let to = canvas + ((row + frame.top) * file.width + column + frame.left) * 3
                for c in 0..<3 { to[c] = frame.colors[3 * number + c] }
            }
        }
    }
}

/// The blocks of a GIF file (89a), nothing of them decompressed yet.
private struct GIFFile {
    struct Frame {
        let left: Int
        let top: Int
        let width: Int
        let height: Int
        let isInterlaced: Bool
        let colors: [UInt8]
        /// The colour number that shows what was there before; -1 for none.
        let transparent: Int
        let codeSize: Int
        let data: [UInt8]
    }

    let width: Int
    let height: Int
    let frames: [Frame]

    /// More frames than this are refused.
    private static let frameLimit = 1 << 16

    init(_ bytes: [UInt8], firstOnly: Bool) throws(OperatorError) {
        var reader = ByteReader(bytes)
        guard reader.skip(6), let width = reader.uint16(), let height = reader.uint16(), let flags = reader.byte(), reader.skip(2) else {
            throw Self.cut
        }
        self.width = width
        self.height = height
        let global = try Self.colors(flags, &reader)
        var frames: [Frame] = [], transparent = -1
        blocks: while let kind = reader.byte() {
            switch kind {
            case 0x2c:
                frames.append(try Self.frame(&reader, global, transparent))
                transparent = -1
                guard frames.count <= Self.frameLimit else { throw .invalidValue("the GIF has more than \(Self.frameLimit) frames") }
                if firstOnly { break blocks }
            case 0x21:
                guard let label = reader.byte() else { throw Self.cut }
                let data = try Self.blocks(&reader)
                if label == 0xf9, data.count >= 4 { transparent = data[0] & 1 == 1 ? Int(data[3]) : -1 }
            case 0x3b: break blocks
            default: throw .invalidValue("the GIF has a block of unknown kind \(kind)")
            }
        }
        guard !frames.isEmpty else { throw .invalidValue("the GIF has no frames") }
        self.frames = frames
    }

    private static let cut = OperatorError.invalidValue("the GIF contents end early")

    private static func colors(_ flags: Int, _ reader: inout ByteReader) throws(OperatorError) -> [UInt8] {
        guard flags & 0x80 != 0 else { return [] }
        guard let table = reader.take(3 << (flags % 8 + 1)) else { throw cut }
        return Array(table)
    }

    private static func frame(_ reader: inout ByteReader, _ global: [UInt8], _ transparent: Int) throws(OperatorError) -> Frame {
        guard let left = reader.uint16(), let top = reader.uint16(), let width = reader.uint16(), let height = reader.uint16(),
            let flags = reader.byte()
        else { throw cut }
        let own = try colors(flags, &reader)
        guard let codeSize = reader.byte() else { throw cut }
        guard (1...11).contains(codeSize) else { throw .invalidValue("the GIF has codes of \(codeSize) bits") }
        return Frame(
            left: left, top: top, width: width, height: height, isInterlaced: flags & 0x40 != 0, colors: own.isEmpty ? global : own,
            transparent: transparent, codeSize: codeSize, data: try blocks(&reader))
    }

    /// The contents of a row of sub-blocks.
    private static func blocks(_ reader: inout ByteReader) throws(OperatorError) -> [UInt8] {
        var data: [UInt8] = []
        while let count = reader.byte() {
            if count == 0 { return data }
            guard let block = reader.take(count) else { throw cut }
            data += block
        }
        throw cut
    }
}

extension GIFFile.Frame {
    /// Where each line of the data belongs.
    fileprivate var rows: [Int] {
        guard isInterlaced else { return Array(0..<height) }
        return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { first, step in Array(stride(from: first, to: height, by: step)) }
    }

    /// The colour numbers, decompressed (LZW with growing codes).
    fileprivate func numbers() throws(OperatorError) -> [UInt8] {
        let clear = 1 << codeSize, end = clear + 1, count = ByteCount.product(width, height)
        var output: [UInt8] = []
        output.reserveCapacity(count)
        // Of each code the code before its last number, that number, and how many numbers it stands for.
        var prefixes = [Int](repeating: -1, count: 4096), suffixes = [UInt8](repeating: 0, count: 4096)
        var lengths = [Int](repeating: 1, count: 4096)
        for code in 0..<min(clear, 4096) { suffixes[code] = UInt8(truncatingIfNeeded: code) }
        var bits = codeSize + 1, next = end + 1, previous = -1, buffer = 0, held = 0, position = 0
        while output.count < count {
            while held < bits {
                guard position < data.count else { throw .invalidValue("the GIF has too few pixels") }
                buffer |= Int(data[position]) << held
                held += 8
                position += 1
            }
            let code = buffer & ((1 << bits) - 1)
            buffer >>= bits
            held -= bits
            if code == clear {
                (bits, next, previous) = (codeSize + 1, end + 1, -1)
                continue
            }
            guard code != end else { throw .invalidValue("the GIF has too few pixels") }
            guard code < next || (code == next && previous >= 0), code != end, previous >= 0 || code < clear else {
                throw .invalidValue("the GIF uses code \(code) before it is defined")
            }
            let known = code < next ? code : previous
            let length = lengths[known], start = output.count
            output.append(contentsOf: repeatElement(0, count: length))
            var walk = known
            for place in stride(from: start + length - 1, through: start, by: -1) {
                output[place] = suffixes[walk]
                walk = prefixes[walk]
            }
            if code == next { output.append(output[start]) }
            if previous >= 0, next < 4096 {
                prefixes[next] = previous
                suffixes[next] = output[start]
                lengths[next] = lengths[previous] + 1
                next += 1
                if next == 1 << bits, bits < 12 { bits += 1 }
            }
            previous = code
        }
        return Array(output.prefix(count))
    }
}
