/// What a recorder's own notices say of segments that cannot be read any more.
struct Removals {
    private var removed: [ClosedRange<UInt64>] = []
    private var erased: Set<UInt64> = []

    /// Begins a notice of segments that were removed, or of one whose data key was destroyed.
    private static let removedTitle = "removed: segments "
    private static let erasedTitle = "erased: segment "

    /// The notice before segments are removed.
    static func removal(_ numbers: ClosedRange<UInt64>, _ reason: String) -> String {
        "\(removedTitle)\(numbers.lowerBound)-\(numbers.upperBound): \(reason)"
    }

    /// The notice before a segment's data key is destroyed.
    static func erasure(_ number: UInt64, _ reason: String) -> String { "\(erasedTitle)\(number): \(reason)" }

    mutating func take(_ notice: String) {
        if let rest = Self.argument(notice, Self.removedTitle) {
            let ends = rest.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
            if ends.count == 2, let first = ends[0], let last = ends[1], first <= last { removed.append(first...last) }
        } else if let rest = Self.argument(notice, Self.erasedTitle), let number = UInt64(rest) {
            erased.insert(number)
        }
    }

    /// What stands between a notice's title and the colon.
    private static func argument(_ notice: String, _ title: String) -> Substring? {
        guard notice.hasPrefix(title) else { return nil }
        return notice.dropFirst(title.count).prefix { $0 != ":" }
    }

    func isRemoved(_ number: UInt64) -> Bool { removed.contains { $0.contains(number) } }
    func isErased(_ number: UInt64) -> Bool { erased.contains(number) }

    /// Says what was not read.
    func report(_ scans: [SegmentScan], _ report: inout VerificationReport) {
        let present = Set(scans.map(\.number))
        let gone = removed.reduce(0) { $0 + $1.count { !present.contains($0) } }
        if gone > 0, let path = scans.first?.directory {
            report.warnings.append(
                "\(path): \(gone) segments were removed, as notices here say: their seals are proven, their records are gone"
            )
        }
        let unread = scans.filter { $0.unread != nil }
        for (reason, some) in Dictionary(grouping: unread, by: { $0.unread ?? "" }).sorted(by: { $0.key < $1.key }) {
            guard let path = some.first?.path else { continue }
            report.warnings.append(
                "\(path)\(some.count > 1 ? " and \(some.count - 1) more segments" : ""): proven without reading the records: "
                    + reason)
        }
    }
}
