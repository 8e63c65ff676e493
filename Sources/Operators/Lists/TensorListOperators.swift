package import GraphIR
import Tensors

/// TensorFlow's TensorList operators: lists as values, which loops hand from round to round.
package enum TensorListOperators {
    package static let spellings: [OperatorSpelling] = making + elements + whole + TensorArrayOperators.spellings

    // MARK: Making lists

    private static let making: [OperatorSpelling] = [
        .tensorFlow("TensorListReserve") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("TensorListReserve", inputs: 2...2) { inputs throws(OperatorError) in
                [ValueFact(listOf: type, try inputs.partialShape(0))]
            } run: { context throws(OperatorError) in
                let shape = try context.partialShape(0)
                return [.list(try TensorList.reserved(TensorType(type, shape), count: try context.integer(1)))]
            }.playing(.reserve)
        },
        .tensorFlow("EmptyTensorList") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("EmptyTensorList", inputs: 2...2) { inputs throws(OperatorError) in
                [ValueFact(listOf: type, try inputs.partialShape(0))]
            } run: { context throws(OperatorError) in
                [.list(TensorList(TensorType(type, try context.partialShape(0))))]
            }
        },
        .tensorFlow("TensorListFromTensor") { reader throws(OperatorError) in
            ListOperator("TensorListFromTensor", inputs: 2...2) { inputs throws(OperatorError) in
                let tensor = try inputs.tensor(0), wanted = try inputs.partialShape(1)
                let own = tensor.shape.map { SymbolicShape(Array($0.dimensions.dropFirst())) }
                guard let shape = SymbolicShape.unified(own, wanted) else {
                    throw .invalidInput(index: 0, reason: "is \(tensor), its parts are no \(wanted?.description ?? "")")
                }
                return [ValueFact(listOf: tensor.elementType, shape)]
            } run: { context throws(OperatorError) in
                let source = try ElementSource(try context.value(0), input: 0)
                let length = try source.length()
                let shape = try context.partialShape(1)
                var list = try TensorList.reserved(TensorType(source.elementType, shape), count: length)
                try list.scatter(source, to: Array(0..<length), context)
                return [.list(list)]
            }.playing(.fromTensor)
        },
        scatter("TensorListScatter", sized: false), scatter("TensorListScatterV2", sized: true),
        .tensorFlow("TensorListSplit") { reader throws(OperatorError) in
            ListOperator("TensorListSplit", inputs: 3...3) { inputs throws(OperatorError) in
                [ValueFact(listOf: try inputs.tensor(0).elementType, try inputs.partialShape(1))]
            } run: { context throws(OperatorError) in
                let source = try ElementSource(try context.value(0), input: 0)
                let type = TensorType(source.elementType, try context.partialShape(1))
                return [.list(try TensorList.split(source, lengths: try context.integers(2), type, context))]
            }
        },
    ]

    private static func scatter(_ name: String, sized: Bool) -> OperatorSpelling {
        .tensorFlow(name) { _ throws(OperatorError) in
            ListOperator(name, inputs: sized ? 4...4 : 3...3) { inputs throws(OperatorError) in
                [ValueFact(listOf: try inputs.tensor(0).elementType, try inputs.partialShape(2))]
            } run: { context throws(OperatorError) in
                let source = try ElementSource(try context.value(0), input: 0)
                let indices = try context.integers(1)
                let least = indices.reduce(0) { max($0, ByteCount.sum(max($1, 0), 1)) }
                let count = sized ? try context.integer(3) : -1
                guard count < 0 || count >= least else {
                    throw .invalidValue("spreads elements to \(least) places of a list of \(count)")
                }
                let type = TensorType(source.elementType, try context.partialShape(2))
                var list = try TensorList.reserved(type, count: count < 0 ? least : count)
                try list.scatter(source, to: indices, context)
                return [.list(list)]
            }
        }
    }

    // MARK: Single elements

    private static let elements: [OperatorSpelling] = [
        .tensorFlow("TensorListSetItem") { reader throws(OperatorError) in
            let grows = try reader.flag("resize_if_index_out_of_bounds", default: false)
            return ListOperator("TensorListSetItem", inputs: 3...3) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(0)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                let index = try context.integer(1)
                if grows, index >= list.count { try list.grow(to: ByteCount.sum(index, 1)) }
                try list.set(index, try context.copy(try context.value(2)))
                return [.list(list)]
            }.playing(.set(grows: grows))
        },
        .tensorFlow("TensorListGetItem") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("TensorListGetItem", inputs: 3...3) { inputs throws(OperatorError) in
                [ValueFact(type, try known(try inputs.list(0), try inputs.partialShape(2)))]
            } run: { context throws(OperatorError) in
                [try context.list(0).element(try context.integer(1), wanted: try context.partialShape(2), context)]
            }.playing(.get)
        },
        .tensorFlow("TensorListPushBack") { _ throws(OperatorError) in
            ListOperator("TensorListPushBack", inputs: 2...2) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(0)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                try list.grow(to: list.count + 1)
                try list.set(list.count - 1, try context.copy(try context.value(1)))
                return [.list(list)]
            }
        },
        .tensorFlow("TensorListPopBack") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("TensorListPopBack", inputs: 2...2) { inputs throws(OperatorError) in
                let list = try inputs.list(0)
                return [ValueFact(.list(list)), ValueFact(type, try known(list, try inputs.partialShape(1)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                guard list.count > 0 else { throw .invalidValue("takes an element from an empty list") }
                let element = try list.element(list.count - 1, wanted: try context.partialShape(1), context)
                _ = list.items.removeLast()
                return [.list(list), element]
            }
        },
    ]

    /// What is known of a list's elements and of the shape that its reader states.
    private static func known(_ list: TensorType, _ wanted: SymbolicShape?) throws(OperatorError) -> SymbolicShape? {
        guard let shape = SymbolicShape.unified(list.shape, wanted) else {
            throw .invalidValue("reads elements of shape \(wanted?.description ?? "…") from a list of \(list)")
        }
        return shape
    }

    // MARK: Whole lists

    private static let whole: [OperatorSpelling] = [
        .tensorFlow("TensorListStack") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            let count = try reader.integer("num_elements", default: -1)
            return ListOperator("TensorListStack", inputs: 2...2) { inputs throws(OperatorError) in
                let shape = try known(try inputs.list(0), try inputs.partialShape(1))
                let length: Dimension = count >= 0 ? .known(count) : .unknown
                return [ValueFact(type, shape.map { SymbolicShape([length] + $0.dimensions) })]
            } run: { context throws(OperatorError) in
                let list = try context.list(0)
                guard count < 0 || list.count == count else {
                    throw .invalidValue("stacks a list of \(list.count) elements, expected \(count)")
                }
                return [try list.stacked(Array(0..<list.count), wanted: try context.partialShape(1), context)]
            }.playing(.stack(count: count))
        },
        .tensorFlow("TensorListGather") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("TensorListGather", inputs: 3...3) { inputs throws(OperatorError) in
                let shape = try known(try inputs.list(0), try inputs.partialShape(2))
                let length = try inputs.tensor(1).shape?.dimensions.first ?? .unknown
                return [ValueFact(type, shape.map { SymbolicShape([length] + $0.dimensions) })]
            } run: { context throws(OperatorError) in
                [try context.list(0).stacked(try context.integers(1), wanted: try context.partialShape(2), context)]
            }
        },
        .tensorFlow("TensorListScatterIntoExistingList") { _ throws(OperatorError) in
            ListOperator("TensorListScatterIntoExistingList", inputs: 3...3) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(0)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                let indices = try context.integers(2)
                try list.grow(to: indices.reduce(0) { max($0, ByteCount.sum(max($1, 0), 1)) })
                try list.scatter(try ElementSource(try context.value(1), input: 1), to: indices, context)
                return [.list(list)]
            }
        },
        .tensorFlow("TensorListConcat") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype"), wanted = try reader.shape("element_shape")
            return ListOperator("TensorListConcat", inputs: 1...1) { inputs throws(OperatorError) in
                concatenation(type, try known(try inputs.list(0), wanted))
            } run: { context throws(OperatorError) in
                let (value, lengths) = try context.list(0).concatenated(wanted: wanted, leading: [], context)
                return [value, .tensor(Tensor(lengths, shape: [lengths.count]))]
            }
        },
        .tensorFlow("TensorListConcatV2") { reader throws(OperatorError) in
            let type = try reader.requiredType("element_dtype")
            return ListOperator("TensorListConcatV2", inputs: 3...3) { inputs throws(OperatorError) in
                concatenation(type, try known(try inputs.list(0), try inputs.partialShape(1)))
            } run: { context throws(OperatorError) in
                let (value, lengths) = try context.list(0).concatenated(
                    wanted: try context.partialShape(1), leading: try context.integers(2), context)
                return [value, .tensor(Tensor(lengths, shape: [lengths.count]))]
            }
        },
        .tensorFlow("TensorListLength") { _ throws(OperatorError) in
            ListOperator("TensorListLength", inputs: 1...1) { inputs throws(OperatorError) in
                _ = try inputs.list(0)
                return [ValueFact(.int32, Shape.scalar)]
            } run: { context throws(OperatorError) in
                [.tensor(Tensor(scalar: Int32(try context.list(0).count)))]
            }
        },
        .tensorFlow("TensorListResize") { _ throws(OperatorError) in
            ListOperator("TensorListResize", inputs: 2...2) { inputs throws(OperatorError) in
                [ValueFact(.list(try inputs.list(0)))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                let count = try context.integer(1)
                guard count >= 0, count <= TensorList.maximumCount else { throw .invalidValue("makes a list of \(count) elements") }
                list.items.resize(to: count)
                return [.list(list)]
            }
        },
        .tensorFlow("TensorListElementShape") { reader throws(OperatorError) in
            let type = try reader.elementType("shape_type", default: .int32, of: [.int32, .int64])
            return ListOperator("TensorListElementShape", inputs: 1...1) { inputs throws(OperatorError) in
                [ValueFact(type, try inputs.list(0).shape.map { SymbolicShape([.known($0.rank)]) })]
            } run: { context throws(OperatorError) in
                let shape = try context.list(0).elementType.shape
                let numbers = shape?.dimensions.map { $0.value ?? -1 } ?? [-1]
                let form: Shape = shape == nil ? .scalar : [numbers.count]
                return [
                    .tensor(
                        type == .int64
                            ? Tensor(numbers.map(Int64.init), shape: form) : Tensor(numbers.map { Int32(clamping: $0) }, shape: form))
                ]
            }
        },
        .tensorFlow("TensorListConcatLists") { _ throws(OperatorError) in
            ListOperator("TensorListConcatLists", inputs: 2...2) { inputs throws(OperatorError) in
                let left = try inputs.list(0), right = try inputs.list(1)
                guard left.elementType == right.elementType else {
                    throw .invalidInput(index: 1, reason: "is a list of \(right), expected elements as in input 0, \(left)")
                }
                return [ValueFact(listOf: left.elementType, SymbolicShape.join(left.shape, right.shape))]
            } run: { context throws(OperatorError) in
                var list = try context.list(0)
                let other = try context.list(1), first = list.count
                list.elementType.shape = SymbolicShape.join(list.elementType.shape, other.elementType.shape)
                try list.grow(to: first + other.count)
                other.items.forEachSet { list.items[first + $0] = $1 }
                return [.list(list)]
            }
        },
    ]

    private static func concatenation(_ type: ElementType, _ shape: SymbolicShape?) -> [ValueFact] {
        let rest = shape.map { SymbolicShape([.unknown] + $0.dimensions.dropFirst()) }
        return [ValueFact(type, rest), ValueFact(.int64, SymbolicShape([.unknown]))]
    }
}
