import HTTPCore

extension ConfigurationLoader {
    func readServer(_ values: inout LayeredValues, _ listeners: [ListenerEntry]) -> ServerConfiguration {
        let address = values.read(Settings.address)
        let strict = values.read(Settings.strictTransportSecurity)
        let server = ServerConfiguration(
            address: address == "none" ? nil : address, port: UInt16(clamping: values.read(Settings.port)),
            listeners: listeners.map(withAbsolutePath), admin: readAdmin(&values), tls: readTLS(&values),
            strictTransportSecurity: strict == .zero ? nil : strict,
            accessLog: readAccessLog(&values), loopCount: values.read(Settings.loops),
            requestTimeout: values.read(Settings.requestTimeout), drainDelay: values.read(Settings.drainDelay),
            drainTimeout: values.read(Settings.drainTimeout),
            isCORSEnabled: values.read(Settings.cors), nonfinite: values.read(Settings.nonfinite),
            checksMethodNames: values.read(Settings.checksMethodNames),
            notifyReady: values.read(Settings.notifyReady), startTimeout: values.read(Settings.startTimeout), limits: readLimits(&values))
        checkListeners(server, &values)
        return server
    }

    private func readAdmin(_ values: inout LayeredValues) -> ListenerEntry.Place? {
        let place = values.read(Settings.admin)
        guard case .unix(let path, let mode, let group) = place, let located = values.located(Settings.admin.path) else { return place }
        return .unix(path: absolute(LocatedText(text: path, origin: located.origin)), mode: mode, group: group)
    }

    private func withAbsolutePath(_ entry: ListenerEntry) -> ListenerEntry {
        guard case .unix(let path, let mode, let group) = entry.place else { return entry }
        var entry = entry
        entry.place = .unix(path: absolute(LocatedText(text: path, origin: entry.origin)), mode: mode, group: group)
        return entry
    }

    /// Nil where no certificate is named.
    private func readTLS(_ values: inout LayeredValues) -> TLSConfiguration? {
        func path(_ setting: Setting<String?>) -> String? {
            guard let text = values.read(setting) else { return nil }
            return credential(text, setting, &values) ?? values.located(setting.path).map(absolute)
        }
        let (certificate, key, clientCA) = (path(Settings.tlsCertificate), path(Settings.tlsKey), path(Settings.tlsClientCA))
        let verification = values.read(Settings.tlsClientVerification)
        if let certificate, let key {
            if verification != .none, clientCA == nil {
                values.report(
                    at: [Settings.tlsClientVerification.path], key: Settings.tlsClientVerification.path,
                    "is \(verification.rawValue), but server.tls.client_ca names no authorities to verify clients by")
            }
            return TLSConfiguration(
                certificateFile: certificate, keyFile: key, clientCAFile: clientCA, clientVerification: verification)
        }
        if certificate != nil || key != nil {
            values.report(
                at: [Settings.tlsCertificate.path, Settings.tlsKey.path], key: "server.tls", "needs both certificate and key")
        } else if clientCA != nil || verification != .none {
            values.report(
                at: [Settings.tlsClientCA.path, Settings.tlsClientVerification.path], key: "server.tls",
                "says how to verify clients, but has no certificate and key of the server's own")
        }
        return nil
    }

    /// The file of a credential that systemd hands over (systemd.exec(5), `LoadCredential=`); nil for the path of a file.
    private func credential(_ text: String, _ setting: Setting<String?>, _ values: inout LayeredValues) -> String? {
        let scheme = "credential:"
        guard text.hasPrefix(scheme) else { return nil }
        let name = text.dropFirst(scheme.count)
        guard !name.isEmpty, !name.contains("/") else {
            values.report(at: [setting.path], key: setting.path, "found \"\(text)\"; expected credential:NAME, a name without /")
            return text
        }
        guard let folder = environment["CREDENTIALS_DIRECTORY"], folder.hasPrefix("/") else {
            values.report(
                at: [setting.path], key: setting.path,
                "found \"\(text)\", but no credentials were handed over ($CREDENTIALS_DIRECTORY is not set); add "
                    + "LoadCredential=\(name):/path/of/the/file to the unit")
            return text
        }
        return folder + "/" + name
    }

    private func readAccessLog(_ values: inout LayeredValues) -> AccessLogConfiguration? {
        let text = values.read(Settings.accessLogDestination)
        let destination: AccessLogConfiguration.Destination? =
            switch text {
            case "off": nil
            case "stdout": .standardOutput
            case "stderr": .standardError
            default: .file(path: values.located(Settings.accessLogDestination.path).map(absolute) ?? text)
            }
        let format = values.read(Settings.accessLogFormat)
        let sample = values.read(Settings.accessLogSample)
        let includesUserAgent = values.read(Settings.accessLogUserAgent)
        let buffer = values.read(Settings.accessLogBuffer)
        return destination.map {
            AccessLogConfiguration(
                destination: $0, format: format, sampling: sample == 1 ? .all : .oneOf(sample), includesUserAgent: includesUserAgent,
                maxBufferedBytes: buffer)
        }
    }

    private func checkListeners(_ server: ServerConfiguration, _ values: inout LayeredValues) {
        if server.address == nil, server.listeners.isEmpty {
            values.report(
                at: [Settings.address.path], key: Settings.address.path,
                "is none, and server.listeners is empty; then nobody could reach the daemon")
        }
        guard server.tls == nil else { return }
        for listener in server.listeners where listener.isEncrypted == true {
            values.report(
                ConfigurationProblem(
                    origin: listener.origin, key: listener.key, message: "asks for TLS, but server.tls has no certificate"))
        }
    }
}
