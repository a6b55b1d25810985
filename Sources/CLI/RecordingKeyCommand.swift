import ArgumentParser
import Configuration
import Recording

/// `sluice keys recording`: what recordings are verified with elsewhere.
struct RecordingKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recording", abstract: "Print the public key that signs recordings, or rotate the key.",
        discussion: """
            With --rotate the key that was in use goes to recording.key.former beside the new one. A recorder uses the new key from \
            its next start on (`sluice restart recorder`): the former key seals what it signed and names the new one. Who has only \
            the former public key can therefore go on to verify.
            """)

    @OptionGroup var config: ConfigOption
    @Flag(help: "Make a new key first.") var rotate = false

    func run() throws {
        let path = try config.load().state.recordingKey
        let key = rotate ? try RecordingKey.rotate(path) : try RecordingKey.load(path)
        print(try key.verification.pem(), terminator: "")
    }
}
