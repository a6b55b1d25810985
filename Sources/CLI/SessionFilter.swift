import ArgumentParser
import Foundation
import Recording

/// Which sessions a command is about.
struct SessionFilter: ParsableArguments {
    @Option(help: "Only sessions of this identity.") var identity: String?
    @Option(help: "Only sessions on this resource.") var resource: String?
    @Option(help: "Only sessions in which this rule decided about a command.") var rule: String?
    @Option(help: "Only sessions with a command that was decided so: allow, hold or refuse.")
    var decision: RecordingIndex.Filter.Decision?
    @Option(help: "Only sessions in whose replies this was masked: email, credit_card, or a rule's pattern of columns.")
    var entity: String?
    @Option(
        help:
            "Only what went on at this time or later: 2026-01-31, 2026-01-31T12:00:00Z (UTC without a zone), or 90m, 24h, 7d ago."
    )
    var since: PointInTime?
    @Option(help: "Only what began before this time, as --since.") var until: PointInTime?
    @Flag(help: "Only sessions that go on.") var open = false

    func filter(limit: Int) -> RecordingIndex.Filter {
        RecordingIndex.Filter(
            identity: identity, resource: resource, rule: rule, decision: decision, entity: entity,
            since: since?.microseconds, until: until?.microseconds, isOpen: open ? true : nil, limit: limit)
    }

    /// Whether everything matches.
    var isEmpty: Bool {
        identity == nil && resource == nil && rule == nil && decision == nil && entity == nil && since == nil
            && until == nil && !open
    }
}

/// A time as people write it, in UTC unless it says otherwise.
struct PointInTime: ExpressibleByArgument, Equatable {
    private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]

    /// Unix time.
    let microseconds: UInt64

    init?(argument: String) { self.init(argument, now: Date()) }

    /// nil: not a time.
    init?(_ text: String, now: Date) {
        let time: Double
        if let unit = text.last.flatMap({ Self.units[$0] }), let count = Double(text.dropLast()), count >= 0 {
            time = now.timeIntervalSince1970 - count * unit
        } else if let date = Self.date(text) {
            time = date.timeIntervalSince1970
        } else {
            return nil
        }
        guard time.isFinite, time < 1e12 else { return nil }
        microseconds = UInt64(max(0, time) * 1_000_000)
    }

    /// `2026-01-31`, with a time behind `T` perhaps, and with `Z` or an offset behind that; nil for anything else.
    private static func date(_ text: String) -> Date? {
        let form = /(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?/
        guard text.utf8.allSatisfy({ $0 < 0x80 }), let found = text.wholeMatch(of: form)?.output else { return nil }
        func number(_ part: Substring?) -> Int { part.flatMap { Int($0) } ?? 0 }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (number(found.1), number(found.2), number(found.3))
        (parts.hour, parts.minute, parts.second) = (number(found.4), number(found.5), number(found.6))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        // One that is not on the calendar comes back as another.
        guard let date = calendar.date(from: parts),
            calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date) == parts
        else { return nil }
        guard let zone = found.7, zone != "Z" else { return date }
        let offset = (number(zone.dropFirst().prefix(2)) * 60 + number(zone.suffix(2))) * 60
        return date.addingTimeInterval(TimeInterval(zone.hasPrefix("-") ? offset : -offset))
    }
}

extension RecordingIndex.Filter.Decision: ExpressibleByArgument {}
extension RecordingIndex.Grouping: ExpressibleByArgument {}
