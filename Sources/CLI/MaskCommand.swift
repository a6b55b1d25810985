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
            0 to 1.
            """)

    @Option(help: "A file with a `mask` list.") var rules: String?
    @Option(help: "In its place: entities to redact, such as email,credit_card, or all.") var detect: String?
    @Option(help: "text, json, ndjson (server-sent events too), csv or form.") var format: DocumentFormat = .text
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
        let plan = try readPlan()
        if find, plan.detectors.isEmpty { throw CommandFailure("--find needs detectors, and the rules have none") }
        let masker = DocumentMasker(
            format, plan: try DocumentPlan(plan, key: find ? [] : try readKey(plan)), finds: find)
        if format == .text, !find, !plan.columns.isEmpty {
            MaskStream.note("rules of columns do nothing in text, which has none: --format tells what it is")
        }
        var stream = MaskStream(masker, finds: find)
        try stream.run()
        if report { printReport(masker) }
    }

    private var detectedNames: [String] {
        detect?.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        } ?? []
    }

    private func readPlan() throws -> MaskPlan {
        if let rules { return try MaskPlan.load(path: rules) }
        var mask = DetectorMask()
        mask.entities = detectedNames
        mask.style = .redact
        var plan = MaskPlan()
        plan.detectors = [mask]
        return plan
    }

    private func readKey(_ plan: MaskPlan) throws -> [UInt8]? {
        guard try DocumentPlan.needsKey(plan) else { return nil }
        guard let path = try key ?? config.map({ try Configuration.load(path: $0).state.maskingKey }) else {
            throw CommandFailure(
                "the styles hash, tokenize and shift need a key: give --key FILE, or --config for the installation's own"
            )
        }
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
            throw CommandFailure("\(path) cannot be read as a key: check that it exists, is readable and not empty")
        }
        return [UInt8](data)
    }

    private func printReport(_ masker: DocumentMasker) {
        let rows = masker.counts.map { [$0.name, String($0.count)] }
        let table = TextTable(columns: ["ENTITY", "COUNT"], rows: rows)
        FileHandle.standardError.write(Data((table.text + "\n").utf8))
    }
}

extension DocumentFormat: ExpressibleByArgument {}
