import Foundation

/// Records of `assets.extra/tf_serving_warmup_requests`.
enum WarmUpRecord {
    /// A PredictionLog whose request gives a float tensor that holds one value everywhere.
    static func predict(_ input: String, shape: [Int], of value: Float, signature: String = "") -> [UInt8] {
        var log = ProtobufBytes()
        log.message(6) { predict in
            predict.message(1) { request in
                request.message(1) { spec in
                    spec.text(1, "another name, which is not looked at")
                    spec.text(3, signature)
                }
                request.message(2) { entry in
                    entry.text(1, input)
                    entry.message(2) { tensor in
                        tensor.integer(1, 1)
                        tensor.message(2) { type in for size in shape { type.message(2) { $0.integer(1, size) } } }
                        tensor.delimited(5, (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) })
                    }
                }
            }
        }
        return log.bytes
    }
}

/// Writes files of records as TensorFlow does (tensorflow/core/lib/io/record_writer.h), apart from the program's own reader.
enum RecordFile {
    /// - Parameter damaging: the place of a byte that is to be another one.
    static func frames(_ records: [[UInt8]], damaging place: Int? = nil) -> [UInt8] {
        var file: [UInt8] = []
        for record in records {
            let length = (0..<8).map { UInt8(truncatingIfNeeded: record.count >> ($0 * 8)) }
            file += length + masked(length) + record + masked(record)
        }
        if let place { file[place] ^= 1 }
        return file
    }

    private static func masked(_ bytes: [UInt8]) -> [UInt8] {
        let value = checksum(bytes)
        let masked = (value >> 15 | value << 17) &+ 0xA282_EAD8
        return (0..<4).map { UInt8(truncatingIfNeeded: masked >> ($0 * 8)) }
    }

    /// CRC-32C, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }
}
