package import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The p-norm of the elements under each window, or of a whole plane: (Σ |x|ᵖ)^(1/p).
///
/// - Shapes: `x` [N, C, spatial…] → [N, C, spatial…]; without a window [N, C, 1…].
/// - Source: ONNX operators LpPool (opsets 1, 2, 11, 18 and 22) and GlobalLpPool (opsets 1, 2 and 22).
package struct LpPool: Operator {
    /// nil for the pooling of a whole plane.
    var attributes: PoolingAttributes?
    var exponent: Double
    /// For the pooling of a whole plane; a window has its own.
    package var layout = TensorLayout.channelsFirst

    init(_ attributes: AttributeReader, isGlobal: Bool) throws(OperatorError) {
        self.attributes = isGlobal ? nil : try PoolingAttributes(attributes)
        // Opset 1 states a float.
        exponent =
            attributes.version < 2
            ? Double(try attributes.float("p", default: 2)) : Double(try attributes.integer("p", default: 2))
        guard exponent >= 1, exponent.isFinite else {
            throw .invalidAttribute(name: "p", reason: "is \(exponent), expected at least 1")
        }
    }

    package init(attributes: PoolingAttributes?, exponent: Double = 2) {
        self.attributes = attributes
        self.exponent = exponent
    }

    package var name: String { attributes == nil ? "GlobalLpPool" : "LpPool" }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        if let attributes { return [ValueFact(x.elementType, try attributes.shape(x.shape))] }
        return try GlobalPool(.average, layout: layout).infer(inputs)
    }

    /// Images and channels are pooled one by one.
    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0, 1]) }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        let geometry: PoolingGeometry
        if let attributes {
            try attributes.layout.checkKernels(of: name)
            geometry = try attributes.geometry(x.shape, output: context.outputs[0].shape)
        } else {
            // A plane of any rank is one row under one window.
            try layout.checkKernels(of: name)
            let flat: Shape = [x.shape[0], layout.channels(x.shape), layout.spatialCount(x.shape)]
            let axis = Window.Axis(kernel: max(flat[2], 1), stride: 1, dilation: 1, padStart: 0, padEnd: 0, autoPadding: .valid)
            geometry = try PoolingGeometry(
                window: Window(axes: [axis]), x: flat, layout: .channelsFirst, output: [flat[0], flat[1], 1])
        }
        switch x.elementType {
        case .float32: return CompiledOperator(LpPoolKernel<Float>(geometry: geometry, exponent: exponent))
        case .float64: return CompiledOperator(LpPoolKernel<Double>(geometry: geometry, exponent: exponent))
        default: throw .unsupported("\(name) of \(x.elementType)")
        }
    }
}

private struct LpPoolKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let geometry: PoolingGeometry
    let exponent: Double

    func run(_ context: KernelContext) {
        let g = geometry
        var y = context.output(0, as: Scalar.self)
        for plane in 0..<g.planes {
            let x = context.input(0, as: Scalar.self) + plane * g.inputCount
            for depth in 0..<g.output.0 {
                for row in 0..<g.output.1 {
                    for column in 0..<g.output.2 {
                        y.pointee = norm(x, depth, row, column)
                        y += 1
                    }
                }
            }
        }
    }

    private func norm(_ x: UnsafePointer<Scalar>, _ depth: Int, _ row: Int, _ column: Int) -> Scalar {
        var sum = 0.0
        geometry.forEachElement(depth: depth, row: row, column: column) { offset, _ in
            let magnitude = abs(Double(x[offset]))
            sum += exponent == 2 ? magnitude * magnitude : exponent == 1 ? magnitude : pow(magnitude, exponent)
        }
        return Scalar(exponent == 2 ? sum.squareRoot() : exponent == 1 ? sum : pow(sum, 1 / exponent))
    }
}
