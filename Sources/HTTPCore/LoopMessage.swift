/// A message to a loop from another thread.
enum LoopMessage: Sendable {
    case response(Connection, Response)
    case adopt(AcceptedSocket)
    case perform(@Sendable (IOLoop) -> Void)
}
