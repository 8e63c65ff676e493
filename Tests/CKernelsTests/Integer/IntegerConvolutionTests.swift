import CKernels
import Testing

/// Convolutions of bytes against plain sums.
@Suite("Integer convolutions")
struct IntegerConvolutionTests {
    struct Case: Sendable, CustomStringConvertible {
        var batch = 1, groups = 1, channels = 3, outputs = 5
        var height = 9, width = 8, kernel = 3, stride = 1, dilation = 1, pad = 1

        var description: String {
            "\(batch)×\(height)×\(width), \(groups) groups of \(channels) → \(outputs), kernel \(kernel), stride \(stride), dilation \(dilation), pad \(pad)"
        }

        private func extent(_ input: Int) -> Int { (input + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1 }
        var rows: Int { extent(height) }
        var columns: Int { extent(width) }
        var taps: Int { kernel * kernel }

        var shape: apus_convolution {
            apus_convolution(
                batch: batch, groups: groups, channels_in: channels, channels_out: outputs, input: (1, height, width),
                output: (1, rows, columns), kernel: (1, kernel, kernel), stride: (1, stride, stride), dilation: (1, dilation, dilation),
                pad: (0, pad, pad))
        }

        /// Sums at every place of the result, channels last.
        func sums(_ x: ByteSamples, _ zero: Int32, _ weights: ByteSamples, _ zeros: [Int32]) -> [Int32] {
            var result: [Int32] = []
            for image in 0..<batch {
                for row in 0..<rows {
                    for column in 0..<columns {
                        for channel in 0..<groups * outputs {
                            result.append(sum(x, zero, weights, zeros[channel], image, row, column, channel))
                        }
                    }
                }
            }
            return result
        }

        private func sum(
            _ x: ByteSamples, _ zero: Int32, _ weights: ByteSamples, _ weightsZero: Int32, _ image: Int, _ row: Int, _ column: Int,
            _ channel: Int
        ) -> Int32 {
            var sum: Int32 = 0
            for tap in 0..<taps {
                let h = row * stride + tap / kernel * dilation - pad, w = column * stride + tap % kernel * dilation - pad
                guard 0..<height ~= h, 0..<width ~= w else { continue }
                let pixel = ((image * height + h) * width + w) * groups * channels + channel / outputs * channels
                for c in 0..<channels {
                    sum &+= (x[pixel + c] - zero) &* (weights[(channel * channels + c) * taps + tap] - weightsZero)
                }
            }
            return sum
        }
    }

    static let cases: [Case] =
        [1, 3].flatMap { kernel in
            [1, 2].flatMap { stride in
                [(1, 1), (1, 2), (2, 1)].flatMap { dilation, groups in
                    [(8, 3), (13, 4), (29, 1), (29, 8), (33, 6)].flatMap { width, channels in
                        [0, 1].map { pad in
                            Case(
                                batch: 2, groups: groups, channels: channels, outputs: 37, width: width, kernel: kernel, stride: stride,
                                dilation: dilation, pad: pad)
                        }
                    }
                }
            }
        }
        // Runs of every length that windows are copied in.
        + (1...70).map { Case(channels: $0, outputs: 2, height: 4, width: 5, kernel: $0 % 2 == 0 ? 1 : 3, stride: 2) }
        + [Case(channels: 3, outputs: 64, height: 40, width: 230, kernel: 7, stride: 2, pad: 3)]

    @Test("give the sums of plain arithmetic, whole and in parts", arguments: IntegerLevel.all)
    func sums(_ level: IntegerLevel) throws {
        let kernels = try level.kernels
        for (index, test) in Self.cases.enumerated() {
            let isSigned = index % 2 == 0, weightsAreSigned = index % 3 != 0, hasZeros = index % 4 < 2
            let columns = test.groups * test.outputs, depth = test.channels * test.taps
            let x = ByteSamples(test.batch * test.height * test.width * test.groups * test.channels, isSigned: isSigned, seed: 7)
            let weights = ByteSamples(columns * depth, isSigned: weightsAreSigned, seed: 8)
            let zeroBytes =
                hasZeros ? ByteSamples(columns, isSigned: weightsAreSigned, seed: 9).bytes : [UInt8](repeating: 0, count: columns)
            let zero: Int32 = isSigned ? -7 : 9, zeros = zeroBytes.map { ByteSamples.number($0, weightsAreSigned) }
            let expected = test.sums(x, zero, weights, zeros)
            for inParts in [false, true] {
                let found = run(kernels, test, x, zero, weights, zeroBytes, inParts: inParts)
                #expect(found == expected, "\(test), in parts: \(inParts)")
            }
        }
    }

