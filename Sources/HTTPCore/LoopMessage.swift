/// What other threads tell a loop.
enum LoopMessage: Sendable {
    case answer(Connection, Answer)
    case adopt(AcceptedSocket)
    case perform(@Sendable (IOLoop) -> Void)
}
