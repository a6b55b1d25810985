import ArgumentParser
import Configuration
import Contract
import Detection
import Foundation
import Masking
import Policy

/// `sluice mask`: the masking engine as a filter.
struct MaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask", abstract: "Mask what comes on standard input, by the rules of a file.",
        discussion: """
            FILE holds a `mask` list as a rule of a policy does. Everything else passes byte for byte, in memory that does \
            not grow with the input, and what comes line by line leaves line by line. --find masks nothing and prints a \
            JSON object for each finding: line, from 1; start and end, byte offsets in that line; entity; confidence, from \
            0 to 1. Exit code 3: all was passed, but no column rule met a column, which may be a name written wrong.
            """)

    /// As many as an installation's key has: shorter ones can be found by trying.
    private static let minimumKeyBytes = 32
    /// Column rules were given, and none was applied.
    private static let nothingApplied = ExitCode(3)

    @Option(help: "A file with a `mask` list.") var rules: String?
    @Option(help: "In its place: entities to redact, such as email,credit_card, or all.") var detect: String?
    @Option(help: "text, json, ndjson (server-sent events too), csv, form or terminal.") var format: MaskFormat = .text
    @Flag(help: "Say on standard error at the end how much was masked.") var report = false
    @Flag(help: "Print what is found instead of masking it.") var find = false
    @Option(help: "A file with the key of the styles hash, tokenize and shift.") var key: String?
    @Option(help: "The configuration whose installation's key these styles use.") var config: String?

    func validate() throws {
        guard (rules == nil) != (detect == nil) else { throw ValidationError("give either --rules or --detect") }
        guard key == nil || config == nil else { throw ValidationError("give either --key or --config") }
        for name in detectedNames where Entity.named(name).isEmpty {
            let known = Entity.all.map(\.name) + ["all"]
            throw ValidationError("--detect \(name): no detector finds that; use \(known.joined(separator: ", "))")
        }
    }

    func run() throws {
        let (plan, definitions) = try readPlan()
        if find, plan.detectors.isEmpty { throw CommandFailure("--find needs detectors, and the rules have none") }
        let masker = format.filter(
            try DocumentPlan(plan, hashKey: find ? [] : try readKey(plan), definitions: definitions), finds: find)
        if !format.hasColumns, !find, !plan.columns.isEmpty {
            MaskStream.note("rules of columns do nothing in text, which has none: --format tells what it is")
        }
        var stream = MaskStream(masker, finds: find, readsText: format != .terminal)
        try stream.run()
        if format.hasColumns, !masker.unmatchedRules.isEmpty {
            MaskStream.note("no column or key matched \(masker.unmatchedRules.joined(separator: ", "))")
        }
        if report { printReport(masker) }
        if !find, stream.hasRead, !appliesColumns(plan, masker) { throw Self.nothingApplied }
    }

    /// Whether some column rule met a column, or text, which has none, is masked by detectors instead.
    private func appliesColumns(_ plan: MaskPlan, _ masker: any MaskingFilter) -> Bool {
        guard !plan.columns.isEmpty else { return true }
        guard format.hasColumns else { return !plan.detectors.isEmpty }
        return masker.unmatchedRules.count < plan.columns.reduce(0) { $0 + max(1, $1.paths.count) }
    }

    private var detectedNames: [String] {
        detect?.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        } ?? []
    }

    private func readPlan() throws -> (plan: MaskPlan, definitions: CustomDetection) {
        guard let rules else { return (MaskPlan(detect: detectedNames), .none) }
        let file = try MaskFile.load(path: rules)
        return (file.plan, file.detection)
    }

    private func readKey(_ plan: MaskPlan) throws -> [UInt8]? {
        guard try DocumentPlan.needsKey(plan) else { return nil }
        guard let path = try key ?? config.map({ try Configuration.load(path: $0).state.maskingKey }) else {
            throw CommandFailure(
                "the styles hash, tokenize and shift need a key: give --key FILE, or --config for the installation's own"
            )
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("\(path) cannot be read as a key: check that it exists and is readable")
        }
        guard data.count >= Self.minimumKeyBytes else {
            throw CommandFailure(
                "\(path) is too short for a key: it has \(data.count) bytes of at least \(Self.minimumKeyBytes); make one by "
                    + "`head -c \(Self.minimumKeyBytes) /dev/urandom > \(path)`")
        }
        return [UInt8](data)
    }

    private func printReport(_ masker: any MaskingFilter) {
        let rows = masker.counts.map { [$0.name, String($0.count)] }
        let table = TextTable(columns: ["ENTITY", "COUNT"], rows: rows)
        FileHandle.standardError.write(Data((table.text + "\n").utf8))
    }
}
