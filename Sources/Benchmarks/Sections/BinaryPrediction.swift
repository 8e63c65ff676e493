import Foundation
import TensorCodecs
import Tensors

/// A prediction over a picture's worth of floats, sent and answered as NumPy files, against the same as JSON.
struct BinaryPrediction: Comparison {
    /// The folder with the models of the tests.
    let fixtures: String

    private static let roundCount = 5
    private static let connectionCount = 4
    private static let shape: Shape = [1, 3, 48, 192]

    static func section(fixtures: String) -> Section {
        Section(
            title: "HTTP, binary", summary: "predictions over NumPy files, against JSON; thousands of requests", unit: .thousands,
            comparisons: [BinaryPrediction(fixtures: fixtures)])
    }

    var name: String { "ppocr_v2_cls, \(Self.connectionCount) connections" }
    var obstacle: String? { ServedModel.lines(fixtures, body: "").obstacle ?? DaemonUnderTest.obstacle(programs: ["wrk"]) }

    func measure(by race: Race) throws -> Outcome {
        let tensor = Tensor((0..<Self.shape.elementCount).map { Float($0 % 255) / 255 - 0.5 }, shape: Self.shape)
        let daemon = try DaemonUnderTest(ServedModel.lines(fixtures, body: ""))
        defer { daemon.stop() }
        let binary = try daemon.script(
            "binary", bytes: NumPyArray.header(of: tensor.spec) + tensor.withBytes { Array($0) }, contentType: "application/x-npy")
        let text = try daemon.script("text", body: "{\"inputs\":\(Self.json(tensor.values(), Self.shape.extents[...]))}")
        try daemon.waitUntilServing(binary)
        let seconds = max(1, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        var rounds: [Pace.Round] = []
        for _ in 0..<Self.roundCount {
            let reference = try daemon.requestsPerSecond(text, connectionCount: Self.connectionCount, seconds: seconds)
            let candidate = try daemon.requestsPerSecond(binary, connectionCount: Self.connectionCount, seconds: seconds)
            rounds.append(Pace.Round(candidate: 1e9 / candidate, reference: 1e9 / reference))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }

    private static func json(_ values: [Float], _ extents: ArraySlice<Int>) -> String {
        guard let count = extents.first else { return "\(values[0])" }
        let size = values.count / count
        let parts = (0..<count).map { json(Array(values[$0 * size..<($0 + 1) * size]), extents.dropFirst()) }
        return "[" + parts.joined(separator: ",") + "]"
    }
}
