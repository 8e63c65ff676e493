import GraphIR
import Tensors

/// A tensor of numbers or strings as something to cut into elements and to put together from them.
struct ElementSource {
    private enum Contents {
        case dense(TensorView)
        case strings(StringTensor)
    }

    private let contents: Contents
    let shape: Shape
    let elementType: ElementType

    /// - Throws: when the value is no tensor.
    init(_ value: ValueView, input: Int) throws(OperatorError) {
        switch value {
        case .dense(let view): (contents, shape, elementType) = (.dense(view), view.shape, view.elementType)
        case .object(.strings(let strings)): (contents, shape, elementType) = (.strings(strings), strings.shape, .string)
        case .object(let other): throw .invalidInput(index: input, reason: "is \(other.kind), expected a tensor")
        }
    }

    /// The extent of the first axis.
    func length() throws(OperatorError) -> Int {
        guard let first = shape.extents.first else { throw .invalidValue("is given a scalar to cut into elements") }
        return first
    }

    /// The elements `range` along the first axis, as a tensor that has that axis or, when `drop` is set, has not.
    ///
    /// - Precondition: the range lies within the first axis; one element when `drop` is set.
    func slice(_ range: Range<Int>, drop: Bool, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        let part = shape.elementCount(in: 1..<shape.rank)
        let extents = (drop ? [] : [range.count]) + shape.extents.dropFirst()
        switch contents {
        case .dense(let view):
            let byteCount = part * elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(elementType, Shape(extents))) { bytes in
                    guard let target = bytes.baseAddress, bytes.count > 0 else { return }
                    target.copyMemory(from: view.baseAddress + range.lowerBound * byteCount, byteCount: bytes.count)
                })
        case .strings(let strings):
            let elements = strings.elements[range.lowerBound * part..<range.upperBound * part]
            return .strings(StringTensor(shape: Shape(extents), elements: Array(elements)))
        }
    }
}

/// Puts tensors of one type together, one behind the other.
enum ElementJoin {
    /// - Parameters:
    ///   - parts: nil stands for zeros or empty strings; each holds as many elements as its place in `counts` says.
    ///   - shape: of the result, as many elements as the parts hold together.
    static func join(
        _ parts: [RuntimeValue?], counts: [Int], _ elementType: ElementType, shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        for (part, count) in zip(parts, counts) {
            guard let part else { continue }
            let found: (type: ElementType, count: Int)? =
                switch part {
                case .tensor(let tensor): (tensor.elementType, tensor.elementCount)
                case .strings(let strings): (.string, strings.elements.count)
                default: nil
                }
            guard let found, found.type == elementType, found.count == count else {
                throw .invalidValue("joins an element that is \(part.kind) to others of \(elementType)")
            }
        }
        if elementType == .string {
            return try context.withScratch(ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                var elements: [[UInt8]] = []
                elements.reserveCapacity(shape.elementCount)
                for (part, count) in zip(parts, counts) {
                    if case .strings(let strings)? = part {
                        elements += strings.elements
                    } else {
                        elements += Array(repeating: [], count: count)
                    }
                }
                return .strings(StringTensor(shape: shape, elements: elements))
            }
        }
        let width = elementType.byteCount
        return .tensor(
            try context.makeTensor(TensorSpec(elementType, shape)) { bytes in
                guard var target = bytes.baseAddress else { return }
                for (part, count) in zip(parts, counts) {
                    if case .tensor(let tensor)? = part {
                        tensor.withBytes { source in
                            if let base = source.baseAddress { target.copyMemory(from: base, byteCount: count * width) }
                        }
                    } else {
                        target.initializeMemory(as: UInt8.self, repeating: 0, count: count * width)
                    }
                    target += count * width
                }
            })
    }

    /// Zeros or empty strings.
    static func zeros(_ elementType: ElementType, _ shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        try join([nil], counts: [shape.elementCount], elementType, shape: shape, context)
    }
}

extension RuntimeValue {
    /// The shape of a tensor; nil for anything else.
    var tensorShape: Shape? {
        switch self {
        case .tensor(let tensor): tensor.shape
        case .strings(let strings): strings.shape
        default: nil
        }
    }

    var tensorElementType: ElementType? {
        switch self {
        case .tensor(let tensor): tensor.elementType
        case .strings: .string
        default: nil
        }
    }
}

extension TensorList {
    /// A list of `count` places that are not set.
    static func reserved(_ type: TensorType, count: Int) throws(OperatorError) -> TensorList {
        guard count >= 0 else { throw .invalidValue("makes a list of \(count) elements") }
        guard count <= maximumCount else { throw .invalidValue("makes a list of \(count) elements, at most \(maximumCount) are possible") }
        return TensorList(type, items: SparseList(count: count))
    }

    /// Makes room for `newCount` elements.
    mutating func grow(to newCount: Int) throws(OperatorError) {
        guard newCount <= Self.maximumCount else {
            throw .invalidValue("makes a list of \(newCount) elements, at most \(Self.maximumCount) are possible")
        }
        if newCount > count { items.resize(to: newCount) }
    }

    /// Refuses an element of another type or of a shape that the list does not take.
    func check(_ element: RuntimeValue) throws(OperatorError) {
        guard let shape = element.tensorShape, let type = element.tensorElementType, type == elementType.elementType,
            elementType.shape?.admits(shape) ?? true
        else { throw .invalidValue("puts \(element.kind) into a list of \(elementType)") }
    }

    /// Sets element `index`.
    mutating func set(_ index: Int, _ element: RuntimeValue) throws(OperatorError) {
        try checkIndex(index)
        try check(element)
        items[index] = element
    }

