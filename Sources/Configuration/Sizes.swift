import StrictYAML

extension StrictNode {
    /// A number of bytes, written in KiB, MiB, GiB or TiB, such as `512MiB`.
    ///
    /// - Parameter range: bytes.
    func bytes(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        let text = try string()
        for (unit, shift) in Self.units where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), count >= 0, count <= Int.max >> shift,
                range.contains(count << shift)
            else { break }
            return count << shift
        }
        throw error("expected \(Self.size(range.lowerBound)) to \(Self.size(range.upperBound)), such as 512MiB")
    }

    private static let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]

    /// Bytes in the largest unit that gives a whole number.
    private static func size(_ bytes: Int) -> String {
        for (unit, shift) in units.reversed() where bytes >= 1 << shift && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes) bytes"
    }
}
