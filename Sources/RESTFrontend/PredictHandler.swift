import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// `POST /v1/models/M[…]:predict` and `POST /predict`.
struct PredictHandler: Sendable {
    let backend: any PredictionBackend
    let reader: PredictBodyReader
    let dialect: TensorJSONDialect
    private let timeout: Duration?
    let isCORSEnabled: Bool

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration) {
        self.backend = backend
        reader = PredictBodyReader(dialect: configuration.dialect, limits: configuration.limits)
        dialect = configuration.dialect
        timeout = configuration.requestTimeout
        isCORSEnabled = configuration.isCORSEnabled
    }

    /// - Parameter path: where the URL names the model; nil for `/predict`, where the body does.
    func handle(_ request: borrowing Request, _ path: ModelPath?, _ exchange: Exchange) {
        var exchange = exchange
        exchange.facts.api = "predict"
        if let path { exchange.facts.model = path.model }
        do throws(ServableError) {
            var addressed: (target: any PredictionTargeting, signature: Signature)?
            let body = try read(request.body, path, &exchange.facts, &addressed)
            // The reader has asked for the target, or it has thrown.
            guard let (target, signature) = addressed else { throw ServableError(.internal, "a request was read without its model") }
            try run(body, target, signature, exchange, isEnveloped: path == nil)
        } catch {
            exchange.fail(error)
        }
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ path: ModelPath?, _ facts: inout FinishedRequest,
        _ addressed: inout (target: any PredictionTargeting, signature: Signature)?
    ) throws(ServableError) -> PredictBody {
        let addressing: PredictAddressing = path == nil ? .body : .url
        return try reader.read(bytes, addressing: addressing) { (envelope) throws(ServableError) in
            if path == nil, let model = envelope.model { facts.model = model }
            let target = try backend.target(
                model: path?.model ?? envelope.model, selector: path?.selector ?? envelope.selector)
            facts.model = target.id.name
            facts.version = target.id.version
            let signature = try target.signature(envelope.signatureName)
            facts.signature = signature.name
            addressed = (target, signature)
            return signature.inputs
        }
    }

    private func run(
        _ body: PredictBody, _ target: any PredictionTargeting, _ signature: Signature, _ exchange: Exchange, isEnveloped: Bool
    ) throws(ServableError) {
        let inputs = try denseInputs(body, target, signature)
        let (id, format, dialect) = (target.id, body.format, dialect)
        let deadline = timeout.map { ContinuousClock.now + $0 }
        target.predict(signature, inputs: inputs, deadline: deadline, request: exchange.request) { result in
            do throws(ServableError) {
                let payload = try TensorPayload(signature.outputs, try result.get(), format: format, dialect: dialect)
                Self.answer(payload, id, exchange, isEnveloped: isEnveloped)
            } catch {
                exchange.fail(error)
            }
        }
    }

    private static func answer(_ payload: TensorPayload, _ id: ServableID, _ exchange: Exchange, isEnveloped: Bool) {
        let headers = [HTTPHeader("Apus-Model-Version", String(id.version))]
        exchange.answerJSON(headers: headers) { buffer in
            appendStart(isEnveloped ? id : nil, to: &buffer)
            payload.append(to: &buffer)
            buffer.append("}\n")
        }
    }

    private func denseInputs(
        _ body: PredictBody, _ target: any PredictionTargeting, _ signature: Signature
    ) throws(ServableError) -> [Tensor] {
        switch body.inputs {
        case .only(let tensor): return [tensor]
        case .dense(let tensors): return tensors
        case .mixed(let values):
            let strings = zip(signature.inputs, values).first { $0.1.elementType == .string }?.0.name ?? ""
            throw ServableError(
                .unimplemented, "input \"\(strings)\" is a string tensor; \(target.id) cannot be given strings by this version")
        }
    }
}
