import Contract
import Foundation
import Gateway
import SwiftProtobuf

/// What is recorded of commands and decisions, and when.
///
/// As a rule a command is recorded at once, while it is judged. Where the policy has less recorded of some commands, its text
/// waits for the decision that says how much: until then the recording has its digest.
extension PostgresSession {
    /// Whether the policy has less recorded of some of the session's commands.
    var mayRecordLess: Bool { leastRecording.mayBeLess(in: services.shared.policyEpoch) }

    /// Records a command that no stage is asked about.
    func record(_ command: CommandEntry) {
        entry = command
        add(.full)
    }

    /// Records a command that is to be judged, or that an earlier decision covers.
    func record(_ command: CommandEntry, _ memoised: Ruling?) {
        entry = command
        if let memoised {
            var decision = Self.decision(memoised, number: command.number)
            // As signed for an earlier command with this text: the decisions carry what stages noted about it, and where there
            // is no text, what is known of it.
            if memoised.isAnnotated || !memoised.recording.level.keepsTexts {
                decision.decisions = Self.signed(memoised)
            }
            add(memoised.recording, memoised: decision)
        } else if mayRecordLess {
            entry.record = append(.command(entry.undecided))
        } else {
            add(.full)
        }
    }

    private func add(_ choice: RecordingChoice, memoised: DecisionMade? = nil) {
        guard let received = entry.decided(choice, memoised: memoised) else { return }
        entry.record = append(.command(received))
    }

    /// The command was never decided, or is refused: it is recorded in full.
    func recordWhole(_ number: UInt64) {
        if entry.number == number { add(.full) }
    }

    /// The command ends without a decision.
    func recordUndecided(_ number: UInt64) {
        if entry.number == number, entry.choice == nil { add(.full) }
    }

    func recordDecision(_ ruling: Ruling, number: UInt64) {
        leastRecording.learn(ruling)
        if entry.number == number { add(ruling.recording) }
        var decision = Self.decision(ruling, number: number)
        decision.decisions = Self.signed(ruling)
        append(.decision(decision))
        for var event in ruling.events {
            event.command = number
            append(.stageEvent(event))
        }
    }

    static func decision(_ ruling: Ruling, number: UInt64) -> DecisionMade {
        var decision = DecisionMade()
        decision.command = number
        decision.verdict =
            switch ruling.outcome {
            case .allow: .allow
            case .hold: .hold
            case .refuse: .refuse
            }
        decision.rule = ruling.rule
        decision.stage = ruling.stage
        decision.policyEpoch = Data(ruling.epoch)
        decision.tables = ruling.tables
        if ruling.recording.level.keepsTexts { decision.reason = ruling.reason }
        if !ruling.recording.level.keepsData {
            decision.recording = ruling.recording.level
            decision.recordingRule = ruling.recording.rule
        }
        return decision
    }

    /// As they are recorded. Where texts are not, what is left of a decision is under no signature.
    static func signed(_ ruling: Ruling) -> [SignedDecision] {
        guard !ruling.recording.level.keepsTexts else { return ruling.signed }
        return ruling.signed.map { signed in
            var kept = SignedDecision()
            kept.stage = signed.stage
            do {
                let decision = try Decision(serializedBytes: signed.decision)
                kept.decision = try decision.withoutQuotations.serializedBytes()
            } catch {
                // Opened before, when it was verified: it can only be left out.
                kept.decision = Data()
            }
            return kept
        }
    }
}

extension Decision {
    /// Without what could quote the command. The names of what it uses are facts, and stay.
    var withoutQuotations: Decision {
        var decision = self
        decision.reason = ""
        decision.hint = ""
        if decision.hasFacts {
            decision.facts.opaqueReason = ""
            decision.facts.unlimitable = ""
            decision.facts.revealedTokens = []
            for path in [\CopyShape.delimiter, \.nullString, \.quote, \.escape] where decision.facts.hasCopy {
                decision.facts.copy[keyPath: path] = ""
            }
        }
        return decision
    }
}
