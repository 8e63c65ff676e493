import GraphIR
import Synchronization
import Tensors

/// A resource that remembers in what order it was written.
final class Record: Resource {
    private let lines = Mutex<[String]>([])

    var byteCount: Int { 0 }
    var written: [String] { lines.withLock(\.self) }

    func write(_ line: String) { lines.withLock { $0.append(line) } }

    /// What was written since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    /// Operators over this record beside the usual ones: `Write` copies its input and writes the attribute `line`, `Read` gives the
    /// number of lines, `Random` another number in each run.
    var catalog: OperatorCatalog {
        OperatorCatalog(
            Fakes.spellings + [
                .onnx("Write") { [self] node throws(OperatorError) in
                    FakeEffect(record: self, line: try node.string("line", default: ""), effects: [.writesResource])
                },
                .onnx("Read") { [self] _ throws(OperatorError) in FakeEffect(record: self, line: nil, effects: [.readsResource]) },
                .onnx("Random") { [self] _ throws(OperatorError) in FakeEffect(record: self, line: nil, effects: [.random]) },
                .onnx("LazyFill") { _ throws(OperatorError) in FakeFill(declaresShapeOperand: false) },
                .onnx("Count") { _ throws(OperatorError) in FakeCount() },
            ])
    }
}

/// Writes to its record, or gives how often it was written to (`readsResource`) or used (`random`).
private struct FakeEffect: Operator {
    let record: Record
    let line: String?
    let effects: Effects

    var name: String { line == nil ? "Read" : "Write" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard line != nil else { return [ValueFact(.float32, SymbolicShape([.known(1)]))] }
        return [ValueFact(try inputs.required(0).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let byteCount = context.outputs[0].byteCount
        return .fake { [self] context in
            if let line {
                record.write(line)
                context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
            } else {
                if effects.contains(.random) { record.write("random") }
                context.output(0, as: Float.self)[0] = Float(record.written.count)
            }
        }
    }
}
