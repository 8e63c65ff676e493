import CPlatform

/// What a descriptor is ready for.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: UInt32(APUS_READABLE))
    static let writable = Readiness(rawValue: UInt32(APUS_WRITABLE))
    /// The other side will send nothing more.
    static let readEnded = Readiness(rawValue: UInt32(APUS_READ_ENDED))
    /// Both directions are gone.
    static let hungUp = Readiness(rawValue: UInt32(APUS_HUNG_UP))
}
