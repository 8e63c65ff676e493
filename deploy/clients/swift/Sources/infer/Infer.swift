import ApusClient
import Foundation

/// Asks half_plus_two for 0.5 x + 2 with typed tensors: swift run infer [URL]
@main
struct Infer {
    static func main() async throws {
        let address = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8501"
        guard let url = URL(string: address) else { throw ClientError.unreachable("\(address) is no URL") }
        let result = try await InferenceClient(url).infer("half_plus_two", ["x": Tensor<Float>([1, 2, 5])])
        let y: Tensor<Float> = try result.output("y")
        print(y.elements.map { String($0) }.joined(separator: " "))
    }
}
