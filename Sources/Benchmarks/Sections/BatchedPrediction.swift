import Foundation

/// Predictions of many clients, each waiting for its response before it asks again, batched as by default against the best of several
/// fixed settings; and the latency of a single client with batching against that without.
struct BatchedPrediction: Comparison {
    let model: ServedModel
    let connectionCount: Int
    private let candidate: String
    private let references: [String]

    private static let roundCount = 5

    /// The default policy against fixed ones, of 64 clients.
    static func crowd(_ model: ServedModel) -> BatchedPrediction {
        BatchedPrediction(
            model: model, connectionCount: 64, candidate: "",
            references: [1, 8, 32, 64].flatMap { size in ["0us", "1ms"].map { "max_batch_size: \(size), timeout: \($0)" } })
    }

    /// The default policy against no batching, of one client.
    static func single(_ model: ServedModel) -> BatchedPrediction {
        BatchedPrediction(model: model, connectionCount: 1, candidate: "", references: ["enabled: false"])
    }

    /// A target of 20 ms, so large that nothing holds batches back, against the default.
    static func target(_ model: ServedModel) -> BatchedPrediction {
        BatchedPrediction(model: model, connectionCount: 64, candidate: "target_latency: 20ms", references: [""])
    }

    static func section(models: String, fixtures: String) -> Section {
        let served = [ServedModel.digits(models), ServedModel.transformer(fixtures)]
        return Section(
            title: "Batching", summary: "the default policy against the best fixed one; thousands of requests", unit: .thousands,
            comparisons: served.map(crowd) + served.map(single) + served.map(target))
    }

    var name: String { "\(model.name), \(connectionCount) clients\(candidate.isEmpty ? "" : ", \(candidate)")" }
    var obstacle: String? { model.obstacle ?? DaemonUnderTest.obstacle(programs: ["wrk"]) }

    func measure(by race: Race) throws -> Outcome {
        let best = try references.count == 1 ? references[0] : bestReference()
        let candidate = try DaemonUnderTest(model, batching: candidate), reference = try DaemonUnderTest(model, batching: best)
        defer {
            candidate.stop()
            reference.stop()
        }
        let own = try candidate.script("request", body: model.body), other = try reference.script("request", body: model.body)
        try candidate.waitUntilServing(own)
        try reference.waitUntilServing(other)
        let seconds = max(1, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        var rounds: [Pace.Round] = []
        for _ in 0..<Self.roundCount {
            let theirs = try rate(reference, other, seconds), ours = try rate(candidate, own, seconds)
            rounds.append(Pace.Round(candidate: 1e9 / ours, reference: 1e9 / theirs))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }

    /// The fixed setting that answers most requests.
    private func bestReference() throws -> String {
        var best: (setting: String, rate: Double)?
        for setting in references {
            let daemon = try DaemonUnderTest(model, batching: setting)
            defer { daemon.stop() }
            let script = try daemon.script("request", body: model.body)
            try daemon.waitUntilServing(script)
            let found = try rate(daemon, script, 1)
            if found > best?.rate ?? 0 { best = (setting, found) }
        }
        return best?.setting ?? ""
    }

    private func rate(_ daemon: DaemonUnderTest, _ script: URL, _ seconds: Int) throws -> Double {
        try daemon.requestsPerSecond(script, connectionCount: connectionCount, seconds: seconds)
    }
}

/// A model to serve, and what is asked of it.
struct ServedModel {
    let name: String
    /// The folder with the model's versions.
    let path: String
    let body: String

    var obstacle: String? { FileManager.default.fileExists(atPath: path) ? nil : "\(path) is not there" }

    static func digits(_ models: String) -> ServedModel {
        let digit = (0..<64).map { "\(Double($0 % 17) / 16)" }.joined(separator: ",")
        return ServedModel(name: "digits", path: "\(models)/digits", body: "{\"instances\":[[\(digit)]]}")
    }

    /// A small encoder over 17 tokens, of the tests.
    static func transformer(_ fixtures: String) -> ServedModel {
        let tokens = (0..<17).map { "\($0 % 10)" }.joined(separator: ","), mask = Array(repeating: "1", count: 17).joined(separator: ",")
        return ServedModel(
            name: "pt_transformer", path: "\(fixtures)/Models/pt_transformer",
            body: "{\"instances\":[{\"tokens\":[\(tokens)],\"mask\":[\(mask)]}]}")
    }

    /// A classifier of pictures of text lines, of the tests.
    static func lines(_ fixtures: String, body: String) -> ServedModel {
        ServedModel(name: "ppocr_v2_cls", path: "\(fixtures)/Models/ppocr_v2_cls", body: body)
    }
}
