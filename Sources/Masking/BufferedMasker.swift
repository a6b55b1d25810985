/// A masker that gathers what is written and passes what is whole of it.
protocol BufferedMasker {
    var buffer: PendingBytes { get set }

    /// Passes what can be passed.
    /// - Parameter isLast: nothing follows.
    mutating func advance(isLast: Bool)
}

extension BufferedMasker {
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        buffer.append(bytes)
        advance(isLast: false)
    }

    mutating func finish() { advance(isLast: true) }
}
