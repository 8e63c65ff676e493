import TensorCodecs
import Tensors

/// NumPy files, archives of them, and pictures, as bodies of requests: read with limits, or refused.
enum TensorCodecFuzzing {
    /// What the members of an archive may inflate to.
    private static let byteLimit = 1 << 16

    static func archiveViolation(_ input: [UInt8]) -> String? {
        Pieces.withExactMemory(input) { bytes in
            if let tensor = array(bytes) {
                guard tensor.spec.byteCount <= input.count else { return "\(input.count) bytes are read as \(tensor.spec)" }
                let again = NumPyArray.header(of: tensor.spec) + tensor.withBytes { Array($0) }
                guard let same = Pieces.withExactMemory(again, array), same.hasEqualContents(tensor) else {
                    return "\(tensor.spec) is written as something else"
                }
            }
            do throws(TensorCodecError) {
                let members = try NumPyArchive.read(bytes, byteLimit: byteLimit) { _ in nil }
                let byteCount = members.reduce(0) { $0 + $1.tensor.spec.byteCount }
                return byteCount <= byteLimit ? nil : "\(byteCount) bytes are read, the limit is \(byteLimit)"
            } catch {
                return error.reason.isEmpty ? "a refusal without a reason" : nil
            }
        }
    }

    private static func array(_ bytes: UnsafeRawBufferPointer) -> Tensor? {
        do throws(TensorCodecError) { return try NumPyArray.read(bytes) } catch { return nil }
    }

    /// The first byte chooses the format: 0 for PNG, others for JPEG.
    static func pictureViolation(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let limits = Picture.Limits(pixelCount: 1 << 14, workingByteCount: 1 << 24)
        for channels in [1, 3, 4] {
            let found = Pieces.withExactMemory(input.dropFirst()) { bytes -> String? in
                do throws(TensorCodecError) {
                    let picture = try Picture(bytes, first == 0 ? .png : .jpeg, channels: channels, limits: limits)
                    guard picture.width * picture.height <= limits.pixelCount else {
                        return "\(picture.width)×\(picture.height) pixels are read"
                    }
                    let type = TensorType(.float32, SymbolicShape([.unknown, .known(channels), .unknown, .unknown]))
                    guard let layout = PictureLayout(type) else { return "\(type) takes no picture" }
                    let tensor = try picture.tensor(layout, SampleScale())
                    return tensor.elementCount == picture.sampleCount ? nil : "\(tensor.spec) for \(picture.sampleCount) samples"
                } catch {
                    return error.reason.isEmpty ? "a refusal without a reason" : nil
                }
            }
            if let found { return found }
        }
        return nil
    }
}
