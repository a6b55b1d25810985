/// What a recorder's own notices say of segments that cannot be read any more.
struct Removals {
    private var removed: [ClosedRange<UInt64>] = []
    private var erased: [ClosedRange<UInt64>] = []

    /// Begins a notice of segments that were removed, or whose data keys were destroyed.
    private static let removedTitle = "removed: segments "
    private static let erasedTitle = "erased: segments "

    /// The notice before segments are removed.
    static func removal(_ numbers: ClosedRange<UInt64>, _ reason: String) -> String {
        "\(removedTitle)\(numbers.lowerBound)-\(numbers.upperBound): \(reason)"
    }

    /// The notice before segments' data keys are destroyed.
    static func erasure(_ numbers: ClosedRange<UInt64>, _ reason: String) -> String {
        "\(erasedTitle)\(numbers.lowerBound)-\(numbers.upperBound): \(reason)"
    }

    mutating func take(_ notice: String) {
        if let numbers = Self.numbers(notice, Self.removedTitle) { removed.append(numbers) }
        if let numbers = Self.numbers(notice, Self.erasedTitle) { erased.append(numbers) }
    }

    /// The numbers between a notice's title and the colon.
    private static func numbers(_ notice: String, _ title: String) -> ClosedRange<UInt64>? {
        guard notice.hasPrefix(title) else { return nil }
        let ends = notice.dropFirst(title.count).prefix { $0 != ":" }
            .split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        return first...last
    }

    func isRemoved(_ number: UInt64) -> Bool { removed.contains { $0.contains(number) } }
    func isErased(_ number: UInt64) -> Bool { erased.contains { $0.contains(number) } }

    /// Says what was not read.
    func report(_ scans: [SegmentScan], absent: Int, _ report: inout VerificationReport) {
        if absent > 0, let path = scans.first?.directory {
            report.warnings.append(
                "\(path): \(absent) segments were removed, as notices here say: their seals are proven, their records are gone"
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
