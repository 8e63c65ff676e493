import ModelFormats
import ProtobufWire
import Testing

/// Bytes that are not what an exporter wrote: every result is a model or an error, never a trap.
@Suite("Damaged model files")
struct DamagedModelTests {
    @Test("every prefix of a model is refused, or is a model where it ends between fields")
    func prefixes() throws {
        let bytes = sampleModel().bytes
        let folder = try TemporaryFolder()
        var refused = 0
        for count in 0..<bytes.count {
            let path = try folder.write(Array(bytes.prefix(count)), to: "model.onnx")
            do { _ = try ONNXImporter().load(path: path) } catch { refused += 1 }
        }
        #expect(refused >= bytes.count - 2, "only without the function, which then is missing, could a prefix be whole")
    }

    @Test("every single flipped bit gives a model or an error")
    func flippedBits() throws {
        let bytes = sampleModel().bytes
        let folder = try TemporaryFolder()
        var refused = 0
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1 << (index % 8)
            let path = try folder.write(damaged, to: "model.onnx")
            do { _ = try ONNXImporter().load(path: path) } catch { refused += 1 }
        }
        #expect(refused > bytes.count / 4)
    }

    @Test("several random bytes at once give a model or an error")
    func randomBytes() throws {
        let bytes = sampleModel().bytes
        let folder = try TemporaryFolder()
        var generator = SplitMix(state: 20_260)
        var refused = 0
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<(1 + Int(generator.next() % 6)) {
                damaged[Int(generator.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            let path = try folder.write(damaged, to: "model.onnx")
            do { _ = try ONNXImporter().load(path: path) } catch { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test("a cut-off file is called that, with the byte and the place")
    func message() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array(sampleModel().bytes.prefix(100)), to: "model.onnx")
        let error = try #require(throws: ImportError.self) { try ONNXImporter().load(path: path) }
        #expect(error.description.contains("model \"\(path)\""))
        #expect(error.description.contains("the file (100 bytes) is damaged, cut off or not ONNX"))
    }
}

/// A small generator with a fixed start, so that a failure repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
