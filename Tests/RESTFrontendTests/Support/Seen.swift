import Foundation
import ModelServing
import ServableCore
import Synchronization

/// What a client and the observer see of one request, without what differs from time to time.
struct Seen: Equatable {
    struct Head: Equatable {
        let status: Int
        let headers: [String: String]
    }

    struct Record: Equatable {
        let model: String
        let version: Int64?
        let signature: String?
        let api: CallRecord.API
        let entrypoint: CallRecord.Entrypoint
        let status: StatusCode
    }

    let head: Head
    let body: Data
    let records: [Record]

    init(_ answer: LiveServer.Answer, _ observer: FakeObserver) {
        // The length follows from the body.
        head = Head(status: answer.status, headers: answer.headers.filter { $0.key != "date" && $0.key != "content-length" })
        body = answer.body
        records = observer.requests.withLock { $0 }.map {
            Record(
                model: $0.record.model, version: $0.record.version, signature: $0.record.signature, api: $0.record.api,
                entrypoint: $0.record.entrypoint, status: $0.outcome.status)
        }
    }
}
