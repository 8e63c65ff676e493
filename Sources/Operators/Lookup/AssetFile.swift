import GraphIR
import Tensors

/// A file among the model's assets, whose name a graph gives as a string: no other file is ever opened.
struct AssetFile {
    private static let byteLimit = 1 << 30

    let path: String

    init(_ context: EvaluationContext, _ index: Int) throws(OperatorError) {
        path = String(decoding: try context.text(index), as: UTF8.self)
        guard context.resources.mayRead(path) else {
            throw .invalidInput(index: index, reason: "names the file \"\(path)\", which is no asset of the model")
        }
    }

    /// Calls `body` with the file's contents, which are charged while they are there.
    func withBytes<Result>(
        _ context: EvaluationContext, _ body: (UnsafeRawBufferPointer, String) throws(OperatorError) -> Result
    ) throws(OperatorError) -> Result {
        let byteCount: Int
        do { byteCount = try FileSource(path: path).byteCount } catch { throw .unavailable("\(error)") }
        guard byteCount <= Self.byteLimit else { throw .unsupported("an asset of \(byteCount) bytes, more than \(Self.byteLimit),") }
        return try context.withScratch(byteCount) { () throws(OperatorError) in
            let contents: FileContents
            do { contents = try FileContents(path: path) } catch { throw .unavailable("\(error)") }
            defer { withExtendedLifetime(contents) {} }
            return try body(contents.bytes, path)
        }
    }
}

/// The contents of an asset as a string.
///
/// - Source: TensorFlow operator ReadFile; other files than the model's assets are refused.
struct ReadFile: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.text(0)
        return [ValueFact(.string, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let builder = try TextBuilder(context, capacity: 1)
        try AssetFile(context, 0).withBytes(context) { bytes, _ throws(OperatorError) in try builder.append(Array(bytes)) }
        return [try builder.tensor(.scalar)]
    }
}
