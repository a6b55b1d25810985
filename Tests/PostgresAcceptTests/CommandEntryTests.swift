import Bus
import Contract
import Foundation
import Gateway
@testable import PostgresAccept
import SwiftProtobuf
import Testing

/// When what of a command's text is recorded.
@Suite struct CommandEntryTests {
    private static let secret = "4111-1111"

    private func entry() -> CommandEntry {
        var principal = Principal()
        principal.name = "agent-1"
        let request = JudgeRequest(
            session: "s", principal: principal, principalKey: "agent-1", resource: "orders", protocolName: "postgres",
            purpose: .execution, digest: [1, 2], textDigest: [1], text: Array("SELECT '\(Self.secret)'".utf8))
        var parameter = Parameter()
        parameter.value = Data(Self.secret.utf8)
        return CommandEntry(
            request, number: 7, message: "Bind", statementName: "s1", portalName: "p1", parameters: [parameter])
    }

    private func choice(_ level: RecordingLevel, _ verdict: Verdict = .allow) throws -> RecordingChoice {
        try ruling(verdict) {
            $0.recording = level
            $0.recordingRule = "quiet"
        }.recording
    }

    private func bytes(_ record: CommandReceived?) throws -> Data {
        Data(try #require(record).serializedBytes() as [UInt8])
    }

    @Test func beforeItIsDecidedOnlyTheDigest() throws {
        let record = entry().undecided
        #expect(record.undecided && record.command == 7 && record.digest == Data([1, 2]) && record.message == "Bind")
        #expect(try bytes(record).range(of: Data(Self.secret.utf8)) == nil)
    }

    @Test(arguments: [RecordingLevel.metadata, .commands, .full])
    func asItIsDecided(_ level: RecordingLevel) throws {
        var entry = entry()
        let decided = entry.decided(try choice(level))
        let record = try #require(decided)
        #expect(!record.undecided && record.command == 7 && record.digest == Data([1, 2]))
        let hasSecret = try bytes(record).range(of: Data(Self.secret.utf8)) != nil
        #expect(hasSecret == level.keepsTexts)
        #expect(record.recording == (level == .full ? .unspecified : level))
        #expect(record.recordingRule == (level == .full ? "" : "quiet"))
        // Once.
        let again = entry.decided(try choice(level))
        #expect(again == nil)
    }

    @Test func aRefusalBringsTheTextAfterAll() throws {
        var entry = entry()
        _ = entry.decided(try choice(.metadata))
        let raised = entry.decided(.full)
        let whole = try #require(raised)
        #expect(whole.text.contains(Self.secret) && whole.parameters.count == 1 && whole.recording == .unspecified)
        let again = entry.decided(.full)
        #expect(again == nil)
    }

    @Test func whatRunsKeepsNoText() throws {
        var entry = entry()
        _ = entry.decided(try choice(.metadata))
        entry.settle()
        let raised = entry.decided(.full)
        #expect(entry.number == 7 && raised == nil)
        #expect(try bytes(entry.undecided).range(of: Data(Self.secret.utf8)) == nil)
    }

    @Test func bytesThatAreNoTextAreKept() throws {
        var received = CommandReceived()
        received.setText([0x53, 0xff])
        #expect(received.text.isEmpty && received.raw == Data([0x53, 0xff]))
    }

    @Test func theSessionLearnsWhatThePolicySays() throws {
        func known(_ least: RecordingLevel, _ epoch: [UInt8]) throws -> LeastRecording {
            LeastRecording(
                try ruling {
                    $0.leastRecording = least
                    $0.policyEpoch = Data(epoch)
                })
        }
        #expect(try !known(.unspecified, [1]).mayBeLess(in: [1]))
        #expect(try known(.commands, [1]).mayBeLess(in: [1]))
        // Another policy than the one that told.
        #expect(try known(.unspecified, [1]).mayBeLess(in: [2]))
        #expect(try !known(.unspecified, [1]).mayBeLess(in: []))
        var learning = try known(.unspecified, [1])
        learning.learn(try ruling { $0.policyEpoch = Data([2]) })
        #expect(!learning.mayBeLess(in: [2]))
    }

    @Test func decisionsWithoutTextsQuoteNothing() throws {
        let ruling = try ruling {
            $0.recording = .metadata
            $0.recordingRule = "quiet"
            $0.reason = "allowed, with \(Self.secret)"
        }
        let recorded = PostgresSession.decision(ruling, number: 3)
        #expect(recorded.reason.isEmpty && recorded.recording == .metadata && recorded.recordingRule == "quiet")
        #expect(recorded.rule == "the-rule" && recorded.verdict == .allow)
        var decision = Decision()
        decision.reason = Self.secret
        decision.hint = Self.secret
        decision.facts.operations = ["copy.in"]
        decision.facts.copy.table = "public.t"
        decision.facts.copy.nullString = Self.secret
        decision.facts.copy.delimiter = ";"
        decision.facts.unlimitable = Self.secret
        let kept = decision.withoutQuotations
        #expect(kept.facts.operations == ["copy.in"] && kept.facts.copy.table == "public.t")
        let bytes: [UInt8] = try kept.serializedBytes()
        #expect(Data(bytes).range(of: Data(Self.secret.utf8)) == nil && kept.facts.copy.delimiter.isEmpty)
    }
}
