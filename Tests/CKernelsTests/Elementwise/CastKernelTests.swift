import CKernels
import Testing

@Suite("Conversion kernels")
struct CastKernelTests {
    @Test("every binary16 survives the way to float and back")
    func everyHalf() {
        let halves = (0...UInt16.max).map { $0 }
        for table in KernelTables.available {
            var floats = [Float](repeating: 0, count: halves.count), back = [UInt16](repeating: 0, count: halves.count)
            table.pointee.cast.f16_to_f32(&floats, halves, halves.count)
            table.pointee.cast.f32_to_f16(&back, floats, floats.count)
            for (half, (float, again)) in zip(halves, zip(floats, back)) {
                let isNaN = half & 0x7FFF > 0x7C00
                #expect(
                    float.isNaN == isNaN && (isNaN ? again & 0x7FFF > 0x7C00 : again == half),
                    "\(KernelTables.name(table)) \(half)")
                guard !isNaN else { continue }
                #expect(float == Self.value(half), "\(KernelTables.name(table)) \(half)")
            }
        }
    }

    /// The value by the definition of the format.
    private static func value(_ half: UInt16) -> Float {
        let exponent = Int(half >> 10 & 31), fraction = Float(half & 1023), sign: Float = half & 0x8000 == 0 ? 1 : -1
        if exponent == 31 { return sign * .infinity }
        return sign
            * (exponent == 0 ? fraction * 0x1p-24 : Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024))
    }

    @Test("floats round to the nearest binary16, ties to even, on all levels alike")
    func rounding() {
        // Between any two neighbours: the middle, and a hair to either side of it.
        let lows = stride(from: UInt16(0), to: 0x7BFF, by: 3).map { $0 }
        for low in lows {
            let a = Self.value(low), b = Self.value(low + 1), middle = (a + b) / 2
            let even = low & 1 == 0 ? low : low + 1
            let x = [middle, middle.nextDown, middle.nextUp, -middle]
            for table in KernelTables.available {
                var y = [UInt16](repeating: 0, count: x.count)
                table.pointee.cast.f32_to_f16(&y, x, x.count)
                #expect(y == [even, low, low + 1, even | 0x8000], "\(KernelTables.name(table)) \(middle)")
            }
        }
    }

    @Test("bfloat16 is the upper half of a float, rounded")
    func upperHalf() {
        let x: [Float] = [1, 1 + 0x1p-8, 1 + 0x1.8p-7, -3.5, .infinity, -.infinity, 0x1p-130, .greatestFiniteMagnitude, 0, -0.0]
        let expected: [UInt16] = [0x3F80, 0x3F80, 0x3F82, 0xC060, 0x7F80, 0xFF80, 0x0008, 0x7F80, 0, 0x8000]
        for table in KernelTables.available {
            var y = [UInt16](repeating: 1, count: x.count), nan = [UInt16](repeating: 0, count: 1)
            table.pointee.cast.f32_to_bf16(&y, x, x.count)
            #expect(y == expected, "\(KernelTables.name(table))")
            // A NaN whose set bits all lie in the half that is cut off.
            table.pointee.cast.f32_to_bf16(&nan, [Float(bitPattern: 0x7F80_0001)], 1)
            #expect(nan[0] & 0x7FFF > 0x7F80, "\(KernelTables.name(table))")
        }
    }
}
