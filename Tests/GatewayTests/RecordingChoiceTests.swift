import Bus
import Contract
@testable import Gateway
import Testing

/// What is signed says how much is recorded, and only the policy can have less recorded.
@Suite struct RecordingChoiceTests {
    private func choice(_ decisions: Decision...) throws -> RecordingChoice {
        try Ruling(
            decisions: decisions, signed: [], required: decisions.map(\.stage), approval: false
        ).recording
    }

    private func classifier(_ level: RecordingLevel, _ verdict: Verdict = .allow) -> Decision {
        decision(StageName.classifier, verdict) {
            $0.recording = level
            $0.recordingRule = "quiet"
        }
    }

    @Test(arguments: [RecordingLevel.metadata, .commands])
    func thePolicySays(_ level: RecordingLevel) throws {
        let choice = try choice(classifier(level), decision("custom", .allow))
        #expect(choice.level == level && choice.rule == "quiet")
        let held = try self.choice(classifier(level, .hold), decision("custom", .allow))
        #expect(held.level == level)
    }

    @Test func otherStagesOnlyRaiseIt() throws {
        let levels: [RecordingLevel] = [.unspecified, .metadata, .commands, .full, .UNRECOGNIZED(9)]
        for policy in levels {
            for other in levels {
                let custom = decision("custom", .allow) { $0.recording = other }
                let level = try choice(classifier(policy), custom).level
                #expect(!level.isLess(than: policy), "\(policy) \(other)")
                if other != .unspecified { #expect(!level.isLess(than: other), "\(policy) \(other)") }
            }
        }
        let asked = decision("custom", .allow) { $0.recording = .full }
        #expect(try choice(classifier(.metadata), asked).rule == "stage custom")
    }

    @Test func whatIsRefusedOrNotUnderstoodIsRecordedInFull() throws {
        #expect(try choice(classifier(.metadata, .refuse)) == .full)
        #expect(try choice(classifier(.metadata), decision("custom", .refuse)) == .full)
        var opaque = classifier(.metadata)
        opaque.facts.opaque = true
        #expect(try choice(opaque) == .full)
    }

    @Test func whatIsLeastIsThePolicysAlone() throws {
        var custom = decision("custom", .allow)
        custom.leastRecording = .metadata
        let ruling = try Ruling(
            decisions: [decision(StageName.classifier, .allow), custom], signed: [], required: ["classifier"],
            approval: false)
        #expect(ruling.leastRecording == .full)
    }
}
