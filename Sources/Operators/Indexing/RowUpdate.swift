import GraphIR
import Tensors

/// The data with rows replaced, or with others added to them or taken from them.
///
/// - Shapes: data [n, S…], row numbers int32 [k] or [], rows [k, S…] (or [S…]) → the data's shape. Row numbers wrap around the data.
/// - Source: TensorFlow's InplaceUpdate, InplaceAdd and InplaceSub, which do not change their input here.
struct RowUpdate: Operator {
    let reduction: ScatterReduction

    var name: String {
        switch reduction {
        case .add: "InplaceAdd"
        case .sub: "InplaceSub"
        default: "InplaceUpdate"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0), places = try inputs.required(1, of: [.int32]), rows = try inputs.dense(2)
        try inputs.checkSameType(2, as: 0)
        guard let shape = data.shape, let list = places.shape, let given = rows.shape else { return [ValueFact(data.type)] }
        let expected = list.dimensions + shape.dimensions.dropFirst()
        guard shape.rank >= 1, list.rank <= 1, given.rank == expected.count,
            zip(given.dimensions, expected).allSatisfy({ Dimension.unified($0, $1) != nil })
        else { throw .invalidInput(index: 2, reason: "has shape \(given), which does not fit data \(shape) and places \(list)") }
        return [ValueFact(data.type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let kernel = RowUpdateKernel(reduction: reduction, data: try context.input(0), places: try context.input(1))
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("InplaceUpdate") { _ throws(OperatorError) in RowUpdate(reduction: .none) },
        .tensorFlow("InplaceAdd") { _ throws(OperatorError) in RowUpdate(reduction: .add) },
        .tensorFlow("InplaceSub") { _ throws(OperatorError) in RowUpdate(reduction: .sub) },
    ]
}

private struct RowUpdateKernel: Kernel {
    let reduction: ScatterReduction
    let data: TensorSpec
    let places: TensorSpec

    func run(_ context: KernelContext) throws(OperatorError) {
        let target = context.output(0)
        if UnsafeRawPointer(target) != context.input(0) { target.copyMemory(from: context.input(0), byteCount: data.byteCount) }
        guard reduction != .none else {
            let byteCount = data.byteCount / data.shape[0]
            forEachRow(context) { place, row in
                (target + row * byteCount).copyMemory(from: context.input(2) + place * byteCount, byteCount: byteCount)
            }
            return
        }
        try data.elementType.dispatch(Combination(kernel: self, context: context))
    }

    private func forEachRow(_ context: KernelContext, _ body: (_ place: Int, _ row: Int) -> Void) {
        let numbers = IntegerMemory(context.input(1), places), count = data.shape[0]
        for place in 0..<numbers.count {
            let remainder = numbers[place] % count
            body(place, remainder < 0 ? remainder + count : remainder)
        }
    }

    private struct Combination: NumericVisitor {
        let kernel: RowUpdateKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let target = context.output(0, as: Element.self), rows = context.input(2, as: Element.self)
            let count = kernel.data.shape.elementCount / kernel.data.shape[0], reduction = kernel.reduction
            kernel.forEachRow(context) { place, row in
                for column in 0..<count {
                    let index = row * count + column
                    target[index] = reduction.combine(target[index], rows[place * count + column])
                }
            }
        }
    }
}
