import Testing

/// The built program, as a process, spoken to over sockets.
///
/// One test at a time: each starts processes and threads that want the whole machine.
@Suite("End to end", .serialized)
enum EndToEnd {}
