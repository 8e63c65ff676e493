import Foundation

/// How long small predictions take at the slowest (99th percentile) while another client sends bodies of 8 MB, beside the same
/// without that client. The daemon has one loop, so that both clients share it.
struct CrowdedPrediction: Comparison {
    /// The folder with the models of the repository.
    let models: String

    private static let roundCount = 5
    private static let model = "half_plus_two"

    static func section(models: String) -> Section {
        Section(
            title: "HTTP, crowded", summary: "p99 of small predictions beside a stream of 8 MB bodies, against p99 alone; one loop",
            unit: .thousands, comparisons: [CrowdedPrediction(models: models)])
    }

    var name: String { "\(Self.model), 4 connections" }
    var obstacle: String? { DaemonUnderTest.obstacle(programs: ["wrk"]) }

    func measure(by race: Race) throws -> Outcome {
        let daemon = try DaemonUnderTest(model: Self.model, models: models, server: "loops: 1")
        defer { daemon.stop() }
        let small = try daemon.script("small", body: #"{"instances":[1.0,2.0,5.0]}"#)
        let numbers = (0..<1_600_000).map { $0 % 2 == 0 ? "1.25" : "2.5" }.joined(separator: ",")
        let large = try daemon.script("large", body: "{\"instances\":[\(numbers)]}")
        try daemon.waitUntilServing(small)
        let seconds = max(1, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        var rounds: [Pace.Round] = []
        for _ in 0..<Self.roundCount {
            let alone = try daemon.slowest(small, connectionCount: 4, seconds)
            let crowd = try Program.start("wrk", ["-t1", "-c1", "-d\(seconds + 2)s", "--timeout", "30s", "-s", large.path, daemon.url])
            Thread.sleep(forTimeInterval: 0.5)
            let crowded = try daemon.slowest(small, connectionCount: 4, seconds)
            Program.stop(crowd)
            rounds.append(Pace.Round(candidate: crowded, reference: alone))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }
}
