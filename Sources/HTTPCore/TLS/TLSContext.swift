import CPlatform
import Synchronization

/// Makes encrypted streams with the certificate that is in force.
///
/// One may serve several listeners and all loops at once.
package final class TLSContext: TransportFactory {
    private let current: Mutex<TLSServerContext>

    package init(_ configuration: TLSConfiguration) throws(TLSError) {
        current = Mutex(try TLSServerContext(configuration))
    }

    /// Reads the files anew and puts them in force for connections from now on; those under way keep what they began with.
    ///
    /// When it throws, everything stays as it was.
    package func reload(_ configuration: TLSConfiguration) throws(TLSError) {
        let new = try TLSServerContext(configuration)
        current.withLock { $0 = new }
    }

    /// What the operator should know of the files in force: dates, permissions, settings without effect. For the log.
    package var warnings: [String] { inForce.warnings }

    private var inForce: TLSServerContext { current.withLock { $0 } }

    package func makeTransport(over descriptor: Int32) throws(TransportError) -> any Transport {
        let context = inForce
        guard let transport = TLSTransport(context, over: descriptor) else {
            _ = apus_close(descriptor)
            throw TransportError("OpenSSL cannot make a connection: \(OpenSSLErrors.drain())")
        }
        return transport
    }
}
