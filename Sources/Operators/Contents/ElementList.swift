import GraphIR
import Tensors

/// The elements of a tensor of any type, numbers or strings, in memory order.
enum ElementList {
    /// Valid only during the call that gave it.
    case dense(TensorView)
    case strings(StringTensor)

    var shape: Shape {
        switch self {
        case .dense(let view): view.shape
        case .strings(let tensor): tensor.shape
        }
    }

    var elementType: ElementType {
        switch self {
        case .dense(let view): view.elementType
        case .strings: .string
        }
    }

    var count: Int { shape.elementCount }

    var byteCount: Int {
        switch self {
        case .dense(let view): view.spec.byteCount
        case .strings(let tensor): tensor.byteCount
        }
    }

    /// A tensor of the elements at `positions`, each of which lies inside.
    func gathered(_ positions: [Int], _ shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        try Self.gathered([self], positions.map { (0, $0) }, shape, context)
    }

    /// A tensor of the elements at `positions` as a list.
    func gathered(_ positions: [Int], _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        try gathered(positions, [positions.count], context)
    }

    /// A tensor of elements of several lists of one type, each place given by the number of its list and the position there.
    static func gathered(
        _ lists: [ElementList], _ places: [(list: Int, position: Int)], _ shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        guard places.count == shape.elementCount else { throw .invalidValue("makes \(places.count) elements for shape \(shape)") }
        guard let first = lists.first else { throw .invalidValue("has no elements to choose from") }
        let type = first.elementType
        guard lists.allSatisfy({ $0.elementType == type }) else { throw .invalidValue("has elements of different types") }
        guard places.allSatisfy({ lists.indices.contains($0.list) && $0.position >= 0 && $0.position < lists[$0.list].count }) else {
            throw .invalidValue("refers to an element that is not there")
        }
        if type == .string {
            let texts = lists.map { list -> [[UInt8]] in if case .strings(let tensor) = list { tensor.elements } else { [] } }
            return try context.withScratch(ByteCount.product(places.count, MemoryLayout<[UInt8]>.stride)) { () throws(OperatorError) in
                .strings(StringTensor(shape: shape, elements: places.map { texts[$0.list][$0.position] }))
            }
        }
        let bases = lists.map { list -> UnsafeRawPointer? in if case .dense(let view) = list { view.baseAddress } else { nil } }
        let width = type.byteCount
        return .tensor(
            try context.makeTensor(TensorSpec(type, shape)) { bytes in
                guard var target = bytes.baseAddress else { return }
                for place in places {
                    if let base = bases[place.list] { target.copyMemory(from: base + place.position * width, byteCount: width) }
                    target += width
                }
            })
    }

    /// The same elements as a value that outlives the call, under `shape`, which has as many.
    func copied(_ shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        guard shape.elementCount == count else { throw .invalidValue("has \(count) elements, which do not fill shape \(shape)") }
        switch self {
        case .strings(let tensor): return .strings(tensor.reshaped(shape))
        case .dense(let view):
            return .tensor(
                try context.makeTensor(TensorSpec(view.elementType, shape)) { bytes in bytes.copyMemory(from: view.bytes) })
        }
    }
}
