import CKernels
import Testing

/// Counts that scratch memory and packed forms are made of, for extents that no memory holds.
@Suite("Counts of matrix kernels")
struct ScratchCountTests {
    static let levels = MatrixKernelTests.levels
    /// What a count is when it would be more.
    static let limit = 1 << 60
    static let huge = [1 << 24, 1 << 31, 1 << 32, 1 << 40, 1 << 48, 1 << 62, Int.max]

    @Test("counts of packed operands are exact or the limit, never wrapped", arguments: levels)
    func products(_ level: apus_isa) throws {
        let functions = try #require(apus_kernels_for(level)).pointee.matrix
        for m in Self.huge {
            for k in Self.huge {
                let least = Double(m) * Double(k)
                for count in [functions.packed_right_count(m, k), functions.packed_left_count(m, k)] {
                    #expect(Double(count) >= min(least, Double(Self.limit)) && count <= Self.limit, "\(m)×\(k): \(count)")
                }
                #expect((0...1 << 20).contains(functions.product_scratch_count(m, k, m)), "\(m)×\(k)")
            }
        }
    }

    /// Where a huge number stands in an otherwise small shape.
    static let places: [(name: String, put: @Sendable (inout apus_convolution, Int) -> Void)] = [
        ("groups", { $0.groups = $1 }), ("channels in", { $0.channels_in = $1 }), ("channels out", { $0.channels_out = $1 }),
        ("input", { $0.input.2 = $1 }), ("output rows", { $0.output.1 = $1 }), ("output", { $0.output.2 = $1 }),
        ("kernel rows", { $0.kernel.1 = $1 }), ("kernel", { $0.kernel.2 = $1 }), ("stride", { $0.stride.2 = $1 }),
        ("row stride", { $0.stride.1 = $1 }), ("dilation", { $0.dilation.2 = $1 }), ("row dilation", { $0.dilation.1 = $1 }),
    ]

    static func shape(groups: Int, channelsIn: Int) -> apus_convolution {
        apus_convolution(
            batch: 1, groups: groups, channels_in: channelsIn, channels_out: 2, input: (1, 9, 9), output: (1, 9, 9),
            kernel: (1, 3, 3), stride: (1, 1, 1), dilation: (1, 1, 1), pad: (0, 1, 1))
    }

    @Test("counts of convolutions grow with every extent up to the limit", arguments: levels)
    func convolutions(_ level: apus_isa) throws {
        let table = try #require(apus_kernels_for(level)).pointee, functions = table.matrix
        // Depthwise, grouped and plain.
        for (groups, channelsIn) in [(4, 1), (2, 3), (1, 8)] {
            for (first, second) in Self.places.indices.flatMap({ i in Self.places.indices.map { (i, $0) } }) {
                var before = [Int](repeating: 0, count: 4)
                for value in Self.huge {
                    var shape = Self.shape(groups: groups, channelsIn: channelsIn)
                    Self.places[first].put(&shape, value)
                    Self.places[second].put(&shape, value)
                    let counts = [
                        functions.packed_weights_count(&shape), functions.packed_transposed_count(&shape),
                        functions.transposed_scratch_count(&shape), functions.convolution_scratch_count(&shape),
                    ]
                    let name = "\(Self.places[first].name), \(Self.places[second].name) of \(value): \(counts) after \(before)"
                    #expect(counts.allSatisfy { (0...Self.limit).contains($0) }, "\(name)")
                    #expect(zip(counts, before).prefix(3).allSatisfy { $0 >= $1 }, "\(name)")
                    before = counts
                    let last = [
                        table.channels_last.packed_filter_count(&shape), table.channels_last.convolution_scratch_count(&shape),
                        table.channels_last.convolution_part_count(&shape),
                    ]
                    #expect(last.allSatisfy { (0...Self.limit).contains($0) }, "channels last, \(name): \(last)")
                }
            }
        }
    }

    @Test("scratch of a depthwise convolution holds every row that one output meets", arguments: levels)
    func depthwise(_ level: apus_isa) throws {
        let functions = try #require(apus_kernels_for(level)).pointee.matrix
        for stride in [1, 2, 1 << 24] {
            for dilation in [1, 1 << 24, 1 << 40] {
                for kernel in [1, 3, 1 << 20, 1 << 24] {
                    var shape = Self.shape(groups: 4, channelsIn: 1)
                    shape.output = (1, 1, 1)
                    shape.kernel = (1, kernel, kernel)
                    shape.stride = (1, stride, stride)
                    shape.dilation = (1, dilation, dilation)
                    let rows = Double(kernel - 1) * Double(dilation) + 1
                    let least = min(rows * rows, Double(Self.limit)), count = functions.convolution_scratch_count(&shape)
                    #expect(Double(count) >= least && count <= Self.limit, "\(kernel), \(stride), \(dilation): \(count)")
                }
            }
        }
    }

    @Test("scratch of a pooling holds a padded row or is the limit", arguments: levels)
    func poolings(_ level: apus_isa) throws {
        let functions = try #require(apus_kernels_for(level)).pointee.matrix
        for extent in [0, 1] + Self.huge {
            for (kernel, stride, dilation, pad) in [(3, 1, 1, 1), (1 << 24, 1 << 24, 1 << 24, 1 << 24), (Int.max, 1, Int.max, Int.max)] {
                var shape = apus_pooling(
                    planes: 1, input: (1, 1, extent), output: (1, 1, extent), kernel: (1, 1, kernel), stride: (1, 1, stride),
                    dilation: (1, 1, dilation), pad: (0, 0, pad), pad_end: (0, 0, pad), counts_padding: false)
                let count = functions.pooling_scratch_count(&shape)
                let least = min(Double(extent) + Double(pad), Double(Self.limit))
                #expect(Double(count) >= least && count <= Self.limit, "\(extent), kernel \(kernel): \(count)")
            }
        }
    }
}
