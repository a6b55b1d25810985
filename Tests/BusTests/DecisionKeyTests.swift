@testable import Bus
import Contract
import Foundation
import Testing

@Suite("Decision keys")
struct DecisionKeyTests {
    let classifier: DecisionKey
    let custom: DecisionKey
    let keyring: DecisionKeyring
    let binding = DecisionKeyring.Binding(
        session: "s1", sequence: 7, digest: Array(0..<32), identity: "reporting", resource: "orders",
        purpose: .execution,
        seen: Array(repeating: 8, count: 32))

    init() throws {
        classifier = try DecisionKey(bytes: Array(repeating: 1, count: 32))
        custom = try DecisionKey(bytes: Array(repeating: 2, count: 32))
        keyring = DecisionKeyring(["classifier": classifier, "custom": custom])
    }

    private func decision(_ stage: String = "classifier", _ change: (inout Decision) -> Void = { _ in }) -> Decision {
        var decision = Decision()
        decision.stage = stage
        decision.session = binding.session
        decision.sequence = binding.sequence
        decision.digest = Data(binding.digest)
        decision.identity = binding.identity
        decision.resource = binding.resource
        decision.purpose = binding.purpose
        decision.seen = Data(binding.seen)
        decision.verdict = .allow
        change(&decision)
        return decision
    }

    @Test(arguments: [0, 1, 31, 33, 64]) func keysOfAnotherSizeAreRefused(size: Int) {
        #expect(failureCode { _ = try DecisionKey(bytes: Array(repeating: 1, count: size)) } == .environment)
    }

    @Test func keyFiles() throws {
        let bus = try TemporaryBus()
        let path = bus.directory + "/key"
        #expect(failureCode { _ = try DecisionKey(path: path) } == .environment)
        try Data(repeating: 1, count: 32).write(to: URL(fileURLWithPath: path))
        let signed = try classifier.sign(decision())
        #expect(try DecisionKey(path: path).open(signed) == decision())
    }

    @Test func opensWhatItSigned() throws {
        let signed = try classifier.sign(decision())
        #expect(signed.stage == "classifier")
        #expect(signed.mac.count == 32)
        #expect(try keyring.open([signed], for: binding) == [decision()])
    }

    @Test func whatTheClassifierWasToldIsBound() throws {
        var told = binding
        told.context = Array(repeating: 9, count: 32)
        let knowing = try classifier.sign(decision { $0.context = Data(repeating: 9, count: 32) })
        let ignorant = try classifier.sign(decision())
        let other = try custom.sign(decision("custom"))
        #expect(try keyring.open([knowing, other], for: told).count == 2)
        #expect(failureCode { _ = try keyring.open([ignorant], for: told) } == .unauthentic)
        #expect(try keyring.open([ignorant], for: binding).count == 1)
    }

    @Test func everyChangedByteIsNoticed() throws {
        let signed = try classifier.sign(decision())
        for index in signed.decision.indices {
            for bit in 0..<8 {
                var changed = signed
                changed.decision[index] ^= 1 << bit
                #expect(failureCode { _ = try classifier.open(changed) } == .unauthentic, "byte \(index) bit \(bit)")
            }
        }
        for index in signed.mac.indices {
            var changed = signed
            changed.mac[index] ^= 0x80
            #expect(failureCode { _ = try classifier.open(changed) } == .unauthentic, "MAC byte \(index)")
        }
    }

    @Test func cutAndExtendedDecisionsAreNoticed() throws {
        let signed = try classifier.sign(decision())
        for count in 0..<signed.mac.count {
            var cut = signed
            cut.mac = signed.mac.prefix(count)
            #expect(failureCode { _ = try classifier.open(cut) } == .unauthentic)
        }
        var longer = signed
        longer.mac.append(0)
        #expect(failureCode { _ = try classifier.open(longer) } == .unauthentic)
        longer = signed
        // Appended fields would win over the signed ones: verdict allow.
        longer.decision.append(contentsOf: [0x38, 1])
        #expect(failureCode { _ = try classifier.open(longer) } == .unauthentic)
    }

    @Test func anotherStagesKeyDoesNotCount() throws {
        var signed = try custom.sign(decision("classifier"))
        #expect(failureCode { _ = try keyring.open([signed], for: binding) } == .unauthentic)
        // In the own name outside, in the other's inside.
        signed.stage = "custom"
        #expect(failureCode { _ = try keyring.open([signed], for: binding) } == .unauthentic)
        var renamed = try classifier.sign(decision())
        renamed.stage = "custom"
        #expect(failureCode { _ = try keyring.open([renamed], for: binding) } == .unauthentic)
    }

    @Test func unknownStagesDoNotCount() throws {
        let signed = try custom.sign(decision("stranger"))
        #expect(failureCode { _ = try keyring.open([signed], for: binding) } == .unauthentic)
        #expect(failureCode { _ = try DecisionKeyring([:]).open([signed], for: binding) } == .unauthentic)
    }

    @Test func decisionsForAnythingElseDoNotCount() throws {
        let changes: [(String, (inout Decision) -> Void)] = [
            ("session", { $0.session = "s2" }),
            ("no session", { $0.session = "" }),
            ("sequence", { $0.sequence = 8 }),
            ("digest", { $0.digest[31] ^= 1 }),
            ("shorter digest", { $0.digest.removeLast() }),
            ("no digest", { $0.digest = Data() }),
            ("identity", { $0.identity = "admin" }),
            ("resource", { $0.resource = "payroll" }),
            ("purpose", { $0.purpose = .statement }),
            ("no purpose", { $0.purpose = .unspecified }),
            ("what was seen", { $0.seen[0] ^= 1 }),
            ("nothing seen", { $0.seen = Data() }),
        ]
        let good = try custom.sign(decision("custom"))
        for (what, change) in changes {
            let bad = try classifier.sign(decision("classifier", change))
            #expect(failureCode { _ = try keyring.open([bad], for: binding) } == .unauthentic, "\(what)")
            #expect(
                failureCode { _ = try keyring.open([good, bad], for: binding) } == .unauthentic, "\(what) among others")
        }
        #expect(try keyring.open([good], for: binding).count == 1)
    }

    @Test func authenticGarbageIsMalformed() throws {
        // A key's owner that signs what is no decision: its MAC is right, so decoding has to notice.
        var signed = try classifier.sign(Decision())
        #expect(signed.decision.isEmpty)
        #expect(try classifier.open(signed) == Decision())
        signed.stage = "classifier"
        #expect(failureCode { _ = try classifier.open(signed) } == .unauthentic)
    }
}
