import GraphIR
package import ServableCore
import Tensors

/// Where results are among the outputs of a signature.
package enum ExampleResults: Sendable {
    case classes(Int?, scores: Int?)
    case values

    /// The results of `count` examples, copied from where the run has left them.
    ///
    /// - Throws: `invalidArgument` for outputs of another type or shape than the method's.
    package func read(_ outputs: CallOutputs, count: Int) throws(ServableError) -> ExampleAnswer {
        switch self {
        case .classes(let classes, let scores): .classes(try Self.classes(classes, scores: scores, outputs, count: count))
        case .values: .values(try Self.values(outputs, count: count))
        }
    }

    private static func values(_ outputs: CallOutputs, count: Int) throws(ServableError) -> [Float] {
        let (shape, values) = try numbers(outputs, 0, "outputs")
        guard shape.extents == [count] || shape.extents == [count, 1] else {
            throw ServableError(
                .invalidArgument, "Expected output \"outputs\" of shape [\(count)] or [\(count),1], it is \(shape)")
        }
        return values
    }

    private static func classes(
        _ classes: Int?, scores: Int?, _ outputs: CallOutputs, count: Int
    ) throws(ServableError) -> ExampleClasses {
        var labels: StringTensor?, numbers: (shape: Shape, elements: [Float])?
        if let classes { labels = try strings(outputs, classes, "classes") }
        if let scores { numbers = try self.numbers(outputs, scores, "scores") }
        let shapes = [labels?.shape, numbers?.shape].compactMap(\.self)
        guard let shape = shapes.first, shape.rank == 2, shape[0] == count, shapes.allSatisfy({ $0 == shape }) else {
            let found = shapes.map(\.description).joined(separator: " and ")
            throw ServableError(.invalidArgument, "Expected outputs of one shape [\(count), classes], found \(found)")
        }
        return ExampleClasses(labels: labels?.elements, scores: numbers?.elements, exampleCount: count, classCount: shape[1])
    }

    private static func numbers(
        _ outputs: CallOutputs, _ index: Int, _ name: String
    ) throws(ServableError) -> (shape: Shape, elements: [Float]) {
        guard case .dense(let view) = outputs[index], view.elementType == .float32 else {
            throw ServableError(.invalidArgument, "Expected output \"\(name)\" of type float, it is \(outputs[index].kind)")
        }
        return (view.shape, view.values(Float.self))
    }

    private static func strings(_ outputs: CallOutputs, _ index: Int, _ name: String) throws(ServableError) -> StringTensor {
        guard case .object(.strings(let tensor)) = outputs[index] else {
            throw ServableError(.invalidArgument, "Expected output \"\(name)\" of type string, it is \(outputs[index].kind)")
        }
        return tensor
    }
}

/// What a model has said of examples.
package enum ExampleAnswer: Sendable {
    case classes(ExampleClasses)
    /// A value for each example.
    case values([Float])
}

/// Labels with scores, so many of each for every example.
package struct ExampleClasses: Sendable {
    package let labels: [[UInt8]]?
    package let scores: [Float]?
    package let exampleCount: Int
    package let classCount: Int

    /// - Parameters: nil for a signature without labels, which are empty then, or scores, which are 0; else row-major and of as many
    ///   elements as examples have classes.
    package init(labels: [[UInt8]]?, scores: [Float]?, exampleCount: Int, classCount: Int) {
        self.labels = labels
        self.scores = scores
        self.exampleCount = exampleCount
        self.classCount = classCount
    }
}
