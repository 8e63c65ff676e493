import Foundation
import ModelFormats
import Tensors
import Testing

/// The judge is judged first: a comparison that lets everything through would make every other test pass.
@Suite("TensorComparison")
struct TensorComparisonTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let got: Tensor
        let want: Tensor
        let isEqual: Bool
        var tolerance = Tolerance(relative: 1e-3, absolute: 1e-7)
    }

    static let cases: [Case] = [
        Case(testDescription: "equal floats", got: floats([1, 2]), want: floats([1, 2]), isEqual: true),
        Case(testDescription: "within the relative bound", got: floats([1000.9]), want: floats([1000]), isEqual: true),
        Case(testDescription: "beyond the relative bound", got: floats([1001.5]), want: floats([1000]), isEqual: false),
        Case(testDescription: "within the absolute bound", got: floats([5e-8]), want: floats([0]), isEqual: true),
        Case(testDescription: "beyond the absolute bound", got: floats([2e-7]), want: floats([0]), isEqual: false),
        Case(testDescription: "NaN for NaN", got: floats([.nan]), want: floats([.nan]), isEqual: true),
        Case(testDescription: "NaN for a number", got: floats([.nan]), want: floats([1]), isEqual: false),
        Case(testDescription: "a number for NaN", got: floats([1]), want: floats([.nan]), isEqual: false),
        Case(testDescription: "infinity for infinity", got: floats([.infinity]), want: floats([.infinity]), isEqual: true),
        Case(testDescription: "a number for infinity", got: floats([1]), want: floats([.infinity]), isEqual: false),
        Case(testDescription: "infinities of other signs", got: floats([-.infinity]), want: floats([.infinity]), isEqual: false),
        Case(testDescription: "infinity for a number", got: floats([.infinity]), want: floats([1]), isEqual: false),
        Case(testDescription: "another shape", got: floats([1]).reshaped([1, 1]), want: floats([1]), isEqual: false),
        Case(testDescription: "another type", got: Tensor([Double(1)], shape: [1]), want: floats([1]), isEqual: false),
        Case(
            testDescription: "equal integers", got: Tensor([3, 4] as [Int64], shape: [2]),
            want: Tensor([3, 4] as [Int64], shape: [2]), isEqual: true),
        Case(
            testDescription: "integers one apart", got: Tensor([1001] as [Int64], shape: [1]),
            want: Tensor([1000] as [Int64], shape: [1]), isEqual: false),
        Case(testDescription: "other truth", got: Tensor([true], shape: [1]), want: Tensor([false], shape: [1]), isEqual: false),
        Case(testDescription: "half floats within the bound", got: halves([1000]), want: halves([1000.5]), isEqual: true),
        Case(testDescription: "half floats beyond the bound", got: halves([1000]), want: halves([1010]), isEqual: false),
        Case(
            testDescription: "a cosine high enough", got: floats([1, 1.01]), want: floats([1, 1]), isEqual: true,
            tolerance: Tolerance(relative: 0, absolute: 0, minimumCosine: 0.999)),
        Case(
            testDescription: "a cosine too low", got: floats([1, -1]), want: floats([1, 1]), isEqual: false,
            tolerance: Tolerance(relative: 0, absolute: 0, minimumCosine: 0.999)),
    ]

    private static func floats(_ values: [Float]) -> Tensor { Tensor(values, shape: Shape([values.count])) }

    private static func halves(_ values: [Float]) -> Tensor {
        let bits = Tensor(values.map(HalfPrecision.binary16(from:)), shape: [values.count])
        return Tensor(TensorSpec(.float16, [values.count]), storage: bits.storage)!
    }

    @Test("tells equal from different", arguments: cases)
    func judges(_ entry: Case) {
        #expect((TensorComparison.difference(entry.got, entry.want, entry.tolerance) == nil) == entry.isEqual)
    }

    @Test("an engine that answers with its inputs, with too few outputs or with an error fails")
    func runnerFails() throws {
        let folder = Fixtures.root.appendingPathComponent("Operators/test_exp_example")
        let entry = try ConformanceCase(nodeTest: folder)
        struct Refusal: Error {}
        #expect(ConformanceRunner { _ in { $0 } }.failure(of: entry)?.contains("output 0 differs") == true)
        #expect(ConformanceRunner { _ in { _ in [] } }.failure(of: entry)?.contains("0 outputs, expected 1") == true)
        #expect(ConformanceRunner { _ in throw Refusal() }.failure(of: entry)?.contains("Refusal") == true)
        #expect(ConformanceRunner { _ in { _ in entry.runs[0].outputs } }.failure(of: entry) == nil)
    }
}
