import BenchmarkReferences
import CKernels
import COpenBLAS
import Operators

/// A convolution of one image over weights packed ahead, against columns of the image times the weights by OpenBLAS.
///
/// Shapes: image [channels, extent, extent], weights [outputs, channels, kernel, kernel], stride 1, padded to keep the extent.
struct Convolution: Comparison {
    let channels, extent, kernel, outputs: Int

    /// The shapes of ResNet-50's stages.
    static let section = Section(
        title: "Convolutions", summary: "channels × height × width, kernel, output channels; against im2col and cblas_sgemm",
        unit: .gigaflops,
        comparisons: [
            Convolution(channels: 64, extent: 56, kernel: 3, outputs: 64),
            Convolution(channels: 128, extent: 28, kernel: 3, outputs: 128),
            Convolution(channels: 256, extent: 14, kernel: 3, outputs: 256),
            Convolution(channels: 512, extent: 7, kernel: 3, outputs: 512),
            Convolution(channels: 64, extent: 56, kernel: 1, outputs: 256),
        ])

    var name: String { "\(channels)×\(extent)×\(extent) k\(kernel) → \(outputs)" }

    /// Numbers that one output is the sum of.
    private var terms: Int { channels * kernel * kernel }
    private var area: Int { extent * extent }

    func measure(by race: Race) throws -> Outcome {
        let image = FloatMemory.samples(count: channels * area), weights = FloatMemory.samples(count: outputs * terms)
        let y = FloatMemory(count: outputs * area), expected = FloatMemory(count: outputs * area)
        let candidate = try packedConvolution(y, image, weights), reference = columnProduct(expected, image, weights)
        candidate()
        reference()
        try y.check(against: expected, terms: terms)
        return Outcome(pace: try race.run(candidate: candidate, reference: reference), work: 2 * outputs * terms * area)
    }

    private func packedConvolution(_ y: FloatMemory, _ image: FloatMemory, _ weights: FloatMemory) throws -> () -> Void {
        let kernels = try InstructionSet.requested().functions.pointee.matrix
        var shape = apus_convolution()
        (shape.batch, shape.groups, shape.channels_in, shape.channels_out) = (1, 1, channels, outputs)
        shape.input = (1, extent, extent)
        shape.output = (1, extent, extent)
        shape.kernel = (1, kernel, kernel)
        shape.stride = (1, 1, 1)
        shape.dilation = (1, 1, 1)
        shape.pad = (0, kernel / 2, kernel / 2)
        let packed = FloatMemory(count: kernels.packed_weights_count(&shape))
        let scratch = FloatMemory(count: kernels.convolution_scratch_count(&shape))
        kernels.pack_weights_f32(packed.start, weights.start, &shape)
        return { [shape] in
            var shape = shape, epilogue = apus_epilogue()
            kernels.convolution_f32(y.start, image.start, packed.start, &shape, &epilogue, scratch.start)
        }
    }

    /// A kernel of one element needs no columns: the image is its own.
    private func columnProduct(_ y: FloatMemory, _ image: FloatMemory, _ weights: FloatMemory) -> () -> Void {
        let columns = kernel == 1 ? image : FloatMemory(count: terms * area)
        return {
            if columns !== image { apus_reference_columns(columns.start, image.start, channels, extent, extent, kernel) }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(outputs), Int32(area), Int32(terms), 1, weights.start, Int32(terms),
                columns.start, Int32(area), 0, y.start, Int32(area))
        }
    }
}
