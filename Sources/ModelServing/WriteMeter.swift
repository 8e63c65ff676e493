/// Reports to a signature's meter how long its responses took to be sent. A class of its own, made once for each signature, so that a
/// front end can give it to its transport as what that asks for.
package final class WriteMeter: Sendable {
    private let meter: any SignatureMeter

    init(_ meter: any SignatureMeter) { self.meter = meter }

    package func wrote(nanoseconds: Int64) { meter.wrote(nanoseconds: nanoseconds) }
}
