import Foundation
import ModelFormats
import Testing

@Suite("FormatDetector")
struct FormatDetectorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let files: [String]
        /// The file chosen, or words of the refusal.
        let expected: String

        init(_ name: String, _ files: [String], _ expected: String) {
            (testDescription, self.files, self.expected) = (name, files, expected)
        }
    }

    static let accepted: [Case] = [
        Case("model.onnx", ["model.onnx", "weights.bin"], "model.onnx"),
        Case("one file of another name", ["net.onnx", "README.md"], "net.onnx"),
        Case("model.onnx among others", ["a.onnx", "model.onnx"], "model.onnx"),
        Case("a hidden copy beside", [".net.onnx", "net.onnx"], "net.onnx"),
    ]

    @Test("finds the model of a version directory", arguments: accepted)
    func finds(_ entry: Case) throws {
        let folder = try TemporaryFolder()
        for file in entry.files { try folder.write([], to: file) }
        let found = try FormatDetector.importer(for: folder.path)
        #expect(found.modelPath == folder.path + "/" + entry.expected)
        #expect(type(of: found.importer).formatName == "onnx")
        #expect(try FormatDetector.importer(for: found.modelPath).modelPath == found.modelPath)
    }

    @Test("finds a SavedModel by its folder, or by its file")
    func findsSavedModel() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([], to: "saved_model.pb")
        for path in [folder.path, file] {
            let found = try FormatDetector.importer(for: path)
            #expect(type(of: found.importer).formatName == "savedmodel")
            #expect(found.modelPath.hasPrefix(folder.path))
        }
    }

    static let refused: [Case] = [
        Case("empty directory", [], "holds no model"),
        Case("two models", ["a.onnx", "b.onnx"], "holds 2 .onnx files (a.onnx, b.onnx"),
        Case("SavedModel as text", ["saved_model.pbtxt"], "a SavedModel in text form"),
        Case("TensorFlow Lite", ["model.tflite"], "a TensorFlow Lite model"),
        Case("both formats", ["saved_model.pb", "model.onnx"], "holds both"),
    ]

    @Test("refuses a directory that does not hold one model", arguments: refused)
    func refuses(_ entry: Case) throws {
        let folder = try TemporaryFolder()
        for file in entry.files { try folder.write([], to: file) }
        let error = try #require(throws: ImportError.self) { try FormatDetector.importer(for: folder.path) }
        #expect(error.description.contains(entry.expected), "\(error)")
        #expect(error.path == folder.path)
    }

    @Test("refuses what is missing, what is no file, and files of another name")
    func files() throws {
        let folder = try TemporaryFolder()
        let missing = try #require(throws: ImportError.self) { try FormatDetector.importer(for: folder.path + "/none.onnx") }
        #expect(missing.description.contains("No such file"))
        let device = try #require(throws: ImportError.self) { try FormatDetector.importer(for: "/dev/null") }
        #expect(device.description.contains("neither a file nor a directory"))
        let other = try #require(throws: ImportError.self) {
            try FormatDetector.importer(for: try folder.write([], to: "model.bin"))
        }
        #expect(other.description.contains("is not named *.onnx"))
    }
}
