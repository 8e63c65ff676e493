import Testing

@testable import Tensors

@Suite("StringTensor")
struct StringTensorTests {
    private let words = StringTensor(shape: [3], elements: [Array("a".utf8), [], [0xFF, 0]])

    @Test("counts the bytes of its strings and what holds them")
    func byteCount() { #expect(words.byteCount == 3 + 3 * MemoryLayout<[UInt8]>.stride) }

    @Test("keeps its elements under another shape")
    func reshaped() {
        let tall = words.reshaped([3, 1])
        #expect(tall.shape == [3, 1])
        #expect(tall.elements == words.elements)
        #expect(tall != words)
    }

    @Test("is a tensor of strings to those who do not look inside")
    func value() {
        let value = TensorValue.strings(words)
        #expect(value.spec == TensorSpec(.string, [3]))
        #expect(value.byteCount == words.byteCount)
        #expect(TensorValue.dense(Tensor(scalar: Float(1))).byteCount == 4)
    }
}
