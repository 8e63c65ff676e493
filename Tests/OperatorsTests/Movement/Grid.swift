import GraphIR
import Operators
import Tensors

/// A small tensor of numbers, addressed by index lists: what the references of moving operators are written with.
struct Grid: Equatable {
    let shape: [Int]
    private(set) var values: [Double]

    /// - Parameter value: of each element, from its index list.
    init(_ shape: [Int], _ value: ([Int]) throws -> Double) rethrows {
        self.shape = shape
        values = try Grid.indices(shape).map(value)
    }

    /// Counts up from 0.
    init(counting shape: [Int], modulo: Int = .max) {
        self.shape = shape
        values = (0..<shape.reduce(1, *)).map { Double($0 % modulo) }
    }

    init(_ tensor: Tensor) {
        shape = tensor.shape.extents
        values = tensor.numbers
    }

    subscript(index: [Int]) -> Double {
        get { values[place(index)] }
        set { values[place(index)] = newValue }
    }

    private func place(_ index: [Int]) -> Int {
        zip(index, shape).reduce(0) { place, axis in
            precondition((0..<axis.1).contains(axis.0))
            return place * axis.1 + axis.0
        }
    }

    /// All index lists of a shape, in row-major order.
    static func indices(_ shape: [Int]) -> [[Int]] {
        shape.reduce([[]]) { lists, extent in lists.flatMap { list in (0..<extent).map { list + [$0] } } }
    }

    func tensor(_ type: ElementType = .float32) -> Tensor { Tensor(values, type, Shape(shape)) }
}

extension ElementType {
    /// One type of each width, and the others that elements are moved as.
    static let movable = allCases.filter { $0 != .string && !$0.isComplex && $0.narrow == nil }
}

/// A list of int64, as shapes, axes and indices are given.
func integers(_ values: [Int], shape: Shape? = nil) -> Tensor {
    Tensor(values.map(Int64.init), shape: shape ?? [values.count])
}

/// A moving operator of the newest opset.
func movement(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> any Operator {
    try makeOperator(name, in: MovementOperators.spellings, attributes: attributes)
}

func transpose(_ permutation: [Int]) throws -> any Operator {
    try movement("Transpose", ["perm": .integers(permutation.map(Int64.init))])
}

func concat(_ axis: Int) throws -> any Operator { try movement("Concat", ["axis": .integer(Int64(axis))]) }
