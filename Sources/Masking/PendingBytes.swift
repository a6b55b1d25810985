/// Bytes that were written and not passed yet. Dropping those at the front costs little.
struct PendingBytes {
    private var bytes: [UInt8] = []
    private var front = 0

    var count: Int { bytes.count - front }
    var isEmpty: Bool { count == 0 }

    subscript(index: Int) -> UInt8 { bytes[front + index] }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if front > 0 {
            bytes.removeFirst(front)
            front = 0
        }
        bytes.append(contentsOf: more)
    }

    mutating func drop(_ count: Int) {
        front += count
        if front == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            front = 0
        }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body($0.part(front..<$0.count)) }
    }
}
