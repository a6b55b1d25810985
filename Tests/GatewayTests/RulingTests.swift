import Bus
import Contract
import Foundation
@testable import Gateway
import Testing

func decision(_ stage: String, _ verdict: Verdict, _ change: (inout Decision) -> Void = { _ in }) -> Decision {
    var decision = Decision()
    decision.stage = stage
    decision.verdict = verdict
    decision.rule = "\(stage)-rule"
    change(&decision)
    return decision
}

@Suite("Rulings")
struct RulingTests {
    private func rule(
        _ decisions: [Decision], required: [String] = ["classifier"], approval: Bool = true
    ) throws -> Ruling {
        try Ruling(decisions: decisions, signed: [], required: required, approval: approval)
    }

    private func fails(_ decisions: [Decision], required: [String] = ["classifier"], approval: Bool = true) -> Bool {
        do {
            _ = try rule(decisions, required: required, approval: approval)
            return false
        } catch {
            return error is BusError
        }
    }

    @Test func allowedByAll() throws {
        let ruling = try rule(
            [decision("classifier", .allow), decision("custom", .allow)], required: ["classifier", "custom"])
        #expect(ruling.outcome == .allow)
        #expect(ruling.rule == "classifier-rule")
        #expect(ruling.stage == "classifier")
        #expect(!ruling.isMemoised)
    }

    /// In whatever order they come, the strictest decides.
    @Test func theStrictestWins() throws {
        let verdicts: [Verdict] = [.allow, .hold, .refuse]
        let stages = ["classifier", "a", "b"]
        for first in verdicts {
            for second in verdicts {
                for third in verdicts {
                    let decisions = zip(stages, [first, second, third]).map { decision($0, $1) }
                    let ruling = try rule(decisions, required: stages, approval: false)
                    let strictest = [first, second, third].max { $0.rawValue < $1.rawValue }
                    let expected: Ruling.Outcome =
                        switch strictest {
                        case .refuse: .refuse
                        case .hold: .hold
                        default: .allow
                        }
                    #expect(ruling.outcome == expected, "\(first) \(second) \(third)")
                }
            }
        }
    }

