import Testing

@testable import Telemetry

@Suite("Histogram")
struct HistogramTests {
    @Test func boundsRiseFromAMicrosecondToAHundredSeconds() {
        #expect(Histogram.bounds.first == 1000)
        #expect(Histogram.bounds.last == 100_000_000_000)
        #expect(zip(Histogram.bounds, Histogram.bounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func eachTimeFallsIntoTheFirstBucketThatHoldsIt() {
        for (index, bound) in Histogram.bounds.enumerated() {
            #expect(Histogram.bucket(of: bound) == index)
            #expect(Histogram.bucket(of: bound + 1) == index + 1)
        }
        #expect(Histogram.bucket(of: 0) == 0)
        #expect(Histogram.bucket(of: .max) == Histogram.bounds.count)
    }

    @Test func percentilesAreInterpolated() throws {
        let histogram = Histogram()
        #expect(histogram.snapshot().seconds(quantile: 0.5) == nil)
        // 1 ms, 2 ms, … 100 ms.
        for milliseconds in UInt64(1)...100 { histogram.observe(nanoseconds: milliseconds * 1_000_000) }
        let snapshot = histogram.snapshot()
        #expect(snapshot.count == 100)
        #expect(snapshot.sumNanoseconds == 5_050_000_000)
        let median = try #require(snapshot.seconds(quantile: 0.5))
        let high = try #require(snapshot.seconds(quantile: 0.99))
        #expect(abs(median - 0.050) < 0.002)
        #expect(abs(high - 0.099) < 0.002)
    }

    @Test func whatIsBeyondTheScaleIsAtLeastItsEnd() {
        let histogram = Histogram()
        histogram.observe(nanoseconds: .max / 4)
        #expect(histogram.snapshot().seconds(quantile: 0.99) == 100)
    }

    @Test func threadsLoseNothing() async {
        let histogram = Histogram()
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        histogram.observe(nanoseconds: 5000, count: 2)
                        counter.add()
                    }
                }
            }
        }
        #expect(histogram.snapshot().count == 160_000)
        #expect(histogram.snapshot().sumNanoseconds == 800_000_000)
        #expect(counter.value == 80_000)
    }

    @Test func theWindowForgetsWhatIsOlderThanTenSeconds() {
        let second: UInt64 = 1_000_000_000
        let histogram = Histogram()
        let window = RollingWindow(histogram, now: 0)
        histogram.observe(nanoseconds: 3_000_000_000, count: 50)
        for time in UInt64(1)...5 { window.tick(now: time * second) }
        #expect(window.figures(now: 5 * second).rate == 10)
        #expect(window.figures(now: 5 * second).p50 != nil)
        for time in UInt64(6)...11 { window.tick(now: time * second) }
        #expect(window.figures(now: 11 * second) == RollingWindow.Figures(rate: 0))
        histogram.observe(nanoseconds: 1_000_000, count: 10)
        let figures = window.figures(now: 12 * second)
        #expect(figures.rate == 1)
        #expect((figures.p99 ?? 1) <= 0.001)
    }
}
