/// One message of the sd_notify protocol (sd_notify(3)): lines of `KEY=VALUE`. Unknown keys are ignored.
struct Notification: Sendable, Equatable {
    /// Largest datagram read, in bytes.
    static let maximumSize = 4096
    static let maximumStatusBytes = 512

    /// The process that speaks. Without it nobody knows who is meant, and the message is dropped.
    let mainPID: Int32
    let isReady: Bool
    let isStopping: Bool
    let status: String?

    init?(parsing bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.maximumSize, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var pid: Int32?
        var ready = false
        var stopping = false
        var status: String?
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { return nil }
            let value = line[line.index(after: equals)...]
            switch line[..<equals] {
            case "MAINPID":
                guard let number = Int32(value), number > 0 else { return nil }
                pid = number
            case "READY": ready = value == "1"
            case "STOPPING": stopping = value == "1"
            case "STATUS": status = printable(value, limit: Self.maximumStatusBytes)
            default: break
            }
        }
        guard let pid else { return nil }
        mainPID = pid
        isReady = ready
        isStopping = stopping
        self.status = status
    }
}

/// `text` for a terminal: at most `limit` bytes, control characters shown as `?`.
func printable(_ text: some StringProtocol, limit: Int) -> String {
    var result = ""
    var size = 0
    for scalar in text.unicodeScalars {
        size += UTF8.width(scalar)
        guard size <= limit else { return result + "…" }
        let isControl = scalar.value < 0x20 && scalar != "\t" || (0x7f...0x9f).contains(scalar.value)
        result.unicodeScalars.append(isControl ? "?" : scalar)
    }
    return result
}
