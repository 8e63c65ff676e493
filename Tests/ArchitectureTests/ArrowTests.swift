import Foundation
import Testing

/// Which of our targets, and which packages, each target may import. Every arrow points down.
///
/// `Tensors` and `GraphIR` are vocabulary: a target that may import others may import them where it is listed.
private let allowedImports: [String: Set<String>] = [
    "Tensors": ["CPlatform"],
    "ProtobufWire": ["CPlatform"],
    "Batching": ["DequeModule"],
    "ServableCore": ["Logging"],
    "Telemetry": ["CPlatform", "Logging"],
    "GraphIR": ["Tensors"],
    "HTTPCore": ["CPlatform", "COpenSSL", "CZlib", "Logging"],
    "Registry": ["ServableCore", "CPlatform", "GRDB", "Logging"],
    "ServingMessages": ["GraphIR", "Tensors", "ProtobufWire"],
    "Operators": ["GraphIR", "Tensors", "ProtobufWire", "CImages", "CKernels", "COpenBLAS", "CRegex", "CUnicode", "CZlib"],
    "TensorCodecs": ["Tensors", "CImages", "CZlib"],
    "ModelFormats": ["GraphIR", "Tensors", "TensorCodecs", "ServingMessages", "ProtobufWire", "CPlatform", "CSnappy"],
    "Inference": ["GraphIR", "Tensors"],
    "ModelServing": [
        "ServableCore", "Batching", "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors", "CPlatform", "Logging",
    ],
    "OpenInference": ["ModelServing", "ServableCore", "GraphIR", "Tensors", "TensorCodecs"],
    "RESTFrontend": [
        "ProtobufWire", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "ServingMessages", "GraphIR", "Tensors",
        "TensorCodecs", "CPlatform",
    ],
    "GRPCMessages": ["SwiftProtobuf"],
    "GRPCFrontend": [
        "GRPCMessages", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "ServingMessages", "GraphIR", "Tensors",
        "ProtobufWire", "CPlatform", "GRPCCore", "GRPCNIOTransportHTTP2Posix", "Logging", "NIOCore", "NIOHPACK", "NIOHTTP2", "NIOPosix",
        "NIOSSL",
        "SwiftProtobuf",
    ],
    "Daemon": [
        "RESTFrontend", "GRPCFrontend", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "Registry", "Telemetry", "Batching",
        "GraphIR",
        "Tensors", "Inference", "ModelFormats", "Operators", "CPlatform",
        "ArgumentParser", "Configuration", "Logging", "ServiceLifecycle", "SystemPackage", "UnixSignals", "Yams",
    ],
    // Outside the layers: what clients link.
    "ApusClient": [],
    // Outside the layers: measures their parts one by one.
    "Benchmarks": [
        "RESTFrontend", "HTTPCore", "ModelServing", "ServableCore", "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors",
        "TensorCodecs", "CKernels", "COpenBLAS", "BenchmarkReferences", "AllocationCounter", "ArgumentParser",
    ],
]

/// What every target may import: the toolchain's own modules.
private let toolchainModules: Set<String> = [
    "Swift", "Synchronization", "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Darwin", "Musl",
]

/// Targets on the path of every request: no Foundation there.
private let foundationFree: Set<String> = [
    "Tensors", "TensorCodecs", "ProtobufWire", "Batching", "GraphIR", "HTTPCore", "Operators", "Inference", "ModelServing",
    "OpenInference", "ServingMessages",
]

@Suite struct ArrowTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    /// The modules that each target's files import.
    private static func imports() throws -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        let pattern =
            /^\s*(?:@\w+(?:\(\w+\))?\s+)?(?:package\s+|public\s+|internal\s+|private\s+|fileprivate\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        for target in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
            let folder = sources.appending(path: target)
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            for case let file as URL in files! where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                let modules = text.split(separator: "\n").compactMap { (try? pattern.firstMatch(in: $0)).map { String($0.1) } }
                result[target, default: []].formUnion(modules)
            }
        }
        return result
    }

    @Test("every import is an arrow that the design allows")
    func arrowsPointDown() throws {
        let imports = try Self.imports()
        #expect(imports.count >= 14, "the sources were not found at \(Self.sources.path)")
        for (target, modules) in imports {
            let allowed = try #require(allowedImports[target], "target \(target) has no row in the table")
            let wrong = modules.subtracting(allowed).subtracting(toolchainModules)
            #expect(wrong.isEmpty, "\(target) imports \(wrong.sorted().joined(separator: ", "))")
        }
    }

    @Test("siblings know nothing of each other")
    func siblings() {
        let siblings: Set<String> = ["Operators", "ModelFormats", "Inference"]
        for sibling in siblings {
            #expect(allowedImports[sibling]!.isDisjoint(with: siblings.subtracting([sibling])))
        }
    }

    @Test("the table has no cycle")
    func noCycle() {
        func reaches(_ from: String, _ goal: String, _ seen: inout Set<String>) -> Bool {
            guard seen.insert(from).inserted else { return false }
            return (allowedImports[from] ?? []).contains { $0 == goal || reaches($0, goal, &seen) }
        }
        for target in allowedImports.keys {
            var seen: Set<String> = []
            #expect(!reaches(target, target, &seen), "\(target) reaches itself")
        }
    }

    @Test("the path of a request does without Foundation")
    func noFoundation() throws {
        for (target, modules) in try Self.imports() where foundationFree.contains(target) {
            #expect(modules.isDisjoint(with: ["Foundation", "FoundationEssentials"]), "\(target) imports Foundation")
        }
    }

    @Test("only Registry speaks to the database, only Operators and what measures it to the mathematics")
    func fences() throws {
        let owners: [String: Set<String>] = [
            "GRDB": ["Registry"], "COpenBLAS": ["Operators", "Benchmarks"], "CKernels": ["Operators", "Benchmarks"], "Yams": ["Daemon"],
            "CZlib": ["HTTPCore", "Operators", "TensorCodecs"], "CRegex": ["Operators"], "CUnicode": ["Operators"],
            "CSnappy": ["ModelFormats"], "CImages": ["Operators", "TensorCodecs"],
        ]
        for (module, owners) in owners {
            let users = allowedImports.filter { $0.value.contains(module) }.keys
            #expect(Set(users) == owners)
        }
    }
}
