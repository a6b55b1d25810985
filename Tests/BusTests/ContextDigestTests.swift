import Bus
import Contract
import Foundation
import Testing

/// What a classifier has to have been told.
@Suite("Context")
struct ContextDigestTests {
    private func judge(_ change: (inout Judge) -> Void = { _ in }) -> Judge {
        var judge = Judge()
        judge.catalog = Data("abc".utf8)
        judge.estimate.rows = 1200
        judge.excess.rows = 11
        judge.excess.maxRows = 10
        change(&judge)
        return judge
    }

    @Test(arguments: [
        (true, "72ca6a4614bb7ad1e16e266ce26c8e4c6fb7bbaeebdf6fcb5126e0f7c50afe7c"),
        (false, "0d9631da5d3b9f5b766881f336d1a0ca1c432829673e0ef20263a2c353558fee"),
    ])
    func isWhatTheDocumentationSays(_ full: Bool, _ expected: String) {
        let digest = ContextDigest.of(full ? judge() : Judge())
        #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test func theRestOfTheQuestionDoesNotChangeIt() {
        let changed = judge {
            $0.principal.name = "admin"
            $0.facts.operations = ["read"]
            $0.parameters = ["1"]
        }
        #expect(ContextDigest.of(changed) == ContextDigest.of(judge()))
    }

    @Test func anythingToldChangesIt() {
        let all: [[UInt8]] = [
            judge(), judge { $0.catalog = Data("abd".utf8) }, judge { $0.catalog = Data() },
            judge { $0.estimate.rows = 0 }, judge { $0.estimate.failed = true }, judge { $0.clearEstimate() },
            judge { $0.excess.rows = 12 }, judge { $0.excess.maxRows = 11 }, judge { $0.clearExcess() },
            judge {
                $0.clearEstimate()
                $0.clearExcess()
            },
        ].map { ContextDigest.of($0) }
        #expect(Set(all).count == all.count)
    }
}
