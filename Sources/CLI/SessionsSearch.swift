import ArgumentParser
import Configuration
import Foundation
import PostgresRender
import Recording

extension SessionsCommand {
    /// `sluice sessions search`: commands by their words.
    struct Search: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find recorded commands, the latest first.",
            discussion: """
                All of the words have to be in a command or its parameters, and in its replies where `recording.search` is \
                `output`. Case does not count. cust* is the beginning of a word, "drop table" are words one behind the other, and \
                so is what has punctuation within: public.customers, jane@example.com. Each hit is read from the recordings.
                Recorders keep the index. --index keeps one elsewhere, and brings it up to date first. --contains reads all \
                recordings instead, for text as it stands there.
                """)

        @OptionGroup var source: RecordingsOption
        @Option(help: "Only commands of this identity.") var identity: String?
        @Option(help: "Only commands on this resource.") var resource: String?
        @Option(help: "Only commands that read or write this table, as SQL writes the name; without a schema in any.")
        var table: TableName?
        @Option(help: "Only commands about which this rule decided.") var rule: String?
        @Option(help: "Only commands that were decided so: allow, hold or refuse.")
        var decision: RecordingIndex.Filter.Decision?
        @Option(help: "Only commands received at this time or later, as for `list`.") var since: PointInTime?
        @Option(help: "Only commands received before this time.") var until: PointInTime?
        @Option(help: "At most this many commands.") var limit = 50
        @Option(help: "Text that is in a command, every character as it stands there; reads all recordings.")
        var contains: String?
        @Option(help: "An index of one's own, made when it is missing and brought up to date.") var index: String?
        @Option(help: "What an index that is made holds: commands or output.") var content = SearchIndex.Content
            .commands
        @Option(help: "table or json.") var format: OutputFormat = .table
        @Argument(help: "Words, in one argument or several.") var words: [String] = []

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
            guard contains == nil || index == nil else {
                throw ValidationError("--contains reads the recordings: it needs no --index")
            }
            guard contains != "" else { throw ValidationError("--contains needs some text") }
            let query: SearchQuery
            do throws(RecordingError) {
                query = try SearchQuery(words.joined(separator: " "))
            } catch {
                throw ValidationError(error.detail)
            }
            guard query != SearchQuery() || contains != nil || isFiltered else {
                throw ValidationError("say what to look for: words, --contains, --table, --rule or another option")
            }
        }

        func run() throws {
            let recordings = try source.folder()
            let filter = SearchFilter(
                query: try SearchQuery(words.joined(separator: " ")), identity: identity, resource: resource,
                rule: rule,
                decision: decision, table: table, since: since?.microseconds, until: until?.microseconds, limit: limit)
            let hits: [SearchHit]
            if let contains {
                hits = try scan(recordings, contains, filter)
            } else {
                let index = try openIndex(recordings, try source.access())
                hits = try index.find(filter, replies: RecordedReplies())
                try tellBehind(index)
            }
            for stray in try RecordingArchive(recordings: recordings).strays() {
                Sluice.complain(
                    "\(recordings)/\(stray) has segments and no head, and was passed over: see `sluice verify`")
            }
            switch format {
            case .json: try printJSON(hits.map(HitRow.init))
            case .table: printHits(hits)
            }
        }

        private var isFiltered: Bool {
            identity != nil || resource != nil || table != nil || rule != nil || decision != nil || since != nil
                || until != nil
        }

        private func openIndex(_ recordings: String, _ access: RecordingAccess) throws -> SearchIndex {
            guard let index else {
                do throws(RecordingError) {
                    return try SearchIndex(
                        reading: recordings + "/" + SearchIndex.fileName, of: recordings, access: access)
                } catch {
                    guard error.code == .notFound else { throw error }
                    throw CommandFailure(
                        "\(error): recorders keep one unless recordings are encrypted or recording.search is off; --index FILE makes one here"
                    )
                }
            }
            let kept = try SearchIndex(writing: index, of: recordings, content, access: access)
            try kept.update(replies: RecordedReplies())
            return kept
        }

        private func tellBehind(_ index: SearchIndex) throws {
            for (replica, blocks) in try index.blocksBehind().sorted(by: { $0.key < $1.key }) {
                Sluice.complain("the index is \(blocks) blocks behind \(replica): what is in these was not looked at")
            }
        }

        private func scan(_ recordings: String, _ text: String, _ filter: SearchFilter) throws -> [SearchHit] {
            let shows = isatty(STDERR_FILENO) == 1
            let found = try TextScan(recordings: recordings, text: text, access: source.access()).find(filter) {
                progress in
                guard shows else { return }
                let end = progress.done == progress.of ? "\n" : ""
                FileHandle.standardError.write(Data("\rread \(progress.done) of \(progress.of) segments\(end)".utf8))
            }
            if found.isCut { Sluice.complain("too many commands have this text: some were not looked at") }
            return found.hits
        }

        private func printHits(_ hits: [SearchHit]) {
            guard !hits.isEmpty else { return print("nothing found") }
            let rows = hits.map { hit in
                [
                    isoTime(hit.time), hit.session, String(hit.command), hit.identity, hit.resource,
                    hit.decision?.rawValue ?? "", hit.rule, hit.shown,
                ].map { TerminalText.escape($0) }
            }
            TextTable(
                columns: ["TIME", "SESSION", "COMMAND", "IDENTITY", "RESOURCE", "DECISION", "RULE", "TEXT"], rows: rows
            ).print()
        }
    }
}

extension SearchHit {
    /// Characters before and behind the match that are shown.
    private static let margin = 40
    private static let longest = 160

    fileprivate var shown: String {
        guard let snippet else { return "(\(problem ?? ""))" }
        return text?.isEmpty == true ? "(no text recorded)" : snippet
    }

    /// What stands around the match, on one line.
    fileprivate var snippet: String? {
        guard let text else { return nil }
        let before = String(decoding: text[..<match.lowerBound], as: UTF8.self)
        let from = String(decoding: text[match.lowerBound...].prefix(Self.longest * 4), as: UTF8.self)
        let lead = before.suffix(Self.margin)
        let rest = from.prefix(Self.longest - lead.count)
        let isCut = rest.count < from.count || text.count - match.lowerBound > Self.longest * 4
        let line = (lead + rest).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (lead.count < before.count ? "…" : "") + line + (isCut ? "…" : "")
    }
}

/// The keys of a hit that scripts rely on.
private struct HitRow: Encodable {
    let hit: SearchHit

    init(_ hit: SearchHit) { self.hit = hit }

    private enum CodingKeys: String, CodingKey {
        case session, command, time, identity, resource, decision, rule, text, problem
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hit.session, forKey: .session)
        try container.encode(hit.command, forKey: .command)
        try container.encode(isoTime(hit.time), forKey: .time)
        try container.encode(hit.identity, forKey: .identity)
        try container.encode(hit.resource, forKey: .resource)
        try container.encode(hit.decision?.rawValue, forKey: .decision)
        try container.encode(hit.rule, forKey: .rule)
        // Null where the recording cannot be read; then `problem` says why.
        try container.encode(hit.snippet, forKey: .text)
        try container.encode(hit.problem, forKey: .problem)
    }
}

extension RecordedReplies: ReplyTextReader {}
extension SearchIndex.Content: ExpressibleByArgument {}

extension TableName: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
