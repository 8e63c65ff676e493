/// Characters in bytes that hold UTF-8, counted by the bytes that begin one: nothing is checked.
enum Utf8Positions {
    @inline(__always) private static func isTrail(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    static func characterCount(_ text: [UInt8]) -> Int { text.reduce(0) { $0 + (isTrail($1) ? 0 : 1) } }

    /// The position `count` characters behind `position`; nil when the text ends before.
    static func forward(_ text: [UInt8], from position: Int, by count: Int) -> (position: Int, isComplete: Bool) {
        var position = position, counted = 0
        while counted < count, position < text.count {
            repeat { position += 1 } while position < text.count && isTrail(text[position])
            counted += 1
        }
        return (position, counted == count)
    }

    /// The position `count` characters before `position`; nil when the text begins after.
    static func backward(_ text: [UInt8], from position: Int, by count: Int) -> Int? {
        var position = position, counted = 0
        while counted < count, position > 0 {
            repeat { position -= 1 } while position > 0 && isTrail(text[position])
            counted += 1
        }
        return counted == count ? position : nil
    }
}
