import Contract
@testable import PostgresAccept
import PostgresWire
import Testing

@Suite("Refusals")
struct RefusalsTests {
    @Test func aPolicysRefusalSaysWhyAndWhatToDo() throws {
        let notice = Refusals.policy(
            try ruling(.refuse) {
                $0.reason = "deletes need a condition"
                $0.hint = "add WHERE"
            })
        #expect(notice.severity == .error)
        #expect(notice.sqlState == "42501")
        #expect(notice.message == "deletes need a condition")
        #expect(notice.hint == "add WHERE")
        let bare = Refusals.policy(try ruling(.refuse))
        #expect(bare.message == "refused by rule “the-rule”")
        #expect(bare.hint == nil)
    }

    @Test func whetherTheCommandRanIsSaid() {
        let unavailable = Refusals.unavailable("stage custom failed")
        #expect(unavailable.sqlState == "57P03")
        #expect(unavailable.message.contains("stage custom failed"))
        #expect(unavailable.hint?.contains("did not run") == true)
        let unmasked = Refusals.unmasked("stage masker did not answer in time")
        #expect(unmasked.sqlState == "57P03")
        #expect(unmasked.message.contains("masker"))
        #expect(unmasked.detail?.contains("ran") == true)
        #expect(Refusals.cancelled().sqlState == "57014")
        #expect(Refusals.cancelled().hint?.contains("did not run") == true)
    }

    @Test func codesAreThoseOfPostgreSQL() {
        #expect(Refusals.functionCall().sqlState == "0A000")
        #expect(Refusals.unknownStatement("s").sqlState == "26000")
        #expect(Refusals.unknownStatement("s").message.contains("“s”"))
        #expect(Refusals.unknownPortal("p").sqlState == "34000")
        #expect(Refusals.duplicateStatement("s").sqlState == "42P05")
    }

    @Test func aHoldIsANoticeWithItsRequest() {
        let notice = Refusals.held((id: "req-7", expiresInSeconds: 900))
        #expect(notice.severity == .notice)
        #expect(notice.message == "held for approval: request req-7, waiting up to 15m")
        #expect(notice.hint?.contains("sluice approvals approve req-7") == true)
    }

    @Test(arguments: [
        (UInt64(0), "0s"), (119, "119s"), (120, "2m"), (121, "3m"), (7199, "120m"), (7200, "2h"), (7201, "3h"),
        (86_400, "24h"),
    ]) func durations(seconds: UInt64, text: String) {
        #expect(Refusals.duration(seconds) == text)
    }
}
