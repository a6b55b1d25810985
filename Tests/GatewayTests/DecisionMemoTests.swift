import Bus
import Contract
import Foundation
@testable import Gateway
import SwiftProtobuf
import Testing

@Suite("Memoised decisions")
struct DecisionMemoTests {
    let memo = DecisionMemo()
    let epoch: [UInt8] = [1]

    private func ruling(
        epoch: [UInt8] = [1], pure: Bool = true, rule: String = "r", bytes: Int = 0
    ) throws -> Ruling {
        let decision = decision("classifier", .allow) {
            $0.policyEpoch = Data(epoch)
            $0.pure = pure
            $0.rule = rule
        }
        let signed = SignedDecision.with { $0.decision = Data(count: bytes) }
        return try Ruling(decisions: [decision], signed: [signed], required: ["classifier"], approval: false)
    }

    private func key(_ digest: Int = 0, identity: String = "i", resource: String = "r") -> DecisionMemo.Key {
        DecisionMemo.Key(digest: Array("\(digest)".utf8), identity: identity, resource: resource)
    }

    @Test func keepsPureRulings() throws {
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
        memo.store(try ruling(), for: key(), epoch: epoch)
        let found = memo.ruling(for: key(), epoch: epoch)
        #expect(found?.rule == "r")
        #expect(found?.isMemoised == true)
    }

    @Test func onlyForTheSameTextActorAndResource() throws {
        memo.store(try ruling(), for: key(), epoch: epoch)
        #expect(memo.ruling(for: key(1), epoch: epoch) == nil)
        #expect(memo.ruling(for: key(identity: "other"), epoch: epoch) == nil)
        #expect(memo.ruling(for: key(resource: "other"), epoch: epoch) == nil)
    }

    @Test func impureRulingsAreNotKept() throws {
        memo.store(try ruling(pure: false), for: key(), epoch: epoch)
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
    }

    @Test func rulingsOfAnotherEpochAreNotKept() throws {
        memo.store(try ruling(epoch: [2]), for: key(), epoch: epoch)
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
        // Before ingress has seen the policy there is no epoch to go by.
        memo.store(try ruling(epoch: []), for: key(), epoch: [])
        #expect(memo.ruling(for: key(), epoch: []) == nil)
    }

    @Test func otherProcessesForgetEverything() throws {
        memo.renew(membership: 1)
        memo.store(try ruling(), for: key(), epoch: epoch)
        memo.renew(membership: 1)
        #expect(memo.ruling(for: key(), epoch: epoch) != nil)
        memo.renew(membership: 2)
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
    }

    @Test func largeRulingsAreNotKeptAndManyMiddlingOnesAreForgotten() throws {
        memo.store(try ruling(bytes: DecisionMemo.rulingBytes + 1), for: key(), epoch: epoch)
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
        let perGeneration = DecisionMemo.generationBytes / DecisionMemo.rulingBytes
        for index in 0..<(2 * perGeneration + 1) {
            memo.store(try ruling(bytes: DecisionMemo.rulingBytes), for: key(index), epoch: epoch)
        }
        #expect(memo.ruling(for: key(0), epoch: epoch) == nil)
        #expect(memo.ruling(for: key(2 * perGeneration), epoch: epoch) != nil)
    }

    @Test func aNewEpochForgetsEverything() throws {
        memo.store(try ruling(), for: key(), epoch: epoch)
        #expect(memo.ruling(for: key(), epoch: [2]) == nil)
        #expect(memo.ruling(for: key(), epoch: epoch) == nil)
    }

    @Test func memoryIsBoundedAndWhatIsUsedStays() throws {
        let kept = try ruling(rule: "kept")
        memo.store(kept, for: key(-1), epoch: epoch)
        let other = try ruling()
        for index in 0..<(DecisionMemo.generationSize * 5) {
            memo.store(other, for: key(index), epoch: epoch)
            if index % 100 == 0 { #expect(memo.ruling(for: key(-1), epoch: epoch)?.rule == "kept") }
        }
        #expect(memo.ruling(for: key(0), epoch: epoch) == nil)
        let known = (0..<(DecisionMemo.generationSize * 5)).count { memo.ruling(for: key($0), epoch: epoch) != nil }
        #expect(known <= DecisionMemo.generationSize * 2)
    }
}
