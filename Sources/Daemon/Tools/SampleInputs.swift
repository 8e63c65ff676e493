import GraphIR
import ModelServing
import Tensors

/// Made-up inputs for a signature.
struct SampleInputs {
    /// Shapes given by name.
    private let shapes: [String: Shape]
    /// Extent of an open leading axis.
    private let rowCount: Int
    /// Extent of other open axes; nil: they must be given.
    private let openExtent: Int?

    init(shapes: [String: Shape] = [:], rowCount: Int = 1, openExtent: Int? = nil) {
        self.shapes = shapes
        self.rowCount = rowCount
        self.openExtent = openExtent
    }

    /// - Parameter texts: shapes such as `NAME=1,3,224,224`; of one name the last counts.
    init(parsing texts: [String], rowCount: Int) throws {
        let named = try texts.map(Self.shape)
        self.init(shapes: Dictionary(named.map { ($0.name, $0.shape) }) { _, last in last }, rowCount: rowCount)
    }

    /// Reads `NAME=1,3,224,224`.
    static func shape(_ text: String) throws -> (name: String, shape: Shape) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let extents = parts.count == 2 ? parts[1].split(separator: ",").map { Int($0) ?? -1 } : [-1]
        guard let shape = Shape(checking: extents), extents.allSatisfy({ $0 >= 0 }), !parts[0].isEmpty else {
            throw CommandFailure(.usage, "--shape \(text): expected NAME=EXTENT,EXTENT…, such as image=1,3,224,224")
        }
        return (String(parts[0]), shape)
    }

    func specs(_ signature: Signature) throws -> [TensorSpec] {
        if let unknown = shapes.keys.sorted().first(where: { signature.inputIndex($0) == nil }) {
            let known = signature.inputs.map(\.name).joined(separator: ", ")
            throw CommandFailure(.usage, "--shape \(unknown): the model has no such input; its inputs are \(known)")
        }
        return try signature.inputs.map { input in
            guard let type = input.tensor else {
                throw CommandFailure(
                    .usage, "input \"\(input.name)\" is \(input.type), for which no values can be made up; apus bench takes --inputs")
            }
            return TensorSpec(type.elementType, try shape(of: input, type))
        }
    }

    func tensors(_ signature: Signature) throws -> [Tensor] {
        var generator = SampleGenerator()
        return try zip(signature.inputs, specs(signature)).map { input, spec in
            guard let tensor = generator.tensor(spec) else {
                throw CommandFailure(.usage, "input \"\(input.name)\" is \(spec), for which no values can be made up; give --inputs")
            }
            return tensor
        }
    }

    private func shape(of input: Signature.Parameter, _ type: TensorType) throws -> Shape {
        if let given = shapes[input.name] { return given }
        guard let declared = type.shape else {
            throw CommandFailure(.usage, "input \"\(input.name)\" is \(input.type); give its shape with --shape \(input.name)=…")
        }
        let extents = try declared.dimensions.enumerated().map { axis, dimension in
            guard let extent = dimension.value ?? (axis == 0 ? rowCount : openExtent) else {
                throw CommandFailure(.usage, "input \"\(input.name)\" is \(input.type); give its shape with --shape \(input.name)=…")
            }
            return extent
        }
        guard let shape = Shape(checking: extents) else {
            throw CommandFailure(.badData, "input \"\(input.name)\" is \(input.type), which is no shape that can be run")
        }
        return shape
    }
}
