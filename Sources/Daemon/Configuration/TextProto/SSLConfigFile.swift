/// Reads TensorFlow Serving's `--ssl_config_file`: an `SSLConfig` in protobuf's text format, which holds the PEM texts themselves.
///
/// Source: tensorflow_serving/config/ssl_config.proto.
enum SSLConfigFile {
    static func certificates(_ text: String) throws(TextProtoError) -> GRPCEntry.Certificates {
        let fields = try TextProtoFields(
            TextProtoParser.parse(text), type: "SSLConfig", known: ["server_key", "server_cert", "custom_ca", "client_verify"])
        guard let key = try fields.text("server_key"), let certificate = try fields.text("server_cert") else {
            throw TextProtoError(line: 1, message: "SSLConfig needs both server_key and server_cert, as PEM texts")
        }
        let clientCA = try fields.text("custom_ca"), verifies = try fields.boolean("client_verify") ?? false
        guard !verifies || clientCA != nil else {
            throw TextProtoError(
                line: fields.line("client_verify"), message: "SSLConfig.client_verify is true, but custom_ca names no authorities")
        }
        return .texts(certificate: certificate, key: key, clientCA: clientCA, verifiesClients: verifies)
    }
}
