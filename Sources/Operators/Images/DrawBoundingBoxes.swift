import GraphIR
import Tensors

/// Images with the outlines of boxes drawn into them.
///
/// - Shapes: images [N, H, W, C], boxes [N, B, 4] (y1, x1, y2, x2 in units of the image) (, colours [K, C′]) → as the images.
/// - Source: TensorFlow operators DrawBoundingBoxes and DrawBoundingBoxesV2.
struct DrawBoundingBoxes: Operator {
    let hasColors: Bool
    var name: String { hasColors ? "DrawBoundingBoxesV2" : "DrawBoundingBoxes" }

    /// Red, green, blue, opacity, in turn for each box.
    private static let standardColors: [[Float]] = [
        [1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1], [0, 0, 0.5, 1],
        [0, 1, 1, 1], [1, 0, 1, 1],
    ]

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(hasColors ? 3...3 : 2...2)
        let images = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let shape = try ImageInputs.shape(images)
        if let channels = shape[3].value, ![1, 3, 4].contains(channels) {
            throw .invalidInput(index: 0, reason: "has \(channels) channels, expected 1, 3 or 4")
        }
        _ = try inputs.required(1, of: [.float32])
        try ImageInputs.check(inputs, 1, [shape[0].value, nil, 4])
        if hasColors {
            _ = try inputs.required(2, of: [.float32])
            try ImageInputs.check(inputs, 2, [nil, nil])
        }
        return [ValueFact(images.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 1), inputs.axis(0) == 0, inputs.axis(1) == 0 else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let images = try context.input(0).shape, boxes = try context.input(1).shape[1]
            let table = hasColors ? try context.input(2).shape : [0, 0]
            guard table[0] == 0 || table[1] >= images[3] else {
                throw .invalidInput(index: 2, reason: "is \(table), expected colours of \(images[3]) channels")
            }
            let standard = Self.standardColors.map { color in images[3] == 1 ? [1] : color }
            return CompiledOperator(
                LoopKernel { context in
                    let y = context.output(0, as: Float.self)
                    y.update(from: context.input(0, as: Float.self), count: images.elementCount)
                    for image in 0..<images[0] {
                        let canvas = Canvas(y + image * images[1] * images[2] * images[3], images[1], images[2], images[3])
                        for box in 0..<boxes {
                            let corners = context.input(1, as: Float.self) + 4 * (image * boxes + box)
                            if table[0] > 0 {
                                canvas.draw(corners, context.input(2, as: Float.self) + box % table[0] * table[1])
                            } else {
                                standard[box % standard.count].withUnsafeBufferPointer { color in
                                    if let color = color.baseAddress { canvas.draw(corners, color) }
                                }
                            }
                        }
                    }
                })
        }
    }

    private struct Canvas {
        let pixels: UnsafeMutablePointer<Float>
        let height: Int
        let width: Int
        let channels: Int

        init(_ pixels: UnsafeMutablePointer<Float>, _ height: Int, _ width: Int, _ channels: Int) {
            self.pixels = pixels
            self.height = height
            self.width = width
            self.channels = channels
        }

        func draw(_ box: UnsafePointer<Float>, _ color: UnsafePointer<Float>) {
            guard let top = place(box[0], height), let left = place(box[1], width), let bottom = place(box[2], height),
                let right = place(box[3], width), top <= bottom, left <= right, top < height, left < width, bottom >= 0, right >= 0
            else { return }
            let rows = max(top, 0)...min(bottom, height - 1), columns = max(left, 0)...min(right, width - 1)
            if top >= 0 { columns.forEach { set(top, $0, color) } }
            if bottom < height { columns.forEach { set(bottom, $0, color) } }
            if left >= 0 { rows.forEach { set($0, left, color) } }
            if right < width { rows.forEach { set($0, right, color) } }
        }

        private func place(_ position: Float, _ extent: Int) -> Int? {
            Int(exactly: (position * Float(extent - 1)).rounded(.towardZero))
        }

        private func set(_ row: Int, _ column: Int, _ color: UnsafePointer<Float>) {
            for c in 0..<channels { pixels[(row * width + column) * channels + c] = color[c] }
        }
    }
}
