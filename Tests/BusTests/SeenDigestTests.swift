import Bus
import Contract
import Testing

/// What every stage has to have seen alike.
@Suite("What was seen")
struct SeenDigestTests {
    private func digest(_ text: String = "SELECT 1", _ change: (inout Judge) -> Void = { _ in }) -> [UInt8] {
        var judge = Judge()
        judge.principal.name = "reporting"
        judge.principal.groups = ["a", "b"]
        judge.principal.labels = ["team": "finance", "tier": "1"]
        judge.parameters = ["1", "2"]
        change(&judge)
        return SeenDigest.of(judge, text: Array(text.utf8))
    }

    @Test func isTheSameForTheSame() {
        for _ in 0..<20 { #expect(digest() == digest()) }
        #expect(digest().count == 32)
    }

    /// The same vector is in sdk/python/tests/test_parts.py.
    @Test func isWhatThePythonPackageComputes() {
        let text = digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(text == "ec32bbed9d00d14609227b0c1b0ec5a682be0a8d150266d9b70a76f0b6ccd306")
    }

    @Test func whatStagesAddDoesNotChangeIt() {
        #expect(digest { $0.facts.operations = ["read"] } == digest())
        #expect(digest { $0.hold.quorum = 2 } == digest())
    }

    @Test func anythingShownChangesIt() {
        let all: [[UInt8]] = [
            digest(), digest("SELECT 2"), digest(""),
            digest { $0.principal.name = "admin" },
            digest { $0.principal.groups = [] },
            digest { $0.principal.groups = ["b", "a"] },
            digest { $0.principal.groups = ["ab"] },
            digest { $0.principal.groups = ["a", "b", ""] },
            digest { $0.principal.labels = [:] },
            digest { $0.principal.labels["team"] = "sales" },
            digest { $0.principal.labels["more"] = "" },
            digest { $0.parameters = ["12"] },
            digest { $0.parameters = ["2", "1"] },
            digest { $0.parameters = [] },
            digest { $0.parameters = ["1", "2", ""] },
        ]
        #expect(Set(all).count == all.count)
    }
}