    @Test func aCustomStageCannotLoosen() throws {
        let refused = try rule([
            decision("classifier", .refuse) { $0.reason = "no" }, decision("custom", .allow),
        ])
        #expect(refused.outcome == .refuse)
        #expect(refused.stage == "classifier")
        #expect(refused.reason == "no")
        // A hold is not lifted by anyone but the approver.
        #expect(
            fails([decision("classifier", .hold), decision("custom", .allow)], required: ["classifier", "custom"]))
        #expect(fails([decision("classifier", .hold)]))
    }

    @Test func theTightestLimitCounts() throws {
        func limited(_ stage: String, _ rows: UInt64) -> Decision {
            decision(stage, .allow) {
                $0.limits.maxRows = rows
                $0.limits.rule = "\(stage)-\(rows)"
            }
        }
        for (classifier, custom, rule) in [
            (0, 0, ""), (5, 0, "classifier-5"), (0, 5, "custom-5"), (5, 3, "custom-3"), (3, 5, "classifier-3"),
        ] as [(UInt64, UInt64, String)] {
            let ruling = try self.rule([limited("classifier", classifier), limited("custom", custom)])
            #expect(ruling.limits.rule == rule)
            #expect(ruling.limits.maxRows == [classifier, custom].filter { $0 > 0 }.min() ?? 0)
        }
        var lifted = limited("classifier", 5)
        lifted.limits.holds = true
        for decisions in [[lifted, limited("custom", 5)], [limited("custom", 5), lifted]] {
            #expect(try self.rule(decisions).limits.holds == false)
        }
    }

    /// A statement may be parsed before its rows are estimated; it does not run.
    @Test func anEstimateIsWantedBeforeAnythingRuns() throws {
        let undecided = decision("classifier", .refuse) { $0.wantsEstimate = true }
        let run = try rule([undecided])
        #expect(run.wantsEstimate && run.outcome == .refuse)
        let parse = try rule([undecided], approval: false)
        #expect(parse.wantsEstimate && parse.outcome == .hold)
        // Only the classifier asks.
        let custom = try rule(
            [decision("classifier", .allow), decision("custom", .refuse) { $0.wantsEstimate = true }], approval: false)
        #expect(!custom.wantsEstimate && custom.outcome == .refuse)
    }

    @Test func everyRequiredStageHasToDecide() throws {
        #expect(fails([]))
        #expect(fails([], required: []))
        #expect(fails([decision("custom", .allow)]))
        #expect(fails([decision("classifier", .allow)], required: ["classifier", "custom"]))
        #expect(
            fails(
                [decision("classifier", .allow), decision("classifier", .allow)], required: ["classifier", "custom"]))
        #expect(
            fails([decision("classifier", .hold), decision("approver", .allow)], required: ["classifier", "custom"]))
        // One refusal is enough, since the lane ends there.
        #expect(try rule([decision("classifier", .refuse)], required: ["classifier", "custom"]).outcome == .refuse)
    }

    @Test func verdictsOfALaterContractAreRefused() {
        for verdict in [Verdict.unspecified, .UNRECOGNIZED(4), .UNRECOGNIZED(-1)] {
            #expect(fails([decision("classifier", verdict)]))
            #expect(fails([decision("classifier", .allow), decision("custom", verdict)]))
            #expect(fails([decision("classifier", .refuse), decision("custom", verdict)]))
            #expect(fails([decision("classifier", .hold), decision("approver", verdict)]))
        }
    }

    @Test func anApprovedHoldIsAllowed() throws {
        var review = Review()
        review.reviewer = "alice"
        review.approved = true
        let ruling = try rule([
            decision("classifier", .hold) { $0.mask.allComputed = true },
            decision("approver", .allow) {
                $0.holdID = "req-1"
                $0.reviews = [review]
            },
        ])
        #expect(ruling.outcome == .allow)
        #expect(ruling.rule == "classifier-rule")
        #expect(ruling.stage == "approver")
        #expect(ruling.holdID == "req-1")
        #expect(ruling.reviews == [review])
        #expect(ruling.mask.allComputed)
    }

    /// What a hold asks for travels unsigned on its way to the approver, so the approver signs what it went by.
    @Test func anApprovalOnOtherTermsDoesNotCount() throws {
        func held(_ stage: String, quorum: UInt32) -> Decision { decision(stage, .hold) { $0.hold.quorum = quorum } }
        func approved(quorum: UInt32) -> Decision { decision("approver", .allow) { $0.hold.quorum = quorum } }
        #expect(try rule([held("classifier", quorum: 2), approved(quorum: 2)]).outcome == .allow)
        #expect(fails([held("classifier", quorum: 2), approved(quorum: 1)]))
        #expect(fails([held("classifier", quorum: 2), decision("approver", .allow)]))
        #expect(fails([held("classifier", quorum: 1), held("custom", quorum: 2), approved(quorum: 1)]))
        #expect(
            try rule([held("classifier", quorum: 2), held("custom", quorum: 2), approved(quorum: 2)]).outcome == .allow)
        // A refusal on any terms stays one.
        #expect(try rule([held("classifier", quorum: 2), decision("approver", .refuse)]).outcome == .refuse)
    }

    @Test func aDeniedHoldIsRefused() throws {
        let ruling = try rule([
            decision("classifier", .hold), decision("approver", .refuse) { $0.reason = "denied by alice" },
        ])
        #expect(ruling.outcome == .refuse)
        #expect(ruling.reason == "denied by alice")
        #expect(ruling.stage == "approver")
        // The last word of the approver counts.
        #expect(fails([decision("classifier", .hold), decision("approver", .allow), decision("approver", .hold)]))
    }

    @Test func withoutApprovalAHoldStaysOne() throws {
        let ruling = try rule([decision("classifier", .hold), decision("custom", .allow)], approval: false)
        #expect(ruling.outcome == .hold)
        #expect(ruling.rule == "classifier-rule")
    }

    @Test func masksAddUp() throws {
        func column(_ pattern: String) -> ColumnMask {
            var mask = ColumnMask()
            mask.pattern = pattern
            mask.style = .redact
            return mask
        }
        var detector = DetectorMask()
        detector.entities = ["email"]
        let ruling = try rule([
            decision("classifier", .allow) {
                $0.mask.columns = [column("*.email")]
                $0.mask.computedOutputs = [1]
            },
            decision("custom", .allow) {
                $0.mask.columns = [column("*.email"), column("*.name")]
                $0.mask.detectors = [detector]
                $0.mask.computedOutputs = [1, 2]
                $0.mask.allComputed = true
                $0.mask.outputs = [OutputMask()]
                $0.mask.allOutputs = true
            },
            decision("third", .allow),
        ])
        #expect(ruling.mask.columns.map(\.pattern) == ["*.email", "*.name"])
        #expect(ruling.mask.detectors == [detector])
        #expect(ruling.mask.computedOutputs == [1, 2])
        #expect(ruling.mask.allComputed)
        #expect(ruling.mask.outputs == [OutputMask()] && ruling.mask.allOutputs)
        #expect(!ruling.mask.isEmpty)
        let rules = ruling.mask.withoutOutputs
        #expect(rules.columns == ruling.mask.columns && rules.outputs.isEmpty && !rules.allOutputs)
        #expect(MaskPlan().isEmpty)
    }

    @Test func epochAndFactsAreTheClassifiers() throws {
        let ruling = try rule([
            decision("custom", .allow) { $0.policyEpoch = Data([9]) },
            decision("classifier", .allow) {
                $0.policyEpoch = Data([1, 2])
                $0.facts.operations = ["read"]
            },
        ])
        #expect(ruling.epoch == [1, 2])
        #expect(ruling.facts.operations == ["read"])
        #expect(try rule([decision("classifier", .allow)]).facts == Facts())
    }

    @Test func eventsCarryTheStageWhoseKeySignedThem() throws {
        let ruling = try rule([
            decision("classifier", .allow) { $0.pure = true },
            decision("custom", .allow) {
                $0.pure = true
                $0.emit("budget-low", ["left": "3"])
            },
        ])
        #expect(ruling.events.map(\.stage) == ["custom"])
        #expect(ruling.events.map(\.event.name) == ["budget-low"])
        #expect(ruling.events.map(\.command) == [0])
        #expect(!ruling.isPure)
        #expect(!ruling.isAnnotated)
    }

    @Test func annotationsStayWithTheDecision() throws {
        func annotated(by stage: String) -> Decision {
            decision("custom", .allow) {
                $0.pure = true
                $0.annotate("ticket", "OPS-1742")
                $0.annotations[0].stage = stage
            }
        }
        let classifier = decision("classifier", .allow) { $0.pure = true }
        let ruling = try rule([classifier, annotated(by: "custom")])
        #expect(ruling.isAnnotated && ruling.isPure)
        #expect(fails([classifier, annotated(by: "classifier")]))
        #expect(fails([classifier, annotated(by: "")]))
    }

    /// Even beside a refusal: nothing of such a decision counts.
    @Test func tooManyRemarksAreMalformed() throws {
        let noisy = decision("custom", .refuse) { decision in
            for _ in 0...RemarkBounds.events { decision.emit("again") }
        }
        #expect(fails([decision("classifier", .allow), noisy]))
        #expect(fails([decision("classifier", .allow) { $0.emit("n", ["k": String(repeating: "v", count: 1025)]) }]))
    }

    @Test func pureOnlyWhenAllAre() throws {
        let pure = decision("classifier", .allow) { $0.pure = true }
        #expect(try rule([pure]).isPure)
        #expect(!(try rule([pure, decision("custom", .allow)]).isPure))
    }
}
