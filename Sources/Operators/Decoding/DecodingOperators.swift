package import GraphIR

/// Pictures and sound, from and to the contents of files.
package enum DecodingOperators {
    package static let spellings: [OperatorSpelling] =
        ([.png, .jpeg, .croppedJPEG, .gif, .bmp, .webP, .any] as [PictureDecoder.Request]).map { request in
            .tensorFlow(request.rawValue) { reader throws(OperatorError) in try PictureDecoder(reader, request) }
        } + [
            .onnx("ImageDecoder", since: 20) { reader throws(OperatorError) in try ImageDecoder(reader) },
            .tensorFlow("ExtractJpegShape") { reader throws(OperatorError) in try JPEGShape(reader) },
            .tensorFlow("EncodePng") { reader throws(OperatorError) in try PNGEncoder(reader) },
            .tensorFlow("EncodeJpeg") { reader throws(OperatorError) in try JPEGEncoder(reader, readsQuality: false) },
            .tensorFlow("EncodeJpegVariableQuality") { reader throws(OperatorError) in try JPEGEncoder(reader, readsQuality: true) },
            .tensorFlow("DecodeWav") { reader throws(OperatorError) in try WAVDecoder(reader) },
            .tensorFlow("EncodeWav") { _ in WAVEncoder() },
            .tensorFlow("AudioSpectrogram") { reader throws(OperatorError) in try AudioSpectrogram(reader) },
            .tensorFlow("Mfcc") { reader throws(OperatorError) in try MelCepstrum(reader) },
        ]
}
