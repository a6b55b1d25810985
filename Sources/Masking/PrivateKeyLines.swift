import Glibc

/// A private key as PEM writes it (RFC 7468): its lines belong together.
extension UnsafeRawBufferPointer {
    /// Whether a private key begins in the line and does not end in it.
    func beginsPrivateKey(in line: Range<Int>) -> Bool {
        guard let begin = place(of: "-----BEGIN ", in: line),
            let label = place(of: "PRIVATE KEY", in: begin..<line.upperBound)
        else { return false }
        return !endsPrivateKey(in: label..<line.upperBound)
    }

    func endsPrivateKey(in line: Range<Int>) -> Bool { place(of: "-----END ", in: line) != nil }

    private func place(of text: StaticString, in range: Range<Int>) -> Int? {
        guard let base = baseAddress else { return nil }
        var index = range.lowerBound
        let last = range.upperBound - text.utf8CodeUnitCount
        while index <= last, let found = memchr(base + index, Int32(text.utf8Start[0]), last + 1 - index) {
            if memcmp(found, text.utf8Start, text.utf8CodeUnitCount) == 0 { return UnsafeRawPointer(found) - base }
            index = UnsafeRawPointer(found) - base + 1
        }
        return nil
    }
}
