import Testing

@testable import Forwarding

@Suite struct PauseTests {
    @Test func growsUpToAMinute() {
        var generator = SystemRandomNumberGenerator()
        var pause = Pause()
        var limit = Pause.firstMilliseconds
        for _ in 0..<12 {
            #expect((limit / 2...limit).contains(pause.next(asked: nil, using: &generator)))
            limit = min(limit * 2, Pause.longestMilliseconds)
        }
        pause.reset()
        #expect(pause.next(asked: nil, using: &generator) <= Pause.firstMilliseconds)
    }

    @Test(arguments: [(7, 7000), (1_000_000, 3_600_000)])
    func aReceiverMayAskForMore(_ asked: Int, _ expected: Int) {
        var generator = SystemRandomNumberGenerator()
        var pause = Pause()
        #expect(pause.next(asked: asked, using: &generator) == expected)
    }
}
