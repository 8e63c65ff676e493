import FoundationEssentials
import GRPCCore
import GRPCMessages
import ServableCore
import SwiftProtobuf

/// `grpc.reflection.v1.ServerReflection` and its older name: what the server offers, for tools that have no definitions of their own.
struct ReflectionMethods: Sendable {
    private static let services = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]

    func register(in table: inout MethodTable) {
        // Both have the same messages.
        for service in Self.services {
            table.addStreaming(service, "ServerReflectionInfo", .bidirectionalStreaming) { request, context in
                for try await message in request.messages {
                    let question: Grpc_Reflection_V1_ServerReflectionRequest
                    do { question = try message.read() } catch {
                        throw ServableError.unreadable("ServerReflectionRequest", "\(error)")
                    }
                    try await context.write(Self.answer(question))
                }
            }
        }
    }

    static func answer(_ question: Grpc_Reflection_V1_ServerReflectionRequest) -> Grpc_Reflection_V1_ServerReflectionResponse {
        let index = DescriptorIndex.standard
        var answer = Grpc_Reflection_V1_ServerReflectionResponse()
        answer.validHost = question.host
        answer.originalRequest = question
        switch question.messageRequest {
        case .listServices:
            answer.listServicesResponse.service = index.services.map { name in .with { $0.name = name } }
        case .fileByFilename(let name): answer.set(index.file(named: name), "no file \"\(name)\"")
        case .fileContainingSymbol(let symbol): answer.set(index.file(declaring: symbol), "no symbol \"\(symbol)\"")
        case .fileContainingExtension(let wanted):
            answer.fail(.notFound, "\"\(wanted.containingType)\" has no extension \(wanted.extensionNumber): there are no extensions")
        case .allExtensionNumbersOfType(let type):
            guard index.declares(type) else {
                answer.fail(.notFound, "no type \"\(type)\"")
                break
            }
            answer.allExtensionNumbersResponse.baseTypeName = type
        case nil: answer.fail(.invalidArgument, "the request asks for nothing: it has no message_request")
        }
        return answer
    }
}

extension Grpc_Reflection_V1_ServerReflectionResponse {
    fileprivate mutating func set(_ files: [[UInt8]]?, _ miss: String) {
        guard let files else { return fail(.notFound, miss) }
        fileDescriptorResponse.fileDescriptorProto = files.map { Data($0) }
    }

    fileprivate mutating func fail(_ code: StatusCode, _ message: String) {
        errorResponse.errorCode = Int32(code.rawValue)
        errorResponse.errorMessage = message
    }
}
