import ArgumentParser
import Bus
import Configuration
import Foundation
import Identity
import Supervisor

/// Keys of the installation: made before its first start, shown and rotated while it runs.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, show and rotate the installation's keys.",
        subcommands: [MakeCommand.self, ShowCommand.self, RotateCommand.self, RecordingKeyCommand.self])

    /// Stages that may have links to other hosts: Sluice's own.
    static func linkStages(_ configuration: Configuration) -> [String] {
        configuration.stages.startOrder.filter { $0.custom == nil }.map(\.name).sorted()
    }

    struct MakeCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "make", abstract: "Make directories and every key that is missing.",
            discussion:
                "Keeps what is there. Copy keys/bus to other hosts: every public key, and the secret keys of the "
                + "stages that run there.")

        @OptionGroup var config: ConfigOption
        @Option(help: "A folder to make them in, instead of the configuration's `state`: for another machine.")
        var state: String?

        func run() throws {
            let configuration = try config.load()
            let place = state.map(StateDirectory.elsewhere) ?? configuration.state
            try Preparation.prepare(configuration, in: place)
            let folder = LinkKeyFolder(path: place.linkKeys)
            for stage in KeysCommand.linkStages(configuration) {
                if try folder.make(stage: stage) { print("made the link key of \(stage)") }
            }
            print("keys are in \(place.keys)")
        }
    }

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the public keys of links between hosts.")

        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format = OutputFormat.table

        private struct Row: Encodable {
            let stage: String
            let publicKey: String
            let fingerprint: String
            let made: Date
            let secretHere: Bool
            let previous: String?
        }

        func run() throws {
            let configuration = try config.load()
            let folder = LinkKeyFolder(path: configuration.state.linkKeys)
            var rows: [Row] = []
            for stage in KeysCommand.linkStages(configuration) {
                guard let key = try folder.describe(stage: stage) else { continue }
                rows.append(
                    Row(
                        stage: stage, publicKey: key.publicKey, fingerprint: Self.fingerprint(key.publicKey),
                        made: key.made, secretHere: key.hasSecret, previous: key.previous.map(Self.fingerprint)))
            }
            switch format {
            case .json: try printJSON(rows)
            case .table:
                TextTable(
                    columns: ["STAGE", "PUBLIC KEY", "FINGERPRINT", "AGE", "SECRET", "PREVIOUS"],
                    rows: rows.map {
                        [
                            $0.stage, $0.publicKey, $0.fingerprint, Self.age($0.made),
                            $0.secretHere ? "here" : "elsewhere",
                            $0.previous ?? "-",
                        ]
                    }
                ).print()
            }
        }

        /// The first 8 bytes of the SHA-256 of the key's text.
        private static func fingerprint(_ key: String) -> String {
            String(SHA256Digest(of: Array(key.utf8)).hex.prefix(16))
        }

        private static func age(_ date: Date) -> String {
            let seconds = Int(max(0, Date().timeIntervalSince(date)))
            if seconds < 120 { return "\(seconds)s" }
            if seconds < 7200 { return "\(seconds / 60)m" }
            return seconds < 172_800 ? "\(seconds / 3600)h" : "\(seconds / 86_400)d"
        }
    }

    struct RotateCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Give stages new keys for links between hosts, without a restart.",
            discussion: "Without names: every stage whose secret key is here. The former public key is admitted for 24 "
                + "hours. Processes on this host notice within a second. Copy the public keys first to hosts where the "
                + "stage does not run, then its secret key to those where it does.")

        @OptionGroup var config: ConfigOption
        @Argument(help: "Stages.") var stages: [String] = []

        func run() throws {
            let configuration = try config.load()
            let known = KeysCommand.linkStages(configuration)
            for stage in stages where !known.contains(stage) {
                throw CommandFailure("no stage “\(stage)” with a link key: \(known.joined(separator: ", "))")
            }
            let folder = LinkKeyFolder(path: configuration.state.linkKeys)
            for stage in stages.isEmpty ? known : stages {
                let isHere = try folder.describe(stage: stage)?.hasSecret ?? false
                guard isHere || !stages.isEmpty else { continue }
                guard isHere else { throw CommandFailure("no secret key of \(stage) here: rotate it where it is") }
                try folder.rotate(stage: stage)
                print("\(stage) has a new link key")
            }
        }
    }
}
