/// The times of `ConnectionLimits` in nanoseconds, as deadlines are set with every request.
struct ConnectionTimes: Sendable {
    let head: Int64
    let body: Int64
    let write: Int64
    let idle: Int64
    let linger: Int64
    let drainGrace: Int64

    init(_ limits: ConnectionLimits) {
        head = limits.headTimeout.wholeNanoseconds
        body = limits.bodyTimeout.wholeNanoseconds
        write = limits.writeTimeout.wholeNanoseconds
        idle = limits.idleTimeout.wholeNanoseconds
        linger = limits.lingerTimeout.wholeNanoseconds
        drainGrace = limits.drainGrace.wholeNanoseconds
    }
}