    func checkIndex(_ index: Int) throws(OperatorError) {
        guard index >= 0, index < count else { throw .invalidValue("has element \(index) of a list of \(count)") }
    }

    /// Element `index`; zeros of `shape` where it is not set.
    func element(_ index: Int, wanted shape: SymbolicShape?, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        try checkIndex(index)
        if let element = items[index] { return element }
        guard let concrete = try commonShape(shape).flatMap(\.concrete) else {
            throw .invalidValue("reads element \(index) of a list, which is not set and whose shape is not known")
        }
        return try ElementJoin.zeros(elementType.elementType, concrete, context)
    }

    /// What the list, the reader and the elements that are set say of the shape of all elements.
    func commonShape(_ wanted: SymbolicShape?, among indices: [Int]? = nil) throws(OperatorError) -> SymbolicShape? {
        guard var shape = SymbolicShape.unified(elementType.shape?.nameless, wanted) else {
            throw .invalidValue("reads elements of shape \(wanted?.description ?? "…") from a list of \(elementType)")
        }
        var conflict: Shape?
        func meet(_ element: RuntimeValue) {
            guard conflict == nil, let own = element.tensorShape else { return }
            if let joined = SymbolicShape.unified(shape, SymbolicShape(own)) { shape = joined } else { conflict = own }
        }
        if let indices { for index in indices { if let element = items[index] { meet(element) } } } else { items.forEachSet { meet($1) } }
        if let conflict {
            throw .invalidValue("reads elements of shape \(shape?.description ?? "…") as one tensor, one of them has shape \(conflict)")
        }
        return shape
    }

    /// Elements by number, stacked along a new first axis.
    func stacked(_ indices: [Int], wanted shape: SymbolicShape?, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        for index in indices { try checkIndex(index) }
        guard let element = try commonShape(shape, among: indices).flatMap(\.concrete) else {
            throw .invalidValue("stacks \(indices.count) elements whose shape is not known (\(elementType))")
        }
        let result = try Shape(checked: [indices.count] + element.extents, what: "the stacked elements")
        return try ElementJoin.join(
            indices.map { items[$0] }, counts: Array(repeating: element.elementCount, count: indices.count), elementType.elementType,
            shape: result, context)
    }

    /// All elements one behind the other along their first axis, with the extent of each there.
    ///
    /// - Parameter leading: extents of elements that are not set.
    func concatenated(
        wanted shape: SymbolicShape?, leading: [Int], _ context: EvaluationContext
    ) throws(OperatorError) -> (value: RuntimeValue, lengths: [Int64]) {
        let rest = { (shape: SymbolicShape?) in shape.map { SymbolicShape(Array($0.dimensions.dropFirst())) } }
        guard var common = SymbolicShape.unified(rest(elementType.shape?.nameless), rest(shape)) else {
            throw .invalidValue("joins elements of shape \(shape?.description ?? "…") of a list of \(elementType)")
        }
        let known = SymbolicShape.unified(elementType.shape?.nameless, shape) ?? nil
        var lengths: [Int64] = []
        for index in 0..<count {
            if let own = items[index]?.tensorShape {
                guard own.rank > 0 else { throw .invalidValue("joins scalars along an axis, which they do not have") }
                guard let joined = SymbolicShape.unified(common, rest(SymbolicShape(own))) else {
                    throw .invalidValue("joins an element of shape \(own) to others of shape \(common?.description ?? "…")")
                }
                common = joined
                lengths.append(Int64(own[0]))
            } else {
                let length = index < leading.count ? leading[index] : known?.dimensions.first?.value
                guard let length, length >= 0 else {
                    throw .invalidValue("joins element \(index) of a list, which is not set and whose shape is not known")
                }
                lengths.append(Int64(length))
            }
        }
        guard let common, let tail = common.concrete else {
            throw .invalidValue("joins \(count) elements whose shape is not known (\(elementType))")
        }
        var total = 0
        for length in lengths { total = ByteCount.sum(total, Int(length)) }
        let result = try Shape(checked: [total] + tail.extents, what: "the joined elements")
        let value = try ElementJoin.join(
            (0..<count).map { items[$0] }, counts: lengths.map { Int($0) * tail.elementCount }, elementType.elementType, shape: result,
            context)
        return (value, lengths)
    }

    /// Sets elements to the parts of a tensor along its first axis.
    mutating func scatter(_ source: ElementSource, to indices: [Int], _ context: EvaluationContext) throws(OperatorError) {
        guard try source.length() == indices.count else {
            throw .invalidValue("spreads \(try source.length()) elements to \(indices.count) places")
        }
        for (position, index) in indices.enumerated() {
            try set(index, try source.slice(position..<position + 1, drop: true, context))
        }
    }

    /// A list of the pieces of a tensor that have these lengths along its first axis.
    static func split(
        _ source: ElementSource, lengths: [Int], _ type: TensorType, _ context: EvaluationContext
    ) throws(OperatorError) -> TensorList {
        var list = try TensorList.reserved(type, count: lengths.count)
        let length = try source.length()
        var position = 0
        for (index, part) in lengths.enumerated() {
            guard part >= 0, part <= length - position else {
                throw .invalidValue("splits \(length) elements into parts of \(lengths)")
            }
            try list.set(index, try source.slice(position..<position + part, drop: false, context))
            position += part
        }
        guard position == length else { throw .invalidValue("splits \(length) elements into parts of \(lengths)") }
        return list
    }
}
