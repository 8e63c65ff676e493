import CPlatform

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: UInt32(APUS_READABLE))
    package static let writable = Readiness(rawValue: UInt32(APUS_WRITABLE))
    /// The other side will send nothing more.
    package static let readEnded = Readiness(rawValue: UInt32(APUS_READ_ENDED))
    /// Both directions are gone.
    package static let hungUp = Readiness(rawValue: UInt32(APUS_HUNG_UP))
}
