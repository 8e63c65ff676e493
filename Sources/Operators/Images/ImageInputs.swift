import GraphIR
import Tensors

/// Checks that operators over images share: [N, H, W, C].
enum ImageInputs {
    /// The shape of images, of rank 4 even when it is not known.
    static func shape(_ fact: ValueFact, index: Int = 0) throws(OperatorError) -> SymbolicShape {
        guard let shape = fact.shape else { return SymbolicShape(unknownRank: 4) }
        guard shape.rank == 4 else {
            throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected 4: batch, height, width, channels")
        }
        return shape
    }

    /// Two extents, height and width, from constant contents; nil while they are not known.
    static func size(_ inputs: OperatorInputs, _ index: Int) throws(OperatorError) -> [Int]? {
        guard let values = try inputs.parameters(index) else { return nil }
        guard values.count == 2, values.allSatisfy({ $0 >= 0 }) else {
            throw .invalidInput(index: index, reason: "is \(values), expected a height and a width")
        }
        return values
    }

    /// The images' shape with another height and width; unknown ones where `size` is not known.
    static func resized(_ shape: SymbolicShape, _ size: [Int]?) throws(OperatorError) -> SymbolicShape {
        var result = shape
        result[1] = size.map { .known($0[0]) } ?? .unknown
        result[2] = size.map { .known($0[1]) } ?? .unknown
        return try result.checked("the output")
    }

    /// Refuses input `index` unless its shape can be `extents`; nil stands for any extent.
    static func check(_ inputs: OperatorInputs, _ index: Int, _ extents: [Int?]) throws(OperatorError) {
        guard let shape = inputs[index]?.shape else { return }
        let fits =
            shape.rank == extents.count
            && zip(shape.dimensions, extents).allSatisfy { dimension, extent in
                extent == nil || dimension.value == nil || dimension.value == extent
            }
        guard fits else {
            let expected = extents.map { $0.map(String.init) ?? "?" }.joined(separator: ",")
            throw .invalidInput(index: index, reason: "is \(shape), expected [\(expected)]")
        }
    }
}

extension RowInputs {
    /// Each image of input 0 gives the image of its place; the other inputs are the same for all rows, or count them.
    func imagewise() -> RowFlow {
        guard onlyInputsCarryRows(0), axis(0) == 0 else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: self)
    }
}
