import GraphIR
import HTTPCore
import ServableCore
import Tensors

/// `POST /v1/models/M[…]:predict` and `POST /predict`.
struct PredictHandler: Sendable {
    private let backend: any PredictionBackend
    private let reader: PredictBodyReader
    private let dialect: TensorJSONDialect
    private let timeout: Duration?

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration) {
        self.backend = backend
        reader = PredictBodyReader(dialect: configuration.dialect, limits: configuration.limits)
        dialect = configuration.dialect
        timeout = configuration.requestTimeout
    }

    /// - Parameter path: where the URL names the model; nil for `/predict`, where the body does.
    func handle(_ request: borrowing Request, _ path: ModelPath?, _ exchange: Exchange) {
        var exchange = exchange
        exchange.facts.api = "predict"
        if let path { exchange.facts.model = path.model }
        do {
            let body = try read(request.body, path, &exchange.facts)
            try run(body, exchange, isEnveloped: path == nil)
        } catch {
            exchange.fail(error)
        }
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ path: ModelPath?, _ facts: inout FinishedRequest
    ) throws(ServableError) -> PredictBody<any PredictionTargeting> {
        let addressing: PredictAddressing = path == nil ? .body : .url
        return try reader.read(bytes, addressing: addressing) { (envelope) throws(ServableError) in
            if path == nil, let model = envelope.model { facts.model = model }
            let target = try backend.target(
                model: path?.model ?? envelope.model, selector: path?.selector ?? envelope.selector)
            facts.model = target.id.name
            facts.version = target.id.version
            let signature = try target.signature(envelope.signatureName)
            facts.signature = signature.name
            return (target, signature)
        }
    }

    private func run(
        _ body: PredictBody<any PredictionTargeting>, _ exchange: Exchange, isEnveloped: Bool
    ) throws(ServableError) {
        let inputs = try denseInputs(body)
        let (id, signature, format, dialect) = (body.target.id, body.signature, body.format, dialect)
        let deadline = timeout.map { exchange.start + $0 }
        body.target.predict(signature, inputs: inputs, deadline: deadline) { result in
            do throws(ServableError) {
                let outputs = try result.get()
                let named = zip(signature.outputs, outputs).map { (name: $0.name, value: TensorValue.dense($1)) }
                let payload = try TensorPayload(named, format: format, dialect: dialect)
                Self.answer(payload, id, exchange, isEnveloped: isEnveloped)
            } catch {
                exchange.fail(error)
            }
        }
    }

    private static func answer(_ payload: TensorPayload, _ id: ServableID, _ exchange: Exchange, isEnveloped: Bool) {
        let headers = [HTTPHeader("Apus-Model-Version", String(id.version))]
        exchange.answerJSON(headers: headers) { buffer in
            buffer.append("{")
            if isEnveloped {
                buffer.append("\"model\":")
                buffer.appendJSON(string: id.name)
                buffer.append(",\"version\":")
                buffer.append(decimal: Int(id.version))
                buffer.append(",")
            }
            payload.append(to: &buffer)
            buffer.append("}\n")
        }
    }

    private func denseInputs(_ body: PredictBody<any PredictionTargeting>) throws(ServableError) -> [Tensor] {
        var tensors: [Tensor] = []
        tensors.reserveCapacity(body.inputs.count)
        for (parameter, value) in zip(body.signature.inputs, body.inputs) {
            guard case .dense(let tensor) = value else {
                let message =
                    "input \"\(parameter.name)\" is a string tensor; \(body.target.id) cannot be given strings by this version"
                throw ServableError(.unimplemented, message)
            }
            tensors.append(tensor)
        }
        return tensors
    }
}
