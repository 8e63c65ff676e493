import Foundation
import RESTFrontend
import Synchronization
import TensorCodecs
import Tensors
import Testing

@Suite("Predictions without JSON")
struct BinaryRequestTests {
    private static let path = "/v1/models/half_plus_two:predict"
    private static let input = Tensor([1, 2, 5, 3, 4, 6] as [Float], shape: [2, 3])
    private static let output = Tensor([2.5, 3, 4.5, 3.5, 4, 5] as [Float], shape: [2, 3])

    private static func npy(_ tensor: Tensor) -> [UInt8] { NumPyArray.header(of: tensor.spec) + tensor.withBytes { Array($0) } }

    private static func npz(_ tensors: [(String, Tensor)]) throws -> [UInt8] {
        var writer = NumPyArchiveWriter(), bytes: [UInt8] = []
        for (name, tensor) in tensors { bytes += try writer.begin(name, tensor.view) + tensor.withBytes { Array($0) } }
        return bytes + writer.end()
    }

    /// As `npz`, for tables.
    private static func archive(_ tensors: [(String, Tensor)]) -> [UInt8] {
        do { return try npz(tensors) } catch {
            Issue.record(error)
            return []
        }
    }

    private static func tensor(_ data: Data) throws -> Tensor { try data.withUnsafeBytes { try NumPyArray.read($0) } }

    @Test("a NumPy file is answered by one, an archive by an archive, elements by elements", arguments: [false, true])
    func forms(atOnce: Bool) async throws {
        let server = try LiveServer()
        server.backend.answersAtOnce.withLock { $0 = atOnce }
        let npy = try await server.request("POST", Self.path, bytes: Self.npy(Self.input), headers: ["Content-Type": "application/x-npy"])
        #expect(npy.status == 200 && npy.headers["content-type"] == "application/x-npy" && npy.headers["apus-model-version"] == "1")
        #expect(try Self.tensor(npy.body).hasEqualContents(Self.output))

        for name in ["x", "arr_0"] {
            let npz = try await server.request(
                "POST", Self.path, bytes: try Self.npz([(name, Self.input)]), headers: ["Content-Type": "application/x-npz; v=1"])
            #expect(npz.status == 200 && npz.headers["content-type"] == "application/x-npz")
            let members = try npz.body.withUnsafeBytes { try NumPyArchive.read($0, byteLimit: 1 << 20) { _ in nil } }
            #expect(members.map(\.name) == ["y"] && members[0].tensor.hasEqualContents(Self.output))
        }
        let raw = try await server.request(
            "POST", Self.path, bytes: Self.input.withBytes { Array($0) },
            headers: ["Content-Type": "application/octet-stream", "Apus-Tensor-Shape": "2,3"])
        #expect(raw.status == 200 && raw.headers["content-type"] == "application/octet-stream")
        #expect(raw.headers["apus-tensor-shape"] == "2,3" && raw.headers["apus-tensor-type"] == "float32")
        #expect(raw.headers["apus-tensor-name"] == "y" && Array(raw.body) == Self.output.withBytes { Array($0) })
        await server.stop()
    }

