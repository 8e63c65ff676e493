import ModelFormats
import Tensors
import Testing

@Suite("NumPyStrings")
struct NumPyStringsTests {
    @Test(
        "strings come back as they were written, but for zeros at their ends",
        arguments: [
            StringTensor(shape: [2, 2], elements: [[], Array("é".utf8), [1, 0, 2], [255]]), StringTensor(shape: [], elements: [[7]]),
            StringTensor(shape: [0, 3], elements: []), StringTensor(shape: [2], elements: [[], []]),
        ])
    func roundTrip(_ tensor: StringTensor) throws {
        let folder = try TemporaryFolder()
        try NumPyStrings.write(tensor, to: folder.path + "/a.npy")
        #expect(try NumPyStrings.read(folder.path + "/a.npy") == tensor)
    }

    /// A file of version 1.0 with this description.
    private static func file(_ description: String, _ data: [UInt8]) -> [UInt8] {
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(description.utf8.count), 0] + Array(description.utf8) + data
    }

    @Test("reads what NumPy writes")
    func numPy() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            Self.file("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", Array("ab\0xyz".utf8)), to: "a.npy")
        #expect(try NumPyStrings.read(folder.path + "/a.npy").elements == [Array("ab".utf8), Array("xyz".utf8)])
    }

    @Test(
        "refuses other files",
        arguments: [
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0]), "holds float32, expected strings"),
            (file("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", [1, 2, 3]), "has 3 bytes of elements"),
            (file("{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000,), }", []), "of 0 bytes each"),
            (file("{'descr': '|S9223372036854775807', 'fortran_order': False, 'shape': (3,), }", []), "NumPy type"),
            (file("{'descr': '|S1', 'fortran_order': True, 'shape': (1, 1), }", [1]), "Fortran's order"),
            (file("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", []), "NumPy type '<U3'"), ([1, 2], "is no .npy file"),
        ] as [([UInt8], String)])
    func refuses(_ bytes: [UInt8], _ words: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(bytes, to: "a.npy")
        let error = try #require(throws: TensorFileError.self) { try NumPyStrings.read(folder.path + "/a.npy") }
        #expect(error.description.contains(words), "\(error)")
    }
}
