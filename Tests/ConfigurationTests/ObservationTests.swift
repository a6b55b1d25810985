import Configuration
import Testing

@Suite("Observation")
struct ObservationTests {
    @Test func unlessSetNothingListensAndLinesAreText() throws {
        let configuration = try parse()
        #expect(configuration.metrics == nil)
        #expect(configuration.log == .text)
        #expect(configuration.state.metricsSocket(stage: "masker", replica: 1) == "/srv/app/state/run/metrics/masker.1")
    }

    @Test func readsWhatIsSet() throws {
        let configuration = try parse(extra: "metrics: {listen: \"[::1]:9464\"}\nlog: json\n")
        #expect(configuration.metrics?.host == "::1" && configuration.metrics?.port == 9464)
        #expect(configuration.log == .json)
    }

    @Test(arguments: [
        "metrics: {listen: 0.0.0.0:9464}", "metrics: {listen: 10.0.0.1:9464}", "metrics: {listen: 9464}",
        "metrics: {}", "metrics: {listen: 127.0.0.1:9464, path: /x}", "log: xml", "log: {}",
    ])
    func refusesTheRest(_ line: String) { #expect(failure(extra: line + "\n") != nil) }
}
