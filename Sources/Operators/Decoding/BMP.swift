import GraphIR
import Tensors

extension PictureFile {
    /// Windows bitmaps of 8 (as grey), 24 or 32 bits a pixel without compression.
    ///
    /// - Parameter channels: 3 or 4, or 0 for those of the file.
    func bmp(channels: Int) throws(OperatorError) -> Tensor {
        let header = try BitmapHeader(contents)
        let wanted = channels == 0 ? header.channels : channels
        let shape = try Self.shape(frames: 1, height: header.height, width: header.width, channels: wanted)
        return try context.makeTensor(TensorSpec(.uint8, shape)) { output in
            contents.withUnsafeBufferPointer { bytes in
                for row in 0..<header.height {
                    let line = header.start + (header.isTopDown ? row : header.height - 1 - row) * header.stride
                    for column in 0..<header.width {
                        let from = line + column * header.channels, to = (row * header.width + column) * wanted
                        let isGray = header.channels == 1
                        output[to] = bytes[isGray ? from : from + 2]
                        if wanted > 1 {
                            output[to + 1] = bytes[isGray ? from : from + 1]
                            output[to + 2] = bytes[from]
                        }
                        if wanted == 4 { output[to + 3] = header.channels == 4 ? bytes[from + 3] : 255 }
                    }
                }
            }
        }
    }
}

private struct BitmapHeader {
    let start: Int
    let width: Int
    let height: Int
    let channels: Int
    let isTopDown: Bool
    /// Bytes of a row.
    let stride: Int

    init(_ bytes: [UInt8]) throws(OperatorError) {
        var reader = ByteReader(bytes)
        guard reader.skip(10), let start = reader.int32(), reader.skip(4), let width = reader.int32(), let height = reader.int32(),
            reader.skip(2), let bits = reader.uint16(), bytes.count >= 32
        else { throw .invalidValue("the BMP contents end within the header") }
        channels = bits / 8
        guard [1, 3, 4].contains(channels) else { throw .invalidValue("the BMP has \(bits) bits a pixel, expected 8, 24 or 32") }
        guard width > 0, height != 0, start >= 0, ByteCount.product(width, height.magnitude > 1 << 31 ? 1 << 31 : abs(height)) < 1 << 28
        else {
            throw .invalidValue("the BMP is \(width) by \(height) pixels, from byte \(start) on")
        }
        self.start = start
        self.width = width
        self.height = abs(height)
        isTopDown = height < 0
        stride = (channels * width + 3) / 4 * 4
        guard bytes.count == start + stride * self.height else {
            throw .invalidValue("the BMP has \(bytes.count) bytes, expected \(start + stride * self.height)")
        }
    }
}