    @Test(
        "Accept chooses the response's content, whatever the request's",
        arguments: [
            ("application/x-npy", "application/x-npy"), ("application/x-npz", "application/x-npz"),
            ("application/octet-stream", "application/octet-stream"), ("*/*", "application/json"), ("text/html", "application/json"),
            ("application/json;q=0.5, application/x-npy", "application/x-npy"), ("application/x-npy;q=0.1, */*", "application/json"),
            ("APPLICATION/X-NPY", "application/x-npy"), ("application/x-npy;q=0", "application/json"), ("", "application/json"),
        ])
    func accept(_ accept: String, _ type: String) async throws {
        let server = try LiveServer()
        let answer = try await server.request("POST", Self.path, body: #"{"instances": [[1, 2, 5]]}"#, headers: ["Accept": accept])
        #expect(answer.status == 200 && answer.headers["content-type"] == type, "\(accept)")
        let json = try await server.request(
            "POST", Self.path, bytes: Self.npy(Self.input), headers: ["Content-Type": "application/x-npy", "Accept": "application/json"])
        #expect(json.text == "{\"outputs\":[[2.5,3.0,4.5],[3.5,4.0,5.0]]}\n")
        await server.stop()
    }

    @Test("a picture becomes the input of its signature, and is answered as an instance is")
    func pictures() async throws {
        let png = Data(
            base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGPkEpGTk5NjsbGxkZOTAwAKVgGqAUplOAAAAABJRU5ErkJggg==")!
        let server = try LiveServer()
        var headers = ["Content-Type": "image/png", "Apus-Signature-Name": "picture"]
        let answer = try await server.request("POST", Self.path, bytes: Array(png), headers: headers)
        #expect(answer.text == "{\"predictions\":[[[[7.0,12.0,17.0],[22.0,27.0,32.0]],[[37.0,42.0,47.0],[52.0,57.0,62.0]]]]}\n")
        headers["Apus-Image-Mean"] = "10, 20, 30"
        headers["Apus-Image-Scale"] = "2"
        let scaled = try await server.request("POST", Self.path, bytes: Array(png), headers: headers)
        #expect(scaled.text == "{\"predictions\":[[[[2.0,2.0,2.0],[32.0,32.0,32.0]],[[62.0,62.0,62.0],[92.0,92.0,92.0]]]]}\n")
        headers["Apus-Image-Mean"] = "1,2"
        let wrong = try await server.request("POST", Self.path, bytes: Array(png), headers: headers)
        #expect(try wrong.error == "the header Apus-Image-Mean has 2 numbers; expected one, or one for each of 3 channels")
        await server.stop()
    }

    struct Refusal: CustomTestStringConvertible {
        let testDescription: String
        var type = "application/x-npy"
        var headers: [String: String] = [:]
        var bytes: [UInt8] = []
        let says: String
    }

    private static let refusals: [Refusal] = [
        Refusal(testDescription: "no NumPy file", bytes: Array("[1, 2, 5]".utf8), says: "the request body is no .npy file"),
        Refusal(testDescription: "an empty body", says: "the request body is no .npy file"),
        Refusal(
            testDescription: "another element type", bytes: npy(Tensor([1, 2, 3] as [Double], shape: [1, 3])),
            says: "input \"x\" is float64, expected float32"),
        Refusal(testDescription: "a file that is cut off", bytes: npy(input).dropLast(), says: "has 23 bytes of elements"),
        Refusal(testDescription: "no archive", type: "application/x-npz", bytes: [1, 2, 3], says: "the request body is no ZIP archive"),
        Refusal(
            testDescription: "an archive with another name", type: "application/x-npz", bytes: archive([("q", input)]),
            says: "has a member \"q.npy\", but the signature's inputs are \"x\""),
        Refusal(
            testDescription: "one tensor for two inputs", headers: ["Apus-Signature-Name": "pair"], bytes: npy(input),
            says: "send them as application/x-npz or JSON"),
        Refusal(
            testDescription: "an archive that lacks an input", type: "application/x-npz", headers: ["Apus-Signature-Name": "pair"],
            bytes: archive([("x", input)]), says: "has no tensor for input \"image\""),
        Refusal(
            testDescription: "a number for an input of strings", type: "application/octet-stream",
            headers: ["Apus-Signature-Name": "text", "Apus-Tensor-Shape": ""], bytes: [1], says: "which have no raw form"),
        Refusal(
            testDescription: "too few elements", type: "application/octet-stream", headers: ["Apus-Tensor-Shape": "1,3"], bytes: [1, 2],
            says: "has 2 bytes, float32[1,3] needs 12"),
        Refusal(
            testDescription: "a shape that is none", type: "application/octet-stream", headers: ["Apus-Tensor-Shape": "1,-3"],
            says: "the header Apus-Tensor-Shape is \"1,-3\"; expected"),
        Refusal(
            testDescription: "a shape that no memory holds", type: "application/octet-stream",
            headers: ["Apus-Tensor-Shape": "9999999999,9999999999"], says: "the header Apus-Tensor-Shape"),
        Refusal(
            testDescription: "a type that is none", type: "application/octet-stream",
            headers: ["Apus-Tensor-Shape": "3", "Apus-Tensor-Type": "FP32"],
            says: "the header Apus-Tensor-Type is \"FP32\"; expected one of float32,"),
        Refusal(testDescription: "a picture for another input", type: "image/png", bytes: [1], says: "which takes no picture"),
        Refusal(
            testDescription: "no picture", type: "image/jpeg", headers: ["Apus-Signature-Name": "picture"], bytes: [1, 2, 3],
            says: "the request body cannot be decoded as a JPEG picture"),
        Refusal(
            testDescription: "an unknown signature", headers: ["Apus-Signature-Name": "q"], says: "Serving signature name: \"q\" not found"),
        Refusal(testDescription: "an unknown output", headers: ["Apus-Outputs-Filter": "q"], says: "output tensor alias not found"),
        Refusal(
            testDescription: "an output without a name", headers: ["Apus-Outputs-Filter": "y,,"], says: "the header Apus-Outputs-Filter"),
    ]

    @Test("what cannot be read is refused with 400, saying what was found and what was expected", arguments: refusals)
    func refuses(_ refusal: Refusal) async throws {
        let server = try LiveServer()
        var headers = refusal.headers
        headers["Content-Type"] = refusal.type
        let answer = try await server.request("POST", Self.path, bytes: refusal.bytes, headers: headers)
        #expect(answer.status == 400 && answer.headers["content-type"] == "application/json")
        #expect(try answer.error?.contains(refusal.says) == true, "\(answer.text)")
        await server.stop()
    }

    @Test("elements without a shape are taken for what TensorFlow Serving takes them for: JSON")
    func untypedBytes() async throws {
        let server = try LiveServer()
        let answer = try await server.request(
            "POST", Self.path, body: #"{"instances": [[1, 2, 5]]}"#, headers: ["Content-Type": "application/octet-stream"])
        #expect(answer.text == "{\"predictions\":[[2.5,3.0,4.5]]}\n")
        await server.stop()
    }

    @Test("a small file of many pixels is decoded away from the loop, in time or not at all")
    func heavy() async throws {
        // 640×640 pixels of nothing.
        let png = Array(
            Data(
                base64Encoded:
                    "iVBORw0KGgoAAAANSUhEUgAAAoAAAAKAAQAAAAAktvSOAAAASElEQVR42u3BAQEAAACCIP+vbkhAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB8GcqAAAFgPMuIAAAAAElFTkSuQmCC"
            )!)
        let executor = FakeExecutor(runsAtOnce: true)
        let server = try LiveServer(executor: executor)
        let headers = ["Content-Type": "image/png", "Apus-Signature-Name": "picture", "Accept": "application/x-npy"]
        let answer = try await server.request("POST", Self.path, bytes: png, headers: headers)
        #expect(answer.status == 200 && executor.deadlines.count == 1)
        #expect(try Self.tensor(answer.body).shape == [1, 640, 640, 3])
        await server.stop()

        let busy = FakeExecutor()
        let late = try LiveServer(executor: busy)
        async let expired = late.request("POST", Self.path, bytes: png, headers: headers)
        while busy.waitingCount == 0 { await Task.yield() }
        busy.expireWaiting()
        #expect(try await expired.status == 504)
        await late.stop()
    }
}
