package import GraphIR

/// Records, lines and bytes taken apart into tensors.
package enum ParsingOperators {
    package static let spellings: [OperatorSpelling] =
        ParseExample.spellings + ParseSequenceExample.spellings + [
            JSONExample.spelling,
            .tensorFlow("DecodeRaw") { reader throws(OperatorError) in try RawBytes(reader, isPadded: false) },
            .tensorFlow("DecodePaddedRaw") { reader throws(OperatorError) in try RawBytes(reader, isPadded: true) },
            .tensorFlow("SerializeTensor") { _ throws(OperatorError) in SerializeTensor() },
            .tensorFlow("ParseTensor") { reader throws(OperatorError) in
                ParseTensor(type: try reader.requiredType("out_type"))
            },
            .tensorFlow("DecodeCSV") { reader throws(OperatorError) in try DecodeCSV(reader) },
            .tensorFlow("DecodeCompressed") { reader throws(OperatorError) in try DecodeCompressed(reader) },
        ]
}
