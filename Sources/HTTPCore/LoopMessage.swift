/// What other threads tell a loop.
enum LoopMessage: Sendable {
    case response(Connection, Response)
    case adopt(AcceptedSocket)
    case perform(@Sendable (IOLoop) -> Void)
}
