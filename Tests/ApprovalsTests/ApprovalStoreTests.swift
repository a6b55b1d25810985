import Contract
import Foundation
import Testing

@testable import Approvals

let now = Date(timeIntervalSince1970: 1_800_000_000)
let dba = Reviewer(name: "dana", groups: ["dba", "leads"])
let dba2 = Reviewer(name: "dirk", groups: ["dba"])

/// A store in a temporary directory of its own, removed at the end.
final class Fixture {
    let directory: String
    var path: String { directory + "/approvals.sqlite" }

    init() { directory = NSTemporaryDirectory() + "sluice-approvals-" + UUID().uuidString }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func open() throws -> ApprovalStore { try ApprovalStore(path: path) }
}

func submission(
    sequence: UInt64 = 1, session: String = "s1", digest: UInt8 = 7, command: String = "DELETE FROM orders",
    groups: [String] = ["dba", "leads"], identities: [String] = [], quorum: UInt32 = 1, seconds: UInt64 = 900
) -> HoldSubmission {
    var hold = Hold()
    hold.approverGroups = groups
    hold.approverIdentities = identities
    hold.quorum = quorum
    hold.expiresSeconds = seconds
    return HoldSubmission(
        session: session, sequence: sequence, digest: [UInt8](repeating: digest, count: 32), identity: "agent-1",
        groups: ["ai-agents"], resource: "orders", command: Array(command.utf8), parameters: ["42"],
        operations: ["write"], rule: "destructive", hold: hold, replyTo: "ipc:///run/ingress")
}

func reviewCode(_ body: () throws -> Void) -> ReviewError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ReviewError)?.code
    }
}

func approvalCode(_ body: () throws -> Void) -> ApprovalError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ApprovalError)?.code
    }
}

@Suite struct SubmissionTests {
    @Test func keepsEverythingAndSurvivesARestart() throws {
        let fixture = Fixture()
        let command = String(repeating: "-- long\n", count: 50_000) + "DROP TABLE \u{1B}[2J x"
        let made = try fixture.open().submit(submission(command: command, quorum: 2), now: now)
        #expect(made.id.utf8.count == RequestID.length && made.status == .pending)
        #expect(made.command == Array(command.utf8) && made.digest == [UInt8](repeating: 7, count: 32))
        #expect(made.expiresAt == now + 900 && made.parameters == ["42"] && made.quorum == 2)

        let reopened = try fixture.open()
        #expect(try reopened.openRequests() == [made])
        #expect(
            try reopened.review(id: made.id, reviewer: dba, approved: true, comment: "", now: now).status == .pending)
        let again = try fixture.open()
        #expect(try again.openRequests().first?.reviews.map(\.reviewer) == ["dana"])
        #expect(
            try again.review(id: made.id, reviewer: dba2, approved: true, comment: "", now: now).status == .approved)
        #expect(try again.openRequests().map(\.status) == [.approved])
    }

    @Test func aResentMessageIsTheSameRequest() throws {
        let store = try Fixture().open()
        let first = try store.submit(submission(), now: now)
        #expect(try store.submit(submission(), now: now + 60) == first)
        var moved = submission()
        moved.replyTo = "ipc:///run/other"
        let second = try store.submit(moved, now: now)
        #expect(second.id == first.id && second.replyTo == moved.replyTo)
        #expect(try store.submit(submission(sequence: 2), now: now).id != first.id)
        #expect(try store.submit(submission(session: "s2"), now: now).id != first.id)
        #expect(try store.list().count == 3)
    }

    @Test func otherBytesUnderTheSameNumberAreRefused() throws {
        let store = try Fixture().open()
        let request = try store.submit(submission(), now: now)
        _ = try store.review(id: request.id, reviewer: dba, approved: true, comment: "", now: now)
        #expect(approvalCode { _ = try store.submit(submission(digest: 8), now: now) } == .conflict)
        var stolen = submission()
        stolen.identity = "agent-2"
        #expect(approvalCode { _ = try store.submit(stolen, now: now) } == .conflict)
        var moved = submission()
        moved.resource = "payroll"
        #expect(approvalCode { _ = try store.submit(moved, now: now) } == .conflict)
    }

    @Test func hostileSubmissionsAreRefused() throws {
        let store = try Fixture().open()
        var short = submission()
        short.digest = [1]
        var nameless = submission()
        nameless.identity = ""
        let cases = [
            short, nameless, submission(sequence: .max), submission(quorum: 0), submission(quorum: .max),
            submission(seconds: 0), submission(seconds: .max),
        ]
        for wrong in cases {
            #expect(approvalCode { _ = try store.submit(wrong, now: now) } == .invalid)
        }
        #expect(try store.list().isEmpty)
    }

    @Test func readsAMessageOfTheRequestLane() throws {
        var header = Header()
        header.session = "s9"
        header.sequence = 4
        header.replyTo = "ipc:///run/ingress"
        var judge = Judge()
        judge.digest = Data(repeating: 3, count: 32)
        judge.principal.name = "agent-1"
        judge.principal.groups = ["ai-agents"]
        judge.resource = "orders"
        judge.facts.operations = ["drop"]
        judge.hold.quorum = 1
        judge.hold.expiresSeconds = 60
        let request = try Fixture().open().submit(
            HoldSubmission(header: header, judge: judge, rule: "r", payload: Array("DROP TABLE t".utf8)), now: now)
        #expect(request.session == "s9" && request.sequence == 4 && request.operations == ["drop"])
        #expect(request.expiresAt == now + 60)
    }

    @Test func theFilesArePrivate() throws {
        let fixture = Fixture()
        let store = try fixture.open()
        _ = try store.submit(submission(), now: now)
        for file in try FileManager.default.contentsOfDirectory(atPath: fixture.directory) {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.directory + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
    }
}

