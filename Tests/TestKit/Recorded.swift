/// The comparison of what a server says it ran with what Sluice says it let through.
public enum Recorded {
    /// How long the list of sessions, which is indexed behind the recordings, may lag.
    private static let indexing = Duration.seconds(20)

    /// Throws unless every logged statement is a command in the recordings of `identity`, at least as often.
    public static func covers(_ log: [LoggedStatement], in gateway: Gateway, identity: String) async throws {
        var missing = ""
        do {
            try await eventually("every statement is recorded", deadline: indexing) {
                missing = try await problem(log, gateway, identity) ?? ""
                return missing.isEmpty
            }
        } catch {
            throw missing.isEmpty ? error : TestKitError(missing)
        }
    }

    private static func problem(
        _ log: [LoggedStatement], _ gateway: Gateway, _ identity: String
    ) async throws -> String? {
        var commands: [Substring: [[Substring]]] = [:]
        var allowed = 0
        for id in try await gateway.sessions(of: identity) {
            let shown = try await gateway.session(id)
            for command in Self.commands(in: shown) { commands[command[0], default: []].append(command) }
            allowed += shown.split(separator: "\n").count {
                $0.hasPrefix("    → allow") || $0.hasPrefix("    → approved")
            }
        }
        var missing: [String] = []
        for (text, count) in Dictionary(grouping: log, by: \.text).mapValues(\.count) {
            let lines = lines(of: text)
            let recorded = commands[lines[0], default: []].count { $0.starts(with: lines) }
            if recorded < count { missing.append("\(count) × in the log, \(recorded) × recorded: \(text.prefix(200))") }
        }
        guard missing.isEmpty else {
            return "ran without a record:\n" + missing.sorted().prefix(20).joined(separator: "\n")
        }
        return allowed >= log.count ? nil : "\(log.count) statements in the log, only \(allowed) recorded as allowed"
    }

    /// The lines of each recorded command but Parse messages, which run nothing. What follows a command's last line
    /// may be another record's, so a command is compared by its first lines.
    private static func commands(in shown: String) -> [[Substring]] {
        var found: [[Substring]] = []
        var isOpen = false
        for line in shown.split(separator: "\n", omittingEmptySubsequences: false) {
            if let head = line.wholeMatch(of: /[0-9-]+ [0-9:.]+Z \+[0-9.]+s  command [0-9]+( \([A-Za-z]+\))?  (.*)/) {
                isOpen = head.1 != " (Parse)"
                if isOpen { found.append([head.2]) }
            } else if line.hasPrefix("      ") {
                if isOpen { found[found.count - 1].append(line.dropFirst(6)) }
            } else {
                isOpen = false
            }
        }
        return found
    }

    /// A statement's lines as a timeline shows them: tabs as four spaces.
    private static func lines(of text: String) -> [Substring] {
        text.replacingTabs.split(separator: "\n", omittingEmptySubsequences: false)
    }
}

extension String {
    fileprivate var replacingTabs: String {
        split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    ")
    }
}
