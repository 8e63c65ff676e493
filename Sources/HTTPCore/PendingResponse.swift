/// What the response to a request has to know of it once the request's bytes are gone.
struct PendingResponse {
    /// HEAD: the head of the response alone is sent.
    private(set) var omitsContent: Bool
    /// Whether the connection may stay open after the response.
    private(set) var keepsAlive: Bool
    /// Whether the response says that it does, as HTTP/1.0 clients need to know.
    private(set) var confirmsKeepAlive = false
    private(set) var contentPreference = ContentPreference.none
    /// Whether the request has one of the places that all loops share; to be given back.
    let holdsPlace: Bool
    /// What the response says that the request is called.
    let identity: RequestIdentity
    /// Nil when requests are not logged.
    let accessRecord: AccessRecord?

    /// - Parameters:
    ///   - request: Its memory, as a head that is passed by itself would be copied.
    ///   - isLast: Whether the connection has brought as many requests as it may.
    init(
        to request: RequestMemory, isLast: Bool, holdsPlace: Bool, identity: RequestIdentity, _ accessRecord: AccessRecord?
    ) {
        omitsContent = request.head.method == .head
        keepsAlive = request.head.isPersistent && !isLast
        confirmsKeepAlive = request.head.version == .http10
        contentPreference = request.head.contentPreference
        self.holdsPlace = holdsPlace
        self.identity = identity
        self.accessRecord = accessRecord
    }

    /// The response that refuses bytes which are no request, and ends the connection.
    ///
    /// - Parameter request: What has been understood; nil when nothing has come.
    init(refusing request: RequestMemory?, identity: RequestIdentity, _ accessRecord: AccessRecord?) {
        self.identity = identity
        omitsContent = request?.head.method == .head
        keepsAlive = false
        holdsPlace = false
        self.accessRecord = accessRecord
    }

    /// The connection is to end with this response.
    mutating func makeLast() { keepsAlive = false }
}
