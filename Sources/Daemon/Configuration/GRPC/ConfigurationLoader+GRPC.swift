import HTTPCore

extension ConfigurationLoader {
    /// Nil where neither a port nor a socket is named.
    func readGRPC(_ values: inout LayeredValues, _ server: ServerConfiguration) -> GRPCEntry? {
        let port = UInt16(clamping: values.read(Settings.grpcPort))
        let address = values.read(Settings.grpcAddress) ?? server.address
        let path = values.read(Settings.grpcUnix) == nil ? nil : values.located(Settings.grpcUnix.path).map(absolute)
        let isEncrypted = values.read(Settings.grpcTLS)
        let entry = GRPCEntry(
            tcp: port == 0 ? nil : address.map { .tcp(host: $0, port: port) }, unix: path.map { .unix(path: $0) },
            certificates: readCertificates(&values, server, isEncrypted: isEncrypted), loopCount: values.read(Settings.grpcLoops),
            maxMessageBytes: values.read(Settings.grpcMaxMessageBytes),
            maxConcurrentStreams: values.read(Settings.grpcMaxConcurrentStreams), offersHealth: values.read(Settings.grpcHealth),
            writesTensorContent: values.read(Settings.grpcTensorContent), channel: readChannel(&values))
        if port != 0, address == nil {
            values.report(
                at: [Settings.grpcPort.path], key: Settings.grpcPort.path,
                "has no address: server.address is none; name one in grpc.address")
        }
        return port == 0 && path == nil ? nil : entry
    }

    private func readChannel(_ values: inout LayeredValues) -> GRPCChannelOptions {
        do throws(GRPCChannelOptions.Fault) {
            return try GRPCChannelOptions(values.read(Settings.grpcChannelOptions))
        } catch {
            values.report(at: [Settings.grpcChannelOptions.path], key: Settings.grpcChannelOptions.path, error.reason)
            return GRPCChannelOptions()
        }
    }

    private func readCertificates(
        _ values: inout LayeredValues, _ server: ServerConfiguration, isEncrypted: Bool
    ) -> GRPCEntry.Certificates? {
        guard values.read(Settings.grpcSSLConfig) != nil, let located = values.located(Settings.grpcSSLConfig.path) else {
            return isEncrypted && server.tls != nil ? .server : nil
        }
        let path = absolute(located)
        do throws(FileFault) {
            let text = try FileReader.text(of: path)
            do throws(TextProtoError) {
                return try SSLConfigFile.certificates(text)
            } catch {
                let origin = ConfigurationOrigin.file(path: path, line: error.line, column: nil)
                values.report(ConfigurationProblem(origin: origin, key: nil, message: error.message))
            }
        } catch {
            values.report(
                ConfigurationProblem(origin: located.origin, key: Settings.grpcSSLConfig.path, message: "\(path) \(error)"))
        }
        return nil
    }
}
