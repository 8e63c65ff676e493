import GRPCMessages
import ModelServing
import OpenInference
import ServableCore
import SwiftProtobuf

/// `tensorflow.serving.ModelService`
struct ModelMethods: Sendable {
    static let service = "tensorflow.serving.ModelService"

    private let environment: CallEnvironment
    private let configurator: any ModelConfigurator
    private let repository: any ModelRepository

    /// - Parameter repository: decides who may change what is served.
    init(_ environment: CallEnvironment, _ configurator: any ModelConfigurator, _ repository: any ModelRepository) {
        self.environment = environment
        self.configurator = configurator
        self.repository = repository
    }

    func register(in table: inout MethodTable) {
        table.addUnary(Self.service, "GetModelStatus", Tensorflow_Serving_GetModelStatusRequest.self) {
            request, _ throws(ServableError) in
            try status(request)
        }
        table.addUnary(Self.service, "HandleReloadConfigRequest", Tensorflow_Serving_ReloadConfigRequest.self) {
            request, call throws(ServableError) in
            try await reload(request, call)
        }
    }

    // MARK: Status

    private func status(
        _ request: Tensorflow_Serving_GetModelStatusRequest
    ) throws(ServableError) -> Tensorflow_Serving_GetModelStatusResponse {
        guard request.hasModelSpec else { throw ServableError(.invalidArgument, "Missing ModelSpec") }
        let name = request.modelSpec.name
        guard !name.isEmpty else { throw ServableError(.invalidArgument, "ModelSpec has no name specified.") }
        // A label is passed over, as TensorFlow Serving does.
        var version: Int64?
        if case .version(let value) = request.modelSpec.versionChoice { version = value.value }
        let statuses = try environment.backend.board.requestedStatuses(of: name, version: version)
        var response = Tensorflow_Serving_GetModelStatusResponse()
        response.modelVersionStatus = statuses.map(Self.message)
        return response
    }

    private static func message(_ status: ServableStatus) -> Tensorflow_Serving_ModelVersionStatus {
        var message = Tensorflow_Serving_ModelVersionStatus()
        message.version = status.id.version
        message.state =
            switch status.state {
            case .start: .start
            case .loading: .loading
            case .available: .available
            case .unloading: .unloading
            case .end: .end
            }
        message.status = Self.message(status.error, notice: status.notice)
        return message
    }

    private static func message(_ error: ServableError?, notice: String? = nil) -> Tensorflow_Serving_StatusProto {
        var message = Tensorflow_Serving_StatusProto()
        message.errorCode = Tensorflow_Error_Code(rawValue: (error?.code ?? .ok).rawValue) ?? .unknown
        message.errorMessage = error?.message ?? notice ?? ""
        return message
    }

    // MARK: Reload

    private func reload(
        _ request: Tensorflow_Serving_ReloadConfigRequest, _ call: IncomingCall
    ) async throws(ServableError) -> Tensorflow_Serving_ReloadConfigResponse {
        guard case .modelConfigList = request.config.config else {
            throw ServableError(
                .invalidArgument,
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported")
        }
        _ = try await repository.administrator(bearer: call.bearer, isLocal: call.isLocal)
        var options = TextFormatEncodingOptions()
        options.printUnknownFields = false
        // The call's own time alone counts: a load may take longer than a prediction.
        let timeout = call.isTimeoutOfClient ? call.timeout : nil
        try await configurator.replaceModels(with: request.config.textFormatString(options: options), timeout: timeout)
        var response = Tensorflow_Serving_ReloadConfigResponse()
        response.status = Self.message(nil)
        // None of TensorFlow's counters is kept under its own name here; one that is not known counts 0.
        response.metric = request.metricNames.map { name in
            .with {
                $0.name = name
                $0.int64ValueIncrease = 0
            }
        }
        return response
    }
}
