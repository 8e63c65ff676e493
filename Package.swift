// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target shares.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets that handle bytes from outside also mark every unsafe expression.
let guarded: [SwiftSetting] = common + [.strictMemorySafety()]

/// The server's state is confined to one queue, which exclusivity checks at run time cannot see: they are a quarter of what a small
/// request costs. Debug builds keep them.
let confined: [SwiftSetting] = guarded + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// For what only the gRPC front end needs: `--disable-default-traits` builds without it.
let withGRPC: TargetDependencyCondition? = .when(traits: ["GRPC"])

let package = Package(
    name: "apus",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "apus", targets: ["Daemon"]),
        // For programs that ask a daemon: needs nothing of the others.
        .library(name: "ApusClient", targets: ["ApusClient"]),
    ],
    traits: [
        .trait(name: "GRPC", description: "The gRPC front end, and with it grpc-swift, SwiftNIO and swift-protobuf."),
        .default(enabledTraits: ["GRPC"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: the floor.
        // Debian's libpng-dev, libjpeg62-turbo-dev and libwebp-dev.
        .target(
            name: "CImages",
            linkerSettings: [
                .linkedLibrary("png16"), .linkedLibrary("jpeg"), .linkedLibrary("webp"), .linkedLibrary("webpdemux"),
            ]),
        // An empty package of locale data, which the linker takes instead of the 34 MB of Foundation's ICU.
        .target(name: "CFoundationData"),
        .target(name: "CKernels", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CPlatform", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        // Debian's libssl-dev: its headers, and the macros and callbacks that Swift cannot import.
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        // Debian's libre2-dev and libicu-dev behind flat C functions.
        .target(name: "CRegex", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CUnicode", linkerSettings: [.linkedLibrary("icuuc")]),
        .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
        .target(name: "Tensors", dependencies: ["CPlatform"], swiftSettings: guarded),
        .target(name: "ProtobufWire", dependencies: ["CPlatform"], swiftSettings: guarded),
        .target(
            name: "Batching",
            dependencies: [.product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: common
        ),
        .target(
            name: "ServableCore",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: common
        ),
        .target(
            name: "Telemetry",
            dependencies: ["CPlatform", .product(name: "Logging", package: "swift-log")],
            swiftSettings: common
        ),

        // Layer 1: vocabulary of graphs, the socket, the database.
        .target(name: "GraphIR", dependencies: ["Tensors"], swiftSettings: common),
        .target(
            name: "HTTPCore",
            dependencies: ["CPlatform", "COpenSSL", "CZlib", .product(name: "Logging", package: "swift-log")],
            swiftSettings: confined
        ),
        .target(
            name: "Registry",
            dependencies: ["ServableCore", "CPlatform", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: common
        ),

        // Bytes of NumPy and of picture files to tensors and back.
        .target(name: "TensorCodecs", dependencies: ["Tensors", "CImages", "CZlib"], swiftSettings: guarded),

        // TensorFlow's messages of tensors and of requests, for whatever reads or writes them.
        .target(name: "ServingMessages", dependencies: ["GraphIR", "Tensors", "ProtobufWire"], swiftSettings: guarded),

        // Layer 2: siblings that meet only through GraphIR.
        .target(
            name: "Operators",
            dependencies: ["GraphIR", "Tensors", "ProtobufWire", "CImages", "CKernels", "COpenBLAS", "CRegex", "CUnicode", "CZlib"],
            swiftSettings: common
        ),
        .target(
            name: "ModelFormats",
            dependencies: ["GraphIR", "Tensors", "TensorCodecs", "ServingMessages", "ProtobufWire", "CPlatform", "CSnappy"],
            swiftSettings: guarded
        ),
        .target(name: "Inference", dependencies: ["GraphIR", "Tensors"], swiftSettings: confined),

        // Layer 3: a servable that predicts.
        .target(
            name: "ModelServing",
            dependencies: [
                "ServableCore", "Batching", "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors", "CPlatform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common
        ),

        // Layer 4: what clients speak; first what two carriers of one protocol share.
        .target(
            name: "OpenInference",
            dependencies: ["ModelServing", "ServableCore", "GraphIR", "Tensors", "TensorCodecs"],
            swiftSettings: guarded
        ),
        .target(
            name: "RESTFrontend",
            dependencies: [
                "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "ServingMessages", "GraphIR", "Tensors", "TensorCodecs",
                "ProtobufWire", "CPlatform",
            ],
            swiftSettings: guarded
        ),

        // Messages of gRPC's control plane, made by Protos/generate.sh; those that hold tensors are ServingMessages'.
        .target(
            name: "GRPCMessages",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf", condition: withGRPC)],
            exclude: ["Protos"], swiftSettings: common
        ),
        .target(
            name: "GRPCFrontend",
            dependencies: [
                "GRPCMessages", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "ServingMessages", "GraphIR", "Tensors",
                "ProtobufWire", "CPlatform",
                .product(name: "GRPCCore", package: "grpc-swift-2", condition: withGRPC),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport", condition: withGRPC),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio", condition: withGRPC),
                .product(name: "NIOHPACK", package: "swift-nio-http2", condition: withGRPC),
                .product(name: "NIOHTTP2", package: "swift-nio-http2", condition: withGRPC),
                .product(name: "NIOPosix", package: "swift-nio", condition: withGRPC),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: withGRPC),
                .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: withGRPC),
            ],
            swiftSettings: guarded
        ),

        // Layer 5: the composition root.
        .executableTarget(
            name: "Daemon",
            dependencies: [
                "RESTFrontend", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "Registry", "Telemetry", "Batching",
                "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors", "CPlatform", "CFoundationData",
                .byName(name: "GRPCFrontend", condition: withGRPC),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: common,
            // Symbols that the program exports are kept though nobody calls them, and relocations are a tenth of their size when packed
            // (DT_RELR, glibc 2.36 and later).
            linkerSettings: [
                .unsafeFlags(
                    ["-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
                    .when(platforms: [.linux], configuration: .release))
            ]
        ),

        // Outside the layers: what clients link.
        .target(name: "ApusClient", swiftSettings: common),

        // Outside the layers: what `make bench` runs.
        .target(
            name: "BenchmarkReferences",
            // RapidJSON 1.1.0, as Debian has it, assigns to a constant in a function that nobody calls; unparsed it does no harm.
            cxxSettings: [.unsafeFlags(["-fdelayed-template-parsing"])]
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "BenchmarkReferences", "AllocationCounter", "RESTFrontend", "HTTPCore", "ModelServing", "ServableCore", "Inference",
                "ModelFormats", "Operators", "GraphIR", "Tensors", "TensorCodecs", "CKernels", "COpenBLAS",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: common
        ),

        // Tests mirror the targets; the shape of the house has its own.
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .target(name: "SanitizerSupport", path: "Tests/SanitizerSupport", cSettings: [.define("_GNU_SOURCE")]),
        // What `make fuzz` runs, and what takes its inputs; tests replay the corpus through the same functions.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "RESTFrontend", "HTTPCore", "ModelServing", "ServableCore", "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors",
                "TensorCodecs", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/FuzzTargets", swiftSettings: common),
        .executableTarget(name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Tests/Fuzzer", swiftSettings: common),
        .testTarget(name: "FuzzTargetsTests", dependencies: ["FuzzTargets"], swiftSettings: common),
        .testTarget(name: "ArchitectureTests", swiftSettings: common),
        .testTarget(name: "CPlatformTests", dependencies: ["CPlatform"], swiftSettings: common),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"], swiftSettings: common),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"], swiftSettings: common),
        .testTarget(name: "TensorCodecsTests", dependencies: ["TensorCodecs", "Tensors"], swiftSettings: common),
        .testTarget(name: "ProtobufWireTests", dependencies: ["ProtobufWire"], swiftSettings: common),
        .testTarget(name: "BatchingTests", dependencies: ["Batching", "SanitizerSupport"], swiftSettings: common),
        .testTarget(
            name: "ServableCoreTests",
            dependencies: ["ServableCore", "SanitizerSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: common),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", .product(name: "Logging", package: "swift-log")],
            swiftSettings: common),
        .testTarget(
            name: "HTTPCoreTests",
            dependencies: ["HTTPCore", "COpenSSL", "SanitizerSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: common),
        .testTarget(
            name: "RegistryTests",
            dependencies: [
                "Registry", "ServableCore", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "OperatorsTests", dependencies: ["Operators", "GraphIR", "Tensors", "CKernels"], swiftSettings: common),
        .testTarget(
            name: "ModelFormatsTests", dependencies: ["ModelFormats", "ProtobufWire", "GraphIR", "Tensors", "CPlatform"],
            swiftSettings: common),
        .testTarget(
            name: "InferenceTests", dependencies: ["Inference", "GraphIR", "Tensors", "AllocationCounter", "SanitizerSupport"],
            swiftSettings: common),
        .testTarget(
            name: "OperatorConformanceTests",
            dependencies: [
                "ModelServing", "Inference", "ModelFormats", "Operators", "GraphIR", "Tensors", "CKernels", "AllocationCounter",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ModelServingTests",
            dependencies: [
                "SanitizerSupport", "CPlatform", "ModelServing", "ServableCore", "Batching", "Inference", "Operators", "GraphIR", "Tensors",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "OpenInferenceTests",
            dependencies: ["OpenInference", "ModelServing", "ServableCore", "GraphIR", "Tensors"], swiftSettings: common),
        .testTarget(
            name: "ServingMessagesTests", dependencies: ["ServingMessages", "ProtobufWire", "Tensors"], swiftSettings: common),
        .testTarget(
            name: "GRPCFrontendTests",
            dependencies: [
                "GRPCFrontend", "GRPCMessages", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "ServingMessages",
                "GraphIR", "Tensors", "ProtobufWire",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "RESTFrontendTests",
            dependencies: [
                "RESTFrontend", "AllocationCounter", "HTTPCore", "OpenInference", "ModelServing", "ServableCore", "GraphIR", "Tensors",
                "TensorCodecs",
                "ProtobufWire", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "RESTFrontend", "HTTPCore", "ModelServing", "ServableCore", "Telemetry", "Batching", "GraphIR", "Tensors",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        // Depends on the program to have it built; it runs as a process.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Daemon", "ApusClient",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
            ],
            swiftSettings: common),
    ],
    cxxLanguageStandard: .cxx17
)

// Only these test targets, and what they need: instrumented builds start from nothing, and most of the package is not under test.
if let names = Context.environment["APUS_TEST_TARGETS"] {
    var kept = Set(names.split(separator: ",").map(String.init))
    var waiting = Array(kept)
    while let name = waiting.popLast() {
        guard let target = package.targets.first(where: { $0.name == name }) else {
            fatalError("APUS_TEST_TARGETS names \(name), which is no target of this package")
        }
        for case .byNameItem(let needed, _) in target.dependencies where kept.insert(needed).inserted { waiting.append(needed) }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll()
}
