import Foundation
import TensorCodecs
import Tensors
import Testing

@Suite("Pictures as tensors")
struct PictureTests {
    /// 2×2 pixels: (10,20,30) (40,50,60) / (70,80,90) (100,110,120).
    static let png = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGPkEpGTk5NjsbGxkZOTAwAKVgGqAUplOAAAAABJRU5ErkJggg==")!
    /// 8×8 pixels of (200,100,50).
    static let jpeg = Data(
        base64Encoded:
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAIAAgDAREAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDPr+Vz+2D/2Q=="
    )!

    private static func tensor(
        _ data: Data, _ format: Picture.Format, _ type: TensorType, _ scale: SampleScale = SampleScale(), limits: Picture.Limits = .init()
    ) throws -> Tensor {
        let layout = try #require(PictureLayout(type))
        return try data.withUnsafeBytes { bytes in
            try Picture(bytes, format, channels: layout.channels, limits: limits).tensor(layout, scale)
        }
    }

    private static func type(_ elementType: ElementType, _ extents: [Int?]) -> TensorType {
        TensorType(elementType, SymbolicShape(extents.map { $0.map(Dimension.known) ?? .unknown }))
    }

    @Test("a picture's samples are placed as the input has its axes")
    func layouts() throws {
        let samples: [UInt8] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]
        let last = try Self.tensor(Self.png, .png, Self.type(.uint8, [nil, nil, nil, 3]))
        #expect(last.shape == [1, 2, 2, 3] && last.values(UInt8.self) == samples)
        let flat = try Self.tensor(Self.png, .png, Self.type(.uint8, [2, 2, 3]))
        #expect(flat.shape == [2, 2, 3] && flat.values(UInt8.self) == samples)
        let first = try Self.tensor(Self.png, .png, Self.type(.uint8, [nil, 3, nil, nil]))
        #expect(first.shape == [1, 3, 2, 2] && first.values(UInt8.self) == [10, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120])
        let floats = try Self.tensor(Self.png, .png, Self.type(.float32, [1, 2, 2, 3]))
        #expect(floats.values(Float.self) == samples.map(Float.init))
        let grey = try Self.tensor(Self.png, .png, Self.type(.uint8, [nil, nil, nil, 1]))
        #expect(grey.shape == [1, 2, 2, 1])
        let alpha = try Self.tensor(Self.png, .png, Self.type(.uint8, [nil, nil, nil, 4]))
        #expect(alpha.values(UInt8.self)[3] == 255)
        let jpeg = try Self.tensor(Self.jpeg, .jpeg, Self.type(.uint8, [nil, nil, nil, 3]))
        #expect(jpeg.shape == [1, 8, 8, 3] && Array(jpeg.values(UInt8.self)[..<3]) == [200, 100, 50])
    }

    @Test("floats are moved and scaled, by all channels or by each")
    func scales() throws {
        var scale = SampleScale()
        (scale.mean, scale.scale) = ([10], [0.5])
        #expect(try Self.tensor(Self.png, .png, Self.type(.float32, [1, 2, 2, 3]), scale).values(Float.self)[..<3] == [0, 5, 10])
        (scale.mean, scale.scale) = ([10, 20, 30], [1, 2, 4])
        let planar = try Self.tensor(Self.png, .png, Self.type(.float32, [1, 3, 2, 2]), scale).values(Float.self)
        #expect(planar == [0, 30, 60, 90, 0, 60, 120, 180, 0, 120, 240, 360])
    }

    @Test("only inputs that look like pictures take one")
    func kinds() {
        for extents in [[], [3], [2, 3], [1, 2, 2, 2], [4, 224, 224, 3], [1, 1, 2, 2, 3]] as [[Int?]] {
            #expect(PictureLayout(Self.type(.uint8, extents)) == nil, "\(extents)")
        }
        #expect(PictureLayout(Self.type(.int32, [1, 2, 2, 3])) == nil)
        #expect(PictureLayout(TensorType(.uint8, nil)) == nil)
        #expect(PictureLayout(Self.type(.uint8, [nil, nil, nil, nil]))?.order == .channelsLast)
        // 3 channels last, although the first extent could be channels too.
        #expect(PictureLayout(Self.type(.uint8, [1, 3, 224, 3]))?.order == .channelsLast)
    }

    private static func reason(_ data: Data, _ format: Picture.Format, channels: Int, limits: Picture.Limits = .init()) -> String? {
        data.withUnsafeBytes { bytes in
            do throws(TensorCodecError) {
                let picture = try Picture(bytes, format, channels: channels, limits: limits)
                var samples = [UInt8](repeating: 0, count: picture.sampleCount)
                var result: String?
                samples.withUnsafeMutableBytes { samples in
                    do throws(TensorCodecError) { try picture.decode(into: samples) } catch { result = error.reason }
                }
                return result
            } catch {
                return error.reason
            }
        }
    }

    @Test("refuses what is no such picture, is too large, or has another size")
    func refuses() throws {
        #expect(Self.reason(Data(), .png, channels: 3) == "is empty, expected a PNG picture")
        #expect(Self.reason(Self.jpeg, .png, channels: 3)?.contains("cannot be decoded as a PNG picture") == true)
        #expect(Self.reason(Self.png, .jpeg, channels: 3)?.contains("cannot be decoded as a JPEG picture") == true)
        #expect(Self.reason(Self.jpeg, .jpeg, channels: 4) == "is a JPEG picture, which has no 4 channels")
        let small = Picture.Limits(pixelCount: 3)
        #expect(Self.reason(Self.png, .png, channels: 3, limits: small) == "is a PNG picture of 2 by 2 pixels; the limit is 3 pixels")
        #expect(throws: TensorCodecError.malformed("is a picture that is 2 pixels high, expected 4; resize it before it is sent")) {
            try Self.tensor(Self.png, .png, Self.type(.uint8, [1, 4, 4, 3]))
        }
    }

    @Test("a PNG that claims to be huge is refused by its header")
    func claims() {
        var bytes = Array(Self.png)
        for index in 16..<24 { bytes[index] = index % 4 == 0 ? 0x07 : 0xFF }
        #expect(Self.reason(Data(bytes), .png, channels: 3) != nil)
    }

    @Test("a picture cut off anywhere is refused", arguments: [(png, Picture.Format.png), (jpeg, .jpeg)])
    func cut(_ data: Data, _ format: Picture.Format) {
        // The last bytes end the file and hold no samples.
        for count in 0..<data.count - 20 {
            #expect(Self.reason(data.prefix(count), format, channels: 3) != nil, "the first \(count) bytes")
        }
    }
}
