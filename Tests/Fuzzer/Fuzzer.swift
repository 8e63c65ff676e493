import FuzzTargets
import Glibc

// With -DFUZZING and -sanitize=fuzzer this is libFuzzer's program, which has a `main` of its own; without, it replays files.

#if FUZZING
    /// What APUS_FUZZ_TARGET names; all targets are in one program, so that it is built once.
    private let target: FuzzTarget = {
        let name = getenv("APUS_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            fatalError("APUS_FUZZ_TARGET is \"\(name)\"; expected one of \(FuzzTarget.allCases.map(\.rawValue))")
        }
        return target
    }()

    /// libFuzzer's entry, called for every input it makes up.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
        let input = Array(UnsafeRawBufferPointer(start: start, count: count))
        if let violation = target.violation(input) { fatalError(violation) }
        return 0
    }
#else
    @main
    enum Replay {
        static func main() {
            let arguments = CommandLine.arguments.dropFirst()
            guard let target = arguments.first.flatMap(FuzzTarget.init(rawValue:)), arguments.count > 1 else {
                print("usage: Fuzzer \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) FILE…")
                exit(EX_USAGE)
            }
            var hasFailed = false
            for path in arguments.dropFirst() {
                guard let input = contents(of: path) else {
                    print("\(path): cannot be read: \(String(cString: strerror(errno)))")
                    exit(EX_NOINPUT)
                }
                let violation = target.violation(input)
                if violation != nil { hasFailed = true }
                print("\(path): \(violation ?? "\(input.count) bytes, all is well")")
            }
            exit(hasFailed ? 1 : 0)
        }

        private static func contents(of path: String) -> [UInt8]? {
            guard let file = fopen(path, "rb") else { return nil }
            defer { fclose(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = fread(&chunk, 1, chunk.count, file)
                if count == 0 { return ferror(file) == 0 ? bytes : nil }
                bytes += chunk[..<count]
            }
        }
    }
#endif
