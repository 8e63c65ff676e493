import GraphIR
import Tensors

/// The elements of a list in one tensor, which is there once the shape of an element is known.
struct ListBuffer {
    let list: TensorLoop.List
    let count: Int
    private var tensor: Tensor?

    init(_ list: TensorLoop.List, count: Int) throws(OperatorError) {
        guard count >= 0, count <= TensorList.maximumCount else { throw .invalidValue("makes a list of \(count) elements") }
        if let expected = list.expectedCount, expected != count {
            throw .invalidValue("stacks a list of \(count) elements, expected \(expected)")
        }
        (self.list, self.count) = (list, count)
    }

    mutating func put(_ element: TensorView, at place: Int, _ context: EvaluationContext) throws(OperatorError) {
        guard place >= 0, place < count else { throw .invalidValue("has element \(place) of a list of \(count)") }
        guard element.elementType == list.element.elementType, list.element.shape?.admits(element.shape) ?? true else {
            throw .invalidValue("puts \(element.spec) into a list of \(list.element)")
        }
        let tensor: Tensor
        if let known = self.tensor { tensor = known } else { tensor = try zeros(element.shape, context) }
        self.tensor = tensor
        guard tensor.shape.extents.dropFirst().elementsEqual(element.shape.extents) else {
            throw .invalidValue("puts \(element.spec) into a list of elements of shape \(tensor.shape.extents.dropFirst())")
        }
        let byteCount = element.spec.byteCount
        (tensor.storage.baseAddress + place * byteCount).copyMemory(from: element.baseAddress, byteCount: byteCount)
    }

    func stacked(_ context: EvaluationContext) throws(OperatorError) -> Tensor {
        if let tensor { return tensor }
        guard let shape = list.element.shape?.concrete else {
            throw .invalidValue("stacks \(count) elements whose shape is not known (\(list.element))")
        }
        return try zeros(shape, context)
    }

    private func zeros(_ element: Shape, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let shape = try Shape(checked: [count] + element.extents, what: "the stacked elements")
        return try context.makeTensor(TensorSpec(list.element.elementType, shape)) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}
