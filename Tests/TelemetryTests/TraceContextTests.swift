import Testing

@testable import Telemetry

@Suite("TraceContext")
struct TraceContextTests {
    @Test func spansHaveTheFormOfTheStandard() throws {
        var generator = SystemRandomNumberGenerator()
        let context = TraceContext(using: &generator)
        let expected = try Regex("00-[0-9a-f]{32}-[0-9a-f]{16}-00")
        var seen: Set<String> = []
        for number in UInt64(0)..<10_000 {
            let span = context.traceparent(span: number)
            #expect(seen.insert(span).inserted)
            #expect(TraceContext.traceID(of: span) == context.traceID)
        }
        #expect(seen.allSatisfy { $0.wholeMatch(of: expected) != nil && !$0.contains("-0000000000000000-") })
    }

    @Test func tracesDiffer() {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<1000).map { _ in TraceContext(using: &generator).traceID }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.count == 32 && $0 != String(repeating: "0", count: 32) })
    }

    @Test(arguments: [
        "", "00", "00--1-00", "00-0123-4567-00", "00-0123456789ABCDEF0123456789abcdef-0123456789abcdef-00",
        "00-zz23456789abcdef0123456789abcdef-0123456789abcdef-00", "session=1 trace=\n-x-y-z",
    ])
    func whatIsNoTraceparentHasNoID(_ text: String) {
        #expect(TraceContext.traceID(of: text).isEmpty)
    }
}
