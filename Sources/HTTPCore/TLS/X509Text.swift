import COpenSSL

/// What a certificate says, for people.
enum X509Text {
    /// Certificates that end sooner are reported.
    private static let noticeDays = 14

    /// The subject in the form of RFC 2253, the most specific part first: `CN=client-7,O=Example`. Pure ASCII, whatever
    /// the certificate holds.
    static func subject(_ certificate: OpaquePointer) -> String {
        unsafe written { unsafe apus_tls_write_subject($0, certificate) == 1 }
    }

    /// What clients would say of the certificate's dates.
    static func validityWarnings(_ certificate: OpaquePointer, _ name: String) -> [String] {
        let start = unsafe X509_get0_notBefore(certificate)
        let end = unsafe X509_get0_notAfter(certificate)
        guard let untilStart = unsafe daysFromNow(start), let untilEnd = unsafe daysFromNow(end) else {
            return ["\(name) has a date that cannot be read"]
        }
        if untilEnd < 0 { return ["\(name) expired on \(unsafe date(end)): it will be refused; renew it and reload"] }
        if untilStart > 0 {
            return ["\(name) is not valid before \(unsafe date(start)): it will be refused until then; check the clock of this machine"]
        }
        if untilEnd < noticeDays { return ["\(name) expires on \(unsafe date(end)); renew it and reload"] }
        return []
    }

    /// Days, counted away from zero, so that 0 is this very second.
    private static func daysFromNow(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard unsafe ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return nil }
        return Int(days) + Int(seconds.signum())
    }

    private static func date(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        unsafe written { unsafe ASN1_TIME_print($0, time) == 1 }
    }

    /// What OpenSSL writes.
    private static func written(_ write: (OpaquePointer) -> Bool) -> String {
        guard let out = unsafe BIO_new(BIO_s_mem()) else { return "?" }
        defer { unsafe BIO_free(out) }
        guard unsafe write(out) else { return "?" }
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(out))
        var count = 0
        guard unsafe BIO_read_ex(out, &bytes, bytes.count, &count) == 1 else { return "" }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