    private func run(
        _ kernels: apus_integer_kernels, _ test: Case, _ x: ByteSamples, _ zero: Int32, _ weights: ByteSamples, _ zeros: [UInt8],
        inParts: Bool
    ) -> [Int32] {
        var shape = test.shape
        let depth = test.channels * test.taps, each = kernels.packed_count(test.taps, test.channels, test.outputs)
        let padded = PreparedWeights.padded(test.outputs, kernels)
        let prepared = PreparedWeights(byteCount: each * test.groups, places: padded * test.groups)
        var y = [Int32](repeating: 0, count: test.batch * test.rows * test.columns * test.groups * test.outputs)
        var scratch = [UInt8](repeating: 0xAA, count: kernels.convolution_scratch_count(&shape) + 64)
        x.bytes.withUnsafeBufferPointer { data in
            weights.bytes.withUnsafeBufferPointer { filter in
                prepared.offsets.withUnsafeMutableBufferPointer { offsets in
                    prepared.zeros.withUnsafeMutableBufferPointer { rightZeros in
                        guard let data = data.baseAddress, let filter = filter.baseAddress, let offsets = offsets.baseAddress,
                            let rightZeros = rightZeros.baseAddress
                        else { return }
                        for group in 0..<test.groups {
                            var right = apus_integer_right(
                                data: filter + group * test.outputs * depth, tap_stride: 1, channel_stride: test.taps,
                                column_stride: depth, is_signed: weights.isSigned)
                            kernels.pack(prepared.address + group * each, &right, test.taps, test.channels, test.outputs)
                            let needs = kernels.prepare(
                                offsets + group * padded, rightZeros + group * padded, prepared.address + group * each, test.taps,
                                test.channels, test.outputs, 0, test.outputs, x.isSigned, zero, Array(zeros[(group * test.outputs)...]), 1,
                                weights.isSigned, nil)
                            prepared.needsZeros = prepared.needsZeros || needs
                        }
                        var left = apus_integer_left(data: data, stride: 0, is_signed: x.isSigned, zero: zero)
                        var end = IntegerProductTests.end(APUS_INTEGER_SUMS, offsets, prepared.needsZeros ? UnsafePointer(rightZeros) : nil)
                        guard inParts else { return kernels.convolution(&y, &left, prepared.address, &shape, &end, &scratch) }
                        for part in (0..<kernels.convolution_part_count(&shape)).reversed() {
                            kernels.convolution_part(&y, &left, prepared.address, &shape, &end, &scratch, part)
                        }
                    }
                }
            }
        }
        #expect(scratch.suffix(64).allSatisfy { $0 == 0xAA }, "scratch beyond its end")
        return y
    }

    @Test("with one channel a group give the sums of plain arithmetic", arguments: IntegerLevel.all)
    func depthwise(_ level: IntegerLevel) throws {
        let kernels = try level.kernels
        for groups in [1, 3, 16, 33, 70, 131] {
            for (stride, dilation) in [(1, 1), (2, 1), (1, 2)] {
                let test = Case(batch: 2, groups: groups, channels: 1, outputs: 1, stride: stride, dilation: dilation)
                let x = ByteSamples(2 * 72 * groups, isSigned: groups % 2 == 0, seed: 3)
                let weights = ByteSamples(groups * 9, isSigned: true, seed: 4)
                let packed = (0..<9 * groups).map { Int16(weights[$0 % groups * 9 + $0 / groups] - 5) }
                let offsets = [Int32](repeating: 0, count: PreparedWeights.padded(groups, kernels))
                var shape = test.shape, y = [Int32](repeating: 0, count: 2 * test.rows * test.columns * groups)
                x.bytes.withUnsafeBufferPointer { data in
                    offsets.withUnsafeBufferPointer { offsets in
                        guard let data = data.baseAddress, let offsets = offsets.baseAddress else { return }
                        var left = apus_integer_left(data: data, stride: 0, is_signed: x.isSigned, zero: 11)
                        var end = IntegerProductTests.end(APUS_INTEGER_SUMS, offsets, nil)
                        kernels.depthwise_rows(&y, &left, packed, &shape, &end, 0, 2 * test.rows)
                    }
                }
                #expect(y == test.sums(x, 11, weights, [Int32](repeating: 5, count: groups)), "\(test)")
            }
        }
    }
}
