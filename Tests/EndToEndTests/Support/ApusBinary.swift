import Foundation

/// The program under test.
enum ApusBinary {
    struct Missing: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) is no program; build it with \"swift build --product apus\", or name another in APUS_BINARY" }
    }

    /// `APUS_BINARY`, else `apus` in the folder where the tests' own program was built.
    static var path: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let built = URL(filePath: own).deletingLastPathComponent().appending(path: "apus").path
            let path = ProcessInfo.processInfo.environment["APUS_BINARY"] ?? built
            guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
            return path
        }
    }

    /// Only what the program needs to start, and the level of kernels that the tests are run with: nothing else of the environment
    /// of whoever runs the tests may configure it.
    private static let passedVariables = ["PATH", "LD_LIBRARY_PATH", "APUS_ISA"]

    /// Starts the program. Its default folder for state is `home`, where its output goes as well.
    static func start(_ arguments: [String], home: TemporaryFolder, output: URL, errors: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: try path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { passedVariables.contains($0.key) }
            .merging(["STATE_DIRECTORY": home.url.path]) { _, own in own }
        process.currentDirectoryURL = home.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try writer(output)
        process.standardError = try writer(errors)
        try process.run()
        return process
    }

    /// A file rather than a pipe: a test that does not read never blocks the program.
    private static func writer(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}

/// A command of the program, run to its end.
struct ApusCommand {
    let status: Int32
    let output: String
    let errors: String

    init(_ arguments: String..., home: TemporaryFolder) async throws { try await self.init(arguments, home: home) }

    init(_ arguments: [String], home: TemporaryFolder) async throws {
        let (output, errors) = (home["command-output"], home["command-errors"])
        let process = try ApusBinary.start(arguments, home: home, output: output, errors: errors)
        defer { process.killIfRunning() }
        try await eventually("the end of apus \(arguments.joined(separator: " "))") { !process.isRunning }
        status = process.exitStatus
        self.output = try String(contentsOf: output, encoding: .utf8)
        self.errors = try String(contentsOf: errors, encoding: .utf8)
    }

    var json: JSON {
        get throws { try JSON(output) }
    }
}

extension Process {
    /// The exit status of a process that has ended; the negative signal when one killed it.
    var exitStatus: Int32 { terminationReason == .exit ? terminationStatus : -terminationStatus }

    func killIfRunning() {
        if isRunning { kill(processIdentifier, SIGKILL) }
        waitUntilExit()
    }
}
