import GraphIR
import Tensors

/// What TensorFlow 1 calls a TensorArray: the elements are a list that goes along with the array's *flow* value, so that two runs
/// never meet; the handle says only how the array was made.
final class TensorArrayHandle: Resource {
    let isDynamic: Bool
    var byteCount: Int { 0 }

    init(isDynamic: Bool) { self.isDynamic = isDynamic }
}

enum TensorArrayOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("TensorArrayV3") { reader throws(OperatorError) in
            let type = TensorType(try reader.requiredType("dtype"), try reader.shape("element_shape")?.nameless)
            let isDynamic = try reader.flag("dynamic_size", default: false)
            return ListOperator("TensorArrayV3", inputs: 1...1) { _ throws(OperatorError) in
                [ValueFact(.resource(.array(type))), ValueFact(.list(type))]
            } run: { context throws(OperatorError) in
                let list = try TensorList.reserved(type, count: try context.integer(0))
                return [.resource(TensorArrayHandle(isDynamic: isDynamic)), .list(list)]
            }
        },
        .tensorFlow("TensorArrayWriteV3") { _ throws(OperatorError) in
            ListOperator("TensorArrayWriteV3", inputs: 4...4) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(3)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(3)
                let index = try context.integer(1)
                try context.grow(&list, to: ByteCount.sum(max(index, 0), 1))
                try list.set(index, try context.copy(try context.value(2)))
                return [.list(list)]
            }
        },
        .tensorFlow("TensorArrayReadV3") { reader throws(OperatorError) in
            let type = try reader.requiredType("dtype")
            return ListOperator("TensorArrayReadV3", inputs: 3...3) { inputs throws(OperatorError) in
                [ValueFact(type, try inputs.list(2).shape)]
            } run: { context throws(OperatorError) in
                [try context.list(2).element(try context.integer(1), wanted: nil, context)]
            }
        },
        .tensorFlow("TensorArrayGatherV3") { reader throws(OperatorError) in
            let type = try reader.requiredType("dtype"), shape = try reader.shape("element_shape")?.nameless
            return ListOperator("TensorArrayGatherV3", inputs: 3...3) { inputs throws(OperatorError) in
                let known = SymbolicShape.unified(try inputs.list(2).shape, shape) ?? nil
                let length = try inputs.tensor(1).shape?.dimensions.first ?? .unknown
                return [ValueFact(type, known.map { SymbolicShape([length] + $0.dimensions) })]
            } run: { context throws(OperatorError) in
                [try context.list(2).stacked(try context.integers(1), wanted: shape, context)]
            }
        },
        .tensorFlow("TensorArrayScatterV3") { _ throws(OperatorError) in
            ListOperator("TensorArrayScatterV3", inputs: 4...4) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(3)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(3)
                let indices = try context.integers(1)
                try context.grow(&list, to: indices.reduce(0) { max($0, ByteCount.sum(max($1, 0), 1)) })
                try list.scatter(try ElementSource(try context.value(2), input: 2), to: indices, context)
                return [.list(list)]
            }
        },
        .tensorFlow("TensorArrayConcatV3") { reader throws(OperatorError) in
            let type = try reader.requiredType("dtype"), rest = try reader.shape("element_shape_except0")?.nameless
            let shape = rest.map { SymbolicShape([.unknown] + $0.dimensions) }
            return ListOperator("TensorArrayConcatV3", inputs: 2...2) { inputs throws(OperatorError) in
                let known = SymbolicShape.unified(try inputs.list(1).shape, shape) ?? nil
                let result = known.map { SymbolicShape([.unknown] + $0.dimensions.dropFirst()) }
                return [ValueFact(type, result), ValueFact(.int64, SymbolicShape([.unknown]))]
            } run: { context throws(OperatorError) in
                let (value, lengths) = try context.list(1).concatenated(wanted: shape, leading: [], context)
                return [value, .tensor(Tensor(lengths, shape: [lengths.count]))]
            }
        },
        .tensorFlow("TensorArraySplitV3") { _ throws(OperatorError) in
            ListOperator("TensorArraySplitV3", inputs: 4...4) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(3)))]
            } run: { context throws(OperatorError) in
                let list = try context.list(3), lengths = try context.integers(2)
                guard try context.isDynamic() || list.count == lengths.count else {
                    throw .invalidValue("splits into \(lengths.count) parts, the array has \(list.count) elements")
                }
                let source = try ElementSource(try context.value(1), input: 1)
                return [.list(try TensorList.split(source, lengths: lengths, list.elementType, context))]
            }
        },
        .tensorFlow("TensorArraySizeV3") { _ throws(OperatorError) in
            ListOperator("TensorArraySizeV3", inputs: 2...2) { inputs throws(OperatorError) in
                _ = try inputs.list(1)
                return [ValueFact(.int32, Shape.scalar)]
            } run: { context throws(OperatorError) in
                [.tensor(Tensor(scalar: Int32(try context.list(1).count)))]
            }
        },
        .tensorFlow("TensorArrayCloseV3") { _ throws(OperatorError) in
            ListOperator("TensorArrayCloseV3", inputs: 1...1) { _ throws(OperatorError) in
                []
            } run: { _ throws(OperatorError) in
                []
            }
        },
    ]
}

extension EvaluationContext {
    /// Whether the array whose handle input 0 is takes elements past its end.
    fileprivate func isDynamic() throws(OperatorError) -> Bool {
        guard case .object(.resource(let resource)) = try value(0), let handle = resource as? TensorArrayHandle else {
            throw .invalidInput(index: 0, reason: "is \(try value(0).kind), expected the handle of a tensor array")
        }
        return handle.isDynamic
    }

    fileprivate func grow(_ list: inout TensorList, to count: Int) throws(OperatorError) {
        guard count > list.count else { return }
        guard try isDynamic() else {
            throw .invalidValue("writes element \(count - 1) of an array of \(list.count), which does not grow")
        }
        try list.grow(to: count)
    }
}
