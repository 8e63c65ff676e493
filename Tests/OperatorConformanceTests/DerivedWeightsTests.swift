import Foundation
import GraphIR
import Inference
import Operators
import Tensors
import Testing

/// Weights into which a normalisation was folded: a model's memory holds them once, in the form that kernels read.
@Suite("Derived weights")
struct DerivedWeightsTests {
    private static let channels = 64
    private static let shape: Shape = [3, 3, channels, channels]
    private static let byteCount = shape.elementCount * 4

    /// A convolution with weights from a file, normalised.
    private static func source(_ weights: Tensor) -> SourceGraph {
        func row(_ first: Float) -> TensorValue {
            .dense(Tensor((0..<channels).map { first + Float($0 % 7) / 8 }, shape: [channels]))
        }
        let float = Attribute.type(.tensor(TensorType(.float32, nil)))
        return SourceGraph(
            name: "layer", dialect: .tensorFlow,
            inputs: [
                SourceValue(
                    name: "x", type: TensorType(.float32, SymbolicShape([.symbol("n"), .unknown, .unknown, .known(channels)])))
            ],
            outputs: [SourceValue(name: "y", type: nil as ValueType?)],
            initializers: [
                ("w", .dense(weights)), ("scale", row(0.5)), ("offset", row(-1)), ("mean", row(0.1)), ("variance", row(0.9)),
            ],
            nodes: [
                SourceNode(
                    name: "conv", operatorName: "Conv2D", version: 0, inputs: ["x", "w"], outputs: ["c"],
                    attributes: ["T": float, "strides": .integers([1, 1, 1, 1]), "padding": .string("SAME")]),
                SourceNode(
                    name: "norm", operatorName: "FusedBatchNormV3", version: 0, inputs: ["c", "scale", "offset", "mean", "variance"],
                    outputs: ["y"], attributes: ["T": float, "is_training": .integer(0), "epsilon": .float(0.001)]),
            ])
    }

    /// Calls `body` with weights that can be read from their file again.
    private static func withWeights(_ body: (Tensor) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let values = (0..<shape.elementCount).map { Float(($0 &* 7919) % 251 - 125) / 4096 }
        try values.withUnsafeBytes { try Data($0).write(to: URL(filePath: path)) }
        let origin = ContentOrigin.file(FileRange(source: try FileSource(path: path), range: 0..<byteCount))
        let weights = try Tensor(TensorSpec(.float32, shape), placement: .pages, origin: origin) { target in
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        }
        try body(weights)
    }

    private static func picture(_ extent: Int) -> Tensor {
        let count = extent * extent * channels
        return Tensor((0..<count).map { Float(($0 &* 31) % 17 - 8) / 8 }, shape: [1, extent, extent, channels])
    }

    @Test("are held once, packed, and computed again from the file when another plan needs another form")
    func residency() throws {
        try Self.withWeights { weights in
            let ledger = CountingLedger()
            let plain = try Engine(Self.source(weights), catalog: StandardOperators.catalog, passes: [])
            let wanted = try [12, 6].map { try plain.run([Self.picture($0)])[0].values(Float.self) }
            do {
                let state = ModelState(ledger: ledger)
                try state.charge(contents: Self.byteCount)
                let engines = try (0..<2).map { _ in
                    try Engine(Self.source(weights), catalog: StandardOperators.catalog, passes: StandardOperators.passes, state: state)
                }
                #expect(engines[0].graph.nodes.count == 1, "the normalisation is folded")
                #expect(state.heldByteCount < 3 * Self.byteCount, "two engines derive the same weights once")
                for engine in engines { expectClose(try engine.run([Self.picture(12)])[0], wanted[0]) }
                state.releaseUnread(by: engines)
                #expect(state.heldByteCount < Self.byteCount * 5 / 4, "only the packed form is left")
                for engine in engines {
                    expectClose(try engine.run([Self.picture(12)])[0], wanted[0])
                    expectClose(try engine.run([Self.picture(6)])[0], wanted[1])
                }
                #expect(ledger.used == state.heldByteCount)
            }
            #expect(ledger.used == 0 && !ledger.wasOverdrawn)
        }
    }

    private func expectClose(_ found: Tensor, _ wanted: [Float]) {
        let values = found.values(Float.self)
        #expect(values.count == wanted.count)
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        #expect(zip(values, wanted).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    }
}
