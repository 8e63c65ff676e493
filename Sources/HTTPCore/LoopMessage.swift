/// What other threads tell a loop.
enum LoopMessage: Sendable {
    case answer(Connection, Answer)
    case adopt(descriptor: Int32, PeerAddress)
    case perform(@Sendable (IOLoop) -> Void)
}
