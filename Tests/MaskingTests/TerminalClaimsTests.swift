import Contract
import Detection
import Testing

@testable import Masking

/// Findings of several views of the same bytes.
@Suite struct TerminalClaimsTests {
    @Test func viewsOfATerminalAreJoinedByTheStricterStyle() {
        let loose = Finding(entity: .email, range: 0..<4)
        let strict = Finding(entity: .phone, range: 2..<6)
        for order in [[(loose, 0..<4), (strict, 2..<6)], [(strict, 2..<6), (loose, 0..<4)]] {
            var claims = TerminalClaims(before: 0, end: 8)
            for (finding, places) in order {
                let isLoose = finding == loose
                claims.claim(
                    [places], finding, isLoose ? .partial(.automatic) : .redact, [isLoose ? 0x6c : 0x73])
            }
            #expect(claims.claims.map(\.finding) == [strict])
            #expect(claims.claims.map(\.substitute) == [[0x73]])
            #expect((0..<6).allSatisfy { claims[$0] == 0 })
        }
    }

    /// Views that find different things over the same bytes show nothing of them; those that find the same show it.
    @Test(arguments: [
        (Style.partial(.automatic), [UInt8(0x6c)], [UInt8(0x73)], Array("***".utf8)),
        (.bucket(Bucket(StyleParameters())), [0x6c], [0x73], Array("[redacted]".utf8)),
        (.hash, [0x6c], [0x73], [0x6c]), (.partial(.automatic), [0x6c], [0x6c], [0x6c]),
    ])
    func viewsOfOneStyle(_ style: Style, _ first: [UInt8], _ second: [UInt8], _ expected: [UInt8]) {
        var claims = TerminalClaims(before: 0, end: 8)
        claims.claim([0..<4], Finding(entity: .email, range: 0..<4), style, first)
        claims.claim([2..<6], Finding(entity: .phone, range: 2..<6), style, second)
        #expect(claims.claims.map(\.substitute) == [expected])
    }

    @Test func aStricterViewOverTwoLooserClaimsStandsForBoth() {
        var claims = TerminalClaims(before: 0, end: 8)
        for start in [0, 4] {
            let finding = Finding(entity: .email, range: start..<start + 3)
            claims.claim([start..<start + 3], finding, .partial(.automatic), [0x6c])
        }
        claims.claim([1..<6], Finding(entity: .phone, range: 1..<6), .redact, [0x73])
        #expect(claims.claims.map(\.substitute) == [[0x73], [0x73]])
    }
}
