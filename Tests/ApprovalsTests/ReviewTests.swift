import Contract
import Foundation
import Testing

@testable import Approvals

@Suite struct ReviewTests {
    @Test func oneApprovalSufficesForAQuorumOfOne() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(), now: now).id
        let approved = try store.review(id: id, reviewer: dba, approved: true, comment: " looks right ", now: now + 5)
        #expect(approved.status == .approved)
        #expect(approved.reviews == [HoldReview(reviewer: "dana", approved: true, comment: "looks right", at: now + 5)])
        #expect(approved.reviews.first?.message.atMs == 1_800_000_005_000)
    }

    @Test func nobodyReviewsTheirOwnRequest() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(groups: [], identities: []), now: now).id
        let named = try store.submit(submission(sequence: 2, identities: ["agent-1"]), now: now).id
        let requester = Reviewer(name: "agent-1", groups: ["dba"])
        for request in [id, named] {
            for approved in [true, false] {
                let code = reviewCode {
                    _ = try store.review(id: request, reviewer: requester, approved: approved, comment: "x", now: now)
                }
                #expect(code == .ownRequest)
            }
        }
        #expect(
            try store.review(id: id, reviewer: Reviewer(name: "x", groups: []), approved: true, comment: "", now: now)
                .status == .approved)
    }

    @Test func onlyApproversReview() throws {
        let store = try Fixture().open()
        let byGroup = try store.submit(submission(groups: ["dba"]), now: now).id
        let byName = try store.submit(submission(sequence: 2, groups: [], identities: ["erin"]), now: now).id
        let stranger = Reviewer(name: "mallory", groups: ["dba2", "DBA", ""])
        for id in [byGroup, byName] {
            #expect(
                reviewCode { _ = try store.review(id: id, reviewer: stranger, approved: true, comment: "", now: now) }
                    == .notAnApprover)
        }
        #expect(
            reviewCode { _ = try store.review(id: byName, reviewer: dba, approved: true, comment: "", now: now) }
                == .notAnApprover)
        let erin = Reviewer(name: "erin", groups: [])
        #expect(try store.review(id: byName, reviewer: erin, approved: true, comment: "", now: now).status == .approved)
        #expect(
            try store.review(id: byGroup, reviewer: .operator, approved: true, comment: "", now: now).reviews.map(
                \.reviewer) == ["operator"])
        // The name alone does not make an operator.
        let other = try store.submit(submission(sequence: 3), now: now).id
        let pretender = Reviewer(name: "operator", groups: [])
        #expect(
            reviewCode { _ = try store.review(id: other, reviewer: pretender, approved: true, comment: "", now: now) }
                == .notAnApprover)
    }

    @Test func aReviewerInTwoGroupsCountsOnce() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(groups: ["dba", "leads"], identities: ["dana"], quorum: 2), now: now).id
        #expect(try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now).status == .pending)
        let again = Reviewer(name: "dana", groups: ["leads"])
        #expect(
            reviewCode { _ = try store.review(id: id, reviewer: again, approved: true, comment: "", now: now) }
                == .alreadyReviewed)
        #expect(try store.find(id).status == .pending)
        #expect(try store.pending(for: dba, now: now).isEmpty)
        #expect(try store.review(id: id, reviewer: dba2, approved: true, comment: "", now: now).status == .approved)
    }

    @Test func oneDenialDeniesAndNeedsAReason() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(quorum: 3), now: now).id
        _ = try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now)
        for reason in ["", " \n\t"] {
            #expect(
                reviewCode { _ = try store.review(id: id, reviewer: dba2, approved: false, comment: reason, now: now) }
                    == .reasonRequired)
        }
        #expect(try store.review(id: id, reviewer: dba2, approved: false, comment: "no", now: now).status == .denied)
        #expect(
            reviewCode { _ = try store.review(id: id, reviewer: .operator, approved: true, comment: "", now: now) }
                == .alreadyDecided)
        #expect(try store.find(id).reviews.count == 2)
    }

    @Test func aDecisionIsFinal() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(), now: now).id
        _ = try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now)
        for approved in [true, false] {
            #expect(
                reviewCode { _ = try store.review(id: id, reviewer: dba2, approved: approved, comment: "x", now: now) }
                    == .alreadyDecided)
        }
        #expect(try store.find(id).status == .approved)
    }

    @Test func anExpiredRequestCannotBeReviewedEvenBeforeTheSweep() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(seconds: 60), now: now).id
        for _ in 0..<2 {
            #expect(
                reviewCode { _ = try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now + 60) }
                    == .expired)
        }
        // The finding itself is durable, and a clock set back does not undo it.
        #expect(try store.find(id).status == .expired)
        #expect(
            reviewCode { _ = try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now) }
                == .expired)
    }

    @Test func unknownRequestsAndLongCommentsAreRefused() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(), now: now).id
        for wrong in ["", "nothing", String(id.dropLast()), "' OR 1=1 --"] {
            #expect(
                reviewCode { _ = try store.review(id: wrong, reviewer: dba, approved: true, comment: "", now: now) }
                    == .notFound)
        }
        let long = String(repeating: "x", count: 4097)
        #expect(
            reviewCode { _ = try store.review(id: id, reviewer: dba, approved: true, comment: long, now: now) }
                == .commentTooLong)
    }
}

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("SELECT 'é', 1\n  FROM t", "SELECT 'é', 1\n  FROM t"),
        ("DROP\u{1B}[2K\rSELECT 1", "DROP\\u{1b}[2K\\u{d}SELECT 1"),
        ("a\tb\u{8}c\u{7f}", "a\\tb\\u{8}c\\u{7f}"),
        ("\u{202E}evil\u{2066}\u{200B}\u{FEFF}", "\\u{202e}evil\\u{2066}\\u{200b}\\u{feff}"),
        ("a\u{9B}b\u{2028}c\u{A0}d", "a\\u{9b}b\\u{2028}c\\u{a0}d"),
        ("", ""),
    ])
    func hidesNothing(_ raw: String, _ shown: String) {
        #expect(VisibleText.escape(Array(raw.utf8)) == shown)
    }

    @Test func invalidBytesShow() {
        #expect(VisibleText.escape([0x61, 0xFF, 0x62, 0xC3]) == "a\\xffb\\xc3")
        #expect(VisibleText.escape([0xE2, 0x82, 0x41]) == "\\xe2\\x82A")
        #expect(VisibleText.escape([UInt8](repeating: 0xFF, count: 20_000)).utf8.count == 80_000)
        #expect(VisibleText.line("a\nb") == "a\\nb")
    }
}
