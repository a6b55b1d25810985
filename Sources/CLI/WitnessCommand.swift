import ArgumentParser
import Configuration
import Dispatch
import Foundation
import PostgresRender
import Recording

/// `sluice witness`: gives what recorders signed to others, who can then prove that nothing was taken back.
struct WitnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness", abstract: "Give the recorders' signed checkpoints to witnesses elsewhere.",
        discussion: """
            A checkpoint says how far a recorder has recorded and what that hashes to; it holds no recorded data. Whoever keeps one \
            finds out with `sluice verify --checkpoint` when an older copy of everything is put back. --keep copies into a \
            folder, which should be on another host's disk; --post sends to a URL; --timestamp has an RFC 3161 authority confirm \
            that the kept copy was there. Exit 1 when one of these did not take a checkpoint.
            """)

    @OptionGroup var config: ConfigOption
    @Option(help: "A folder of recordings, by default the configuration's.") var recordings: String?
    @Option(
        name: .customLong("public-key"), parsing: .singleValue,
        help:
            "A PEM file with the key that must have signed, by default the configuration's; may be given more than once."
    )
    var publicKeys: [String] = []
    @Option(help: "A folder for copies, named REPLICA-BLOCK.checkpoint. Nothing in it is replaced.") var keep: String?
    @Option(help: "An https:// address that takes the text of each by POST and answers 2xx.") var post: String?
    @Option(help: "The address of an RFC 3161 authority; its answers are kept beside the copies, as .tsr.")
    var timestamp: String?
    @Option(help: "A PEM file with the authorities that may have issued the certificate of --timestamp's signer.")
    var authority: String?
    @Option(help: "A PEM file with authorities for TLS, instead of the system's.") var ca: String?
    @Option(help: "Go on until SIGTERM or Ctrl-C, and look for new checkpoints this often, such as 60s.") var every:
        Lifetime?

    func validate() throws {
        guard keep != nil || post != nil else { throw ValidationError("give at least one of --keep and --post") }
        guard timestamp == nil || (keep != nil && authority != nil) else {
            throw ValidationError("--timestamp needs --keep and --authority")
        }
        guard authority == nil || timestamp != nil else { throw ValidationError("--authority needs --timestamp") }
        guard post.map(PostAddress.isAcceptable) ?? true else {
            throw ValidationError("--post takes an https:// address, or an http:// one of this host")
        }
        guard timestamp.map(PostAddress.isWellFormed) ?? true else {
            throw ValidationError("--timestamp takes an https:// or http:// address")
        }
    }

    func run() throws {
        let witnesses = Witnesses(keep: keep, post: post, timestamp: timestamp, authority: authority, ca: ca)
        var taken: [String: [UInt8]] = [:]
        guard let every else {
            guard try round(witnesses, &taken) else { throw ExitCode(1) }
            return
        }
        let end = EndSignal()
        repeat {
            do {
                _ = try round(witnesses, &taken)
            } catch {
                Sluice.complain("\(error)")
            }
        } while !end.comes(within: every.seconds)
    }

    /// Gives what is new. False when one of them was not taken, which is said.
    ///
    /// - Parameter taken: the last note of each replica that every witness took.
    private func round(_ witnesses: Witnesses, _ taken: inout [String: [UInt8]]) throws -> Bool {
        // Anew each time: keys are rotated while this runs.
        let (folder, keys) = try source()
        let replicas = try RecordingArchive(recordings: folder).replicas()
        guard !replicas.isEmpty else { throw CommandFailure("\(folder): no recordings here") }
        var isTaken = true
        for replica in replicas {
            do {
                let signed = try SignedCheckpoint(replica: replica, recordings: folder)
                guard taken[replica] != signed.note else { continue }
                try signed.check(signedBy: keys)
                try witnesses.give(signed)
                taken[replica] = signed.note
                write("\(replica): block \(signed.checkpoint.block) is witnessed\n")
            } catch {
                Sluice.complain("\(TerminalText.escape("\(replica): \(error)"))")
                isTaken = false
            }
        }
        return isTaken
    }

    private func source() throws -> (folder: String, keys: [VerificationKey]) {
        let trusted = try publicKeys.map(VerificationKey.init(file:))
        if let recordings, !trusted.isEmpty { return (recordings, trusted) }
        let state = try config.load().state
        guard trusted.isEmpty else { return (recordings ?? state.recordings, trusted) }
        let own = [try RecordingKey.load(state.recordingKey)] + (try RecordingKey.loadFormer(of: state.recordingKey))
        return (recordings ?? state.recordings, own.map(\.verification))
    }
}

/// Ends a wait when SIGTERM or SIGINT comes; from then on these do nothing else.
private final class EndSignal {
    private let semaphore = DispatchSemaphore(value: 0)
    private var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [semaphore] in semaphore.signal() }
            source.resume()
            sources.append(source)
        }
    }

    func comes(within seconds: TimeInterval) -> Bool {
        semaphore.wait(timeout: .now() + seconds) == .success
    }
}
