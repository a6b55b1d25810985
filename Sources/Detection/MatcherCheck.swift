import CHyperscan

/// Whether the matcher's library finds what is there. Vectorscan 5.4.9 does not, where two bytes that it looks for together
/// stand over the edge of a vector (docs/decisions/0025); a masker that relies on it would let values pass.
enum MatcherCheck {
    /// Nil when it does, else what is wrong. Found out once.
    static let problem: String? = misses ? "\(version) misses matches on this processor: \(remedy)" : nil

    private static let version =
        hs_version().map { "the pattern matcher " + String(cString: $0) } ?? "the pattern matcher"
    private static let remedy = "install libhyperscan5 in place of libvectorscan5"
    /// Two classes of bytes that stand together: a range, and one byte.
    private static let expression = "[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]"
    private static let text = Array("192.168.100.254".utf8)
    /// More places than the widest vector has bytes, twice.
    private static let places = 160

    private static var misses: Bool {
        var database: OpaquePointer?
        var scratch: OpaquePointer?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        defer {
            hs_free_scratch(scratch)
            hs_free_database(database)
            hs_free_compile_error(failure)
        }
        guard hs_compile(expression, 0, UInt32(HS_MODE_BLOCK), nil, &database, &failure) == HS_SUCCESS,
            hs_alloc_scratch(database, &scratch) == HS_SUCCESS
        else { return true }
        var bytes = [CChar](repeating: CChar(bitPattern: 0x71), count: places + text.count)
        for place in 0..<places {
            for (offset, byte) in text.enumerated() { bytes[place + offset] = CChar(bitPattern: byte) }
            var found = 0
            let code = hs_scan(
                database, bytes, UInt32(place + text.count), 0, scratch,
                { _, _, _, _, context in
                    context!.assumingMemoryBound(to: Int.self).pointee += 1
                    return 0
                }, &found)
            if code != HS_SUCCESS || found == 0 { return true }
            for offset in text.indices { bytes[place + offset] = CChar(bitPattern: 0x71) }
        }
        return false
    }
}
