import Foundation
import Testing

/// Runs the built program and waits for its end.
struct Program {
    let exitCode: Int32
    let output: String
    let errors: String

    /// The program lies beside the tests' own.
    static var path: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: own).deletingLastPathComponent().appending(path: "apus").path
        }
    }

    init(_ arguments: String..., environment: [String: String] = [:]) throws {
        try self.init(arguments, environment: environment)
    }

    init(_ arguments: [String], environment: [String: String]) throws {
        try self.init(try Self.path, arguments, environment: environment)
    }

    /// A command line of the shell, for what needs a pipe or a device.
    init(shell line: String) throws { try self.init("/bin/sh", ["-c", line], environment: ["PATH": "/usr/bin:/bin"]) }

    private init(_ path: String, _ arguments: [String], environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // What commands say fits into a pipe, so that reading one after the other cannot block.
        let outputBytes = try output.fileHandleForReading.readToEnd() ?? Data()
        let errorBytes = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        exitCode = process.terminationReason == .exit ? process.terminationStatus : -1
        self.output = String(decoding: outputBytes, as: UTF8.self)
        self.errors = String(decoding: errorBytes, as: UTF8.self)
    }

    /// The output as a JSON object.
    func json() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}
