import GRPCCore
import GRPCMessages
import ModelServing
import OpenInference
import ServableCore
import SwiftProtobuf

/// `inference.GRPCInferenceService`: the Open Inference Protocol, with Triton's repository and statistics.
struct InferenceMethods: Sendable {
    static let service = "inference.GRPCInferenceService"

    private let environment: CallEnvironment
    private let inference: OpenInferenceService

    init(_ environment: CallEnvironment, _ inference: OpenInferenceService) {
        self.environment = environment
        self.inference = inference
    }

    func register(in table: inout MethodTable) {
        registerHealth(in: &table)
        registerMetadata(in: &table)
        table.addDirect(Self.service, "ModelInfer") { call, completion in
            let request: InferMessages.Request
            do throws(ServableError) { request = try call.message.parse("ModelInferRequest") } catch { return completion(.failure(error)) }
            InferCall(environment).answer(request, call, completion)
        }
        table.addStreaming(Self.service, "ModelStreamInfer", .bidirectionalStreaming) { request, context in
            try await InferStream(environment).serve(request, context)
        }
        RepositoryMethods(inference).register(in: &table)
    }

    private func registerHealth(in table: inout MethodTable) {
        table.addUnary(Self.service, "ServerLive", Inference_ServerLiveRequest.self) { _, _ throws(ServableError) in
            Inference_ServerLiveResponse.with { $0.live = true }
        }
        table.addUnary(Self.service, "ServerReady", Inference_ServerReadyRequest.self) { _, _ throws(ServableError) in
            Inference_ServerReadyResponse.with { $0.ready = inference.unreadyReason == nil }
        }
        table.addUnary(Self.service, "ModelReady", Inference_ModelReadyRequest.self) { request, _ throws(ServableError) in
            let selector = try OpenInferenceService.selector(request.version)
            let isReady = inference.unreadiness(of: try Self.model(request.name), selector) == nil
            return Inference_ModelReadyResponse.with { $0.ready = isReady }
        }
    }

    private func registerMetadata(in table: inout MethodTable) {
        table.addUnary(Self.service, "ServerMetadata", Inference_ServerMetadataRequest.self) { _, _ throws(ServableError) in
            Inference_ServerMetadataResponse.with {
                $0.name = OpenInferenceService.serverName
                $0.version = inference.serverVersion
                $0.extensions = OpenInferenceService.extensions
            }
        }
        table.addUnary(Self.service, "ModelMetadata", Inference_ModelMetadataRequest.self) { request, call throws(ServableError) in
            let selector = try OpenInferenceService.selector(request.version)
            let target = try await environment.target(model: try Self.model(request.name), selector, of: call)
            return Inference_ModelMetadataResponse(try inference.metadata(of: target, selector))
        }
        table.addUnary(Self.service, "ModelStatistics", Inference_ModelStatisticsRequest.self) { request, _ throws(ServableError) in
            let selector = try OpenInferenceService.selector(request.version)
            let statistics = try inference.statistics(of: request.name.isEmpty ? nil : request.name, selector)
            return Inference_ModelStatisticsResponse.with {
                $0.modelStats = statistics.map { Inference_ModelStatistics($0.id, $0.statistics) }
            }
        }
    }

    private static func model(_ name: String) throws(ServableError) -> String {
        guard !name.isEmpty else { throw ServableError(.invalidArgument, "the request names no model") }
        return name
    }
}

extension Inference_ModelMetadataResponse {
    fileprivate init(_ metadata: ModelMetadata) {
        self.init()
        name = metadata.name
        versions = metadata.versions.map(String.init)
        platform = metadata.platform
        inputs = metadata.inputs.map(TensorMetadata.init)
        outputs = metadata.outputs.map(TensorMetadata.init)
    }
}

extension Inference_ModelMetadataResponse.TensorMetadata {
    fileprivate init(_ tensor: ModelMetadata.Tensor) {
        self.init()
        name = tensor.name
        datatype = tensor.datatype.name
        shape = tensor.shape.map(Int64.init)
    }
}

extension Inference_ModelStatistics {
    fileprivate init(_ id: ServableID, _ counted: InferenceStatistics) {
        self.init()
        name = id.name
        version = String(id.version)
        lastInference = counted.lastInference
        inferenceCount = counted.inferenceCount
        executionCount = counted.executionCount
        inferenceStats = .with {
            $0.success = .init(counted.success)
            $0.fail = .init(counted.failure)
            $0.queue = .init(counted.queue)
            $0.computeInput = .init(counted.input)
            $0.computeInfer = .init(counted.run)
            $0.computeOutput = .init(counted.output)
            // There is no cache: both stay zero, and present.
            $0.cacheHit = .init()
            $0.cacheMiss = .init()
        }
        batchStats = counted.batches.map { batch in
            .with {
                $0.batchSize = UInt64(clamping: batch.rowCount)
                $0.computeInput = .init(batch.input)
                $0.computeInfer = .init(batch.run)
                $0.computeOutput = .init(batch.output)
            }
        }
        memoryUsage = [
            .with {
                $0.type = "CPU"
                $0.byteSize = UInt64(clamping: counted.memoryByteCount)
            }
        ]
    }
}

extension Inference_StatisticDuration {
    fileprivate init(_ total: InferenceStatistics.Total) {
        self.init()
        count = total.count
        ns = total.nanoseconds
    }
}
