import GraphIR
import Tensors

/// Axes of one layout as another has them: numbers of axes, or lists with one entry for each axis.
///
/// - Shapes: DataFormatDimMap: any → as it; DataFormatVecPermute: [n] or [n, 2], n the number of axes or of those of space → as it.
/// - Source: TensorFlow operators DataFormatDimMap and DataFormatVecPermute.
struct DataFormat: Operator {
    enum Function: String, Sendable { case mapsAxes = "DataFormatDimMap", permutes = "DataFormatVecPermute" }

    let function: Function
    let source: [UInt8]
    let destination: [UInt8]
    var name: String { function.rawValue }

    init(_ reader: AttributeReader, _ function: Function) throws(OperatorError) {
        self.function = function
        source = Array(try reader.string("src_format", default: "NHWC").utf8)
        destination = Array(try reader.string("dst_format", default: "NCHW").utf8)
        guard (3...5).contains(source.count), source.sorted() == destination.sorted(), Set(source).count == source.count else {
            throw .invalidAttribute(name: "dst_format", reason: "is no order of the axes of src_format")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: [.int32, .int64])
        if function == .permutes, let shape = x.shape {
            guard (1...2).contains(shape.rank), shape.rank == 1 || shape[1].value.map({ $0 == 2 }) ?? true,
                shape[0].value.map({ $0 == source.count || $0 == source.count - 2 }) ?? true
            else {
                throw .invalidInput(
                    index: 0, reason: "is \(shape), expected an entry for each of \(source.count) axes, or of those of space")
            }
        }
        return [ValueFact(x.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { function == .mapsAxes ? inputs.elementwise() : .mixed(RowReason.selected) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        return x.elementType == .int64 ? compiled(x.shape, Int64.self) : compiled(x.shape, Int32.self)
    }

    private func compiled<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(_ shape: Shape, _: Element.Type) -> CompiledOperator {
        let count = shape.elementCount
        switch function {
        case .mapsAxes:
            let map = source.map { axis in destination.firstIndex(of: axis) ?? 0 }
            return CompiledOperator(
                LoopKernel { (context) throws(OperatorError) in
                    let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
                    for index in 0..<count {
                        let axis = Int(x[index])
                        guard axis >= -map.count, axis < map.count else {
                            throw .invalidValue("axis \(axis) is outside a layout of \(map.count)")
                        }
                        y[index] = Element(map[axis < 0 ? axis + map.count : axis])
                    }
                })
        case .permutes:
            let space = shape.rank > 0 && shape[0] == source.count - 2 ? Set([UInt8(ascii: "N"), UInt8(ascii: "C")]) : []
            let from = source.filter { !space.contains($0) }, order = destination.filter { !space.contains($0) }
            let map = order.map { axis in from.firstIndex(of: axis) ?? 0 }, unit = shape.rank == 2 ? 2 : 1
            return CompiledOperator(
                LoopKernel { context in
                    let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
                    for (place, source) in map.enumerated() where (place + 1) * unit <= count && (source + 1) * unit <= count {
                        for index in 0..<unit { y[place * unit + index] = x[source * unit + index] }
                    }
                })
        }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("DataFormatDimMap") { reader throws(OperatorError) in try DataFormat(reader, .mapsAxes) },
        .tensorFlow("DataFormatVecPermute") { reader throws(OperatorError) in try DataFormat(reader, .permutes) },
    ]
}
