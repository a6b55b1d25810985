import Contract
import Foundation
import Gateway
import NIOCore
import PostgresWire

/// A command as it is recorded, and how much of it the recording has. Its text is kept only while that may have to be recorded
/// later.
struct CommandEntry {
    private var complete: CommandReceived
    /// nil: not known yet how much may be recorded.
    private(set) var choice: RecordingChoice?
    /// The last record that has it.
    var record: UInt64 = 0

    var number: UInt64 { complete.command }

    /// Of nothing that can be recorded.
    init() {
        complete = CommandReceived()
        choice = .full
    }

    init(
        _ request: JudgeRequest, number: UInt64, message: String, statementName: String, portalName: String,
        parameters: [Parameter]
    ) {
        var command = CommandReceived()
        command.command = number
        command.message = message
        command.digest = Data(request.digest)
        command.parameters = parameters
        command.statementName = statementName
        command.portalName = portalName
        command.setText(request.text)
        complete = command
    }

    /// A message that no stage is asked about.
    init(unjudged frame: Frame, number: UInt64, message: String, _ describe: (inout CommandReceived) -> Void) {
        let bytes = [UInt8](frame.bytes.readableBytesView)
        var command = CommandReceived()
        command.command = number
        command.message = message
        command.digest = Data(PostgresSession.digest(bytes))
        describe(&command)
        complete = command
    }

    /// Without what may not be recorded, or not yet.
    var undecided: CommandReceived {
        var command = complete.withoutTexts
        command.undecided = true
        return command
    }

    /// Its record as `choice` has it; nil when as much of it is recorded already.
    mutating func decided(_ choice: RecordingChoice, memoised: DecisionMade? = nil) -> CommandReceived? {
        if let former = self.choice, former.level.keepsTexts || !choice.level.keepsTexts { return nil }
        self.choice = choice
        var command = choice.level.keepsTexts ? complete : complete.withoutTexts
        if choice.level.keepsTexts { complete = complete.withoutTexts }
        if !choice.level.keepsData {
            command.recording = choice.level
            command.recordingRule = choice.rule
        }
        if let memoised { command.memoised = memoised }
        return command
    }

    /// It runs, whatever comes: its text will not have to be recorded any more.
    mutating func settle() {
        choice = .full
        complete = complete.withoutTexts
    }
}

extension CommandReceived {
    /// Bytes that are no UTF-8 are kept as they are.
    mutating func setText(_ bytes: [UInt8]) {
        if let text = String(validating: bytes, as: UTF8.self) {
            self.text = text
        } else {
            raw = Data(bytes)
        }
    }

    fileprivate var withoutTexts: CommandReceived {
        var command = self
        command.text = ""
        command.raw = Data()
        command.parameters = []
        return command
    }
}

/// What a policy says about recording less for the session's identity, as far as its decisions told.
struct LeastRecording {
    private var epoch: [UInt8]
    private var level: RecordingLevel

    init(_ ruling: Ruling) {
        epoch = ruling.epoch
        level = ruling.leastRecording
    }

    mutating func learn(_ ruling: Ruling) { self = LeastRecording(ruling) }

    /// Whether a command's text must not be recorded before it is decided how much of it may be.
    /// - Parameter present: the policy in force, as far as it is known.
    func mayBeLess(in present: [UInt8]) -> Bool {
        !level.keepsData || !present.isEmpty && present != epoch
    }
}