@Suite struct LifecycleTests {
    @Test func anApprovalIsUsedOnceByItsOwnCommand() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(), now: now).id
        #expect(approvalCode { try store.markUsed(id: id, session: "s1", sequence: 1) } == .notApproved)
        _ = try store.review(id: id, reviewer: dba, approved: true, comment: "fine", now: now)
        #expect(approvalCode { try store.markUsed(id: id, session: "s2", sequence: 1) } == .notApproved)
        #expect(approvalCode { try store.markUsed(id: id, session: "s1", sequence: 2) } == .notApproved)
        #expect(try store.markUsed(id: id, session: "s1", sequence: 1).status == .used)
        #expect(try store.markUsed(id: id, session: "s1", sequence: 1).status == .used)
        #expect(try store.cancel(id: id, session: "s1", sequence: 1).status == .used)
        #expect(try store.submit(submission(), now: now).status == .used)
        #expect(try store.openRequests().isEmpty)
    }

    @Test func cancelledRequestsCannotBeApproved() throws {
        let store = try Fixture().open()
        let id = try store.submit(submission(), now: now).id
        #expect(approvalCode { try store.cancel(id: id, session: "s2", sequence: 1) } == .notApproved)
        #expect(approvalCode { try store.cancel(id: "0000000000", session: "s1", sequence: 1) } == .notFound)
        #expect(try store.cancel(id: id, session: "s1", sequence: 1).status == .cancelled)
        #expect(
            reviewCode { _ = try store.review(id: id, reviewer: dba, approved: true, comment: "", now: now) }
                == .alreadyDecided)
    }

    @Test func expiryEndsWhatNobodyDecidedOrUsed() throws {
        let store = try Fixture().open()
        let waiting = try store.submit(submission(seconds: 60), now: now).id
        let approved = try store.submit(submission(sequence: 2, seconds: 60), now: now).id
        let later = try store.submit(submission(sequence: 3, seconds: 6000), now: now).id
        _ = try store.review(id: approved, reviewer: dba, approved: true, comment: "", now: now)
        #expect(try store.expire(now: now + 59).isEmpty)
        #expect(try store.expire(now: now + 60).map(\.id) == [waiting])
        #expect(try store.expire(now: now + 60 + ApprovalStore.unusedApprovalGrace).map(\.id) == [approved])
        #expect(try store.openRequests().map(\.id) == [later])
        // A command that was released in time and reported late still counts as used; one never approved does not.
        #expect(try store.markUsed(id: approved, session: "s1", sequence: 2).status == .used)
        #expect(approvalCode { try store.markUsed(id: waiting, session: "s1", sequence: 1) } == .notApproved)
    }

    @Test func namesAreFoundByTheirBeginning() throws {
        let store = try Fixture().open()
        let request = try store.submit(submission(), now: now)
        #expect(try store.find(request.id) == request)
        #expect(try store.find(String(request.id.prefix(6)).uppercased()) == request)
        for wrong in ["", "ab", "%%%", "___", "zzzzzzzzzzzz", "a'b", "\u{e4}\u{e4}\u{e4}"] {
            #expect(approvalCode { _ = try store.find(wrong) } == .notFound, "\(wrong)")
        }
        #expect(RequestID.normalise("OIL") == "011")
    }

    @Test func anotherConnectionSeesReviewsByTheSerial() throws {
        let fixture = Fixture()
        let approver = try fixture.open()
        let terminal = try fixture.open()
        let first = try approver.submit(submission(), now: now)
        let second = try approver.submit(submission(sequence: 2), now: now)
        let seen = try approver.serial()
        #expect(try approver.changes(since: seen).isEmpty)
        _ = try terminal.review(id: second.id, reviewer: dba, approved: true, comment: "", now: now)
        _ = try terminal.review(id: first.id, reviewer: dba, approved: false, comment: "no", now: now)
        let changes = try approver.changes(since: seen)
        #expect(changes.map(\.id) == [second.id, first.id])
        #expect(changes.map(\.status) == [.approved, .denied])
        #expect(try approver.changes(since: seen, limit: 1).map(\.id) == [second.id])
        #expect(try changes.last?.serial == approver.serial())
    }

    @Test func manyConnectionsReviewAtOnceAndOneDecides() async throws {
        let fixture = Fixture()
        let path = fixture.path
        let id = try fixture.open().submit(submission(groups: [], quorum: 3), now: now).id
        let statuses = await withTaskGroup(of: String.self) { group in
            for index in 0..<8 {
                group.addTask {
                    do {
                        return try ApprovalStore(path: path).review(
                            id: id, reviewer: Reviewer(name: "r\(index)", groups: []), approved: true, comment: "",
                            now: now
                        ).status.rawValue
                    } catch {
                        return (error as? ReviewError)?.code.name ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == ["pending": 2, "approved": 1, "already_decided": 5])
        #expect(try fixture.open().find(id).reviews.count == 3)
    }

    @Test func listsByStatus() throws {
        let store = try Fixture().open()
        let first = try store.submit(submission(), now: now)
        let second = try store.submit(submission(sequence: 2), now: now + 1)
        #expect(try store.list().map(\.id) == [second.id, first.id])
        #expect(try store.list(limit: 1).map(\.id) == [second.id])
        _ = try store.review(id: first.id, reviewer: dba, approved: false, comment: "no", now: now)
        #expect(try store.list(status: .denied).map(\.id) == [first.id])
        #expect(try store.pending(for: dba, now: now).map(\.id) == [second.id])
        #expect(try store.pending(for: Reviewer(name: "agent-1", groups: ["dba"]), now: now).isEmpty)
    }
}
