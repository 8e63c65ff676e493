import Foundation

/// How long small predictions take at the slowest (99th percentile) while a large network is loaded, warmed up and unloaded again and
/// again, beside the same without it.
///
/// The network is the version folder that `APUS_BENCH_LOADED` names, such as one of ResNet-50, or 100 MB of matrix products.
struct LoadingPrediction: Comparison {
    /// The folder with the models of the repository.
    let models: String

    private static let roundCount = 5
    private static let model = "half_plus_two"
    private static let connectionCount = 4

    static func section(models: String) -> Section {
        Section(
            title: "HTTP, loading", summary: "p99 of small predictions while a network of 100 MB is loaded, against p99 alone",
            unit: .thousands, comparisons: [LoadingPrediction(models: models)])
    }

    var name: String { "\(Self.model), \(Self.connectionCount) connections" }
    var obstacle: String? { DaemonUnderTest.obstacle(programs: ["wrk"]) }

    func measure(by race: Race) throws -> Outcome {
        let root = URL.temporaryDirectory.appending(path: "apus-benchmark-root-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root.appending(path: "loaded"), withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(at: root) } catch { print("cannot remove \(root.path): \(error)") } }
        let daemon = try DaemonUnderTest(
            model: Self.model, models: models,
            further: "model_root: \(root.path)\nlifecycle: {poll_interval: 50ms, quiet_period: 0s}")
        defer { daemon.stop() }
        let small = try daemon.script("small", body: #"{"instances":[1.0,2.0,5.0]}"#)
        try daemon.waitUntilServing(small)
        let loaded = try LoadedVersion(in: root)
        let seconds = max(2, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        var rounds: [Pace.Round] = []
        for _ in 0..<Self.roundCount {
            let alone = try daemon.slowest(small, connectionCount: Self.connectionCount, seconds)
            let publisher = Publisher(loaded)
            let beside = try daemon.slowest(small, connectionCount: Self.connectionCount, seconds)
            guard publisher.stop() > 0 else { throw InvalidComparison(description: "nothing was published") }
            rounds.append(Pace.Round(candidate: beside, reference: alone))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }
}

/// A network that appears under ever higher version numbers.
private final class LoadedVersion: @unchecked Sendable {
    private let root: URL
    private let source: URL
    private var version = 0

    init(in root: URL) throws {
        self.root = root
        if let given = ProcessInfo.processInfo.environment["APUS_BENCH_LOADED"] {
            source = URL(filePath: given).standardizedFileURL
        } else {
            source = root.appending(path: ".source")
            try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
            try MatrixChain.model(layers: 16, width: 1280).write(to: source.appending(path: "model.onnx"))
        }
    }

    /// Adds a version, and takes the one before the last away. Called by one thread at a time.
    func publish() throws {
        version += 1
        let place = root.appending(path: "loaded")
        try FileManager.default.createSymbolicLink(at: place.appending(path: "\(version)"), withDestinationURL: source)
        if version > 2 { try FileManager.default.removeItem(at: place.appending(path: "\(version - 2)")) }
    }
}

/// Publishes every half second until it is stopped.
private final class Publisher: @unchecked Sendable {
    private let lock = NSLock()
    private var isStopped = false
    private var count = 0
    private let done = DispatchSemaphore(value: 0)

    init(_ loaded: LoadedVersion) {
        let thread = Thread { [self] in
            while lock.withLock({ !isStopped }) {
                do { try loaded.publish() } catch { break }
                lock.withLock { count += 1 }
                Thread.sleep(forTimeInterval: 0.5)
            }
            done.signal()
        }
        thread.start()
    }

    /// - Returns: how many versions were published.
    func stop() -> Int {
        lock.withLock { isStopped = true }
        done.wait()
        return lock.withLock { count }
    }
}

/// `y = x · w₁ · … · wₙ` as an ONNX file (onnx.proto, IR version 8), the matrices float32[width, width].
private enum MatrixChain {
    static func model(layers: Int, width: Int) -> Data {
        var graph = Data()
        for layer in 0..<layers {
            let output = layer == layers - 1 ? "y" : "v\(layer)"
            let node = text(1, layer == 0 ? "x" : "v\(layer - 1)") + text(1, "w\(layer)") + text(2, output) + text(4, "MatMul")
            graph += message(1, node)
        }
        graph += text(2, "chain")
        let weights = Data(repeating: 0, count: width * width * 4)
        for layer in 0..<layers {
            let tensor = number(1, width) + number(1, width) + number(2, 1) + text(8, "w\(layer)") + message(9, weights)
            graph += message(5, tensor)
        }
        for (field, name) in [(11, "x"), (12, "y")] {
            let shape = message(1, text(2, "rows")) + message(1, number(1, width))
            graph += message(field, text(1, name) + message(2, message(1, number(1, 1) + message(2, shape))))
        }
        return number(1, 8) + message(7, graph) + message(8, number(2, 17))
    }

    private static func varint(_ value: Int) -> Data {
        var value = value, bytes = Data()
        while value > 127 {
            bytes.append(UInt8(value & 127 | 128))
            value >>= 7
        }
        bytes.append(UInt8(value))
        return bytes
    }

    private static func number(_ field: Int, _ value: Int) -> Data { varint(field << 3) + varint(value) }
    private static func message(_ field: Int, _ content: Data) -> Data { varint(field << 3 | 2) + varint(content.count) + content }
    private static func text(_ field: Int, _ value: String) -> Data { message(field, Data(value.utf8)) }
}
