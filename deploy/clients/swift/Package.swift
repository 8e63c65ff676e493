// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "infer",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "apus", path: "../../..")],
    targets: [.executableTarget(name: "infer", dependencies: [.product(name: "ApusClient", package: "apus")])]
)
