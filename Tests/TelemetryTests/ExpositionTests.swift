import Testing

@testable import Telemetry

@Suite("Exposition")
struct ExpositionTests {
    @Test func writesWhatTheFormatDemands() {
        let registry = MetricsRegistry()
        registry.counter("test_things_total", help: "Things.\nBack\\slash.").add(3)
        let sides = ["left", "right"].map {
            registry.counter("test_sides_total", help: "Sides.", labels: [.init("side", $0)])
        }
        sides[1].add(2)
        registry.gauge("test_level", help: "Level.", labels: [.init("of", "a\"b\\c\nd")]).set(-4)
        let text = Exposition.text(registry.families(), labels: [.init("stage", "masker")])
        #expect(
            text == """
                # HELP test_things_total Things.\\nBack\\\\slash.
                # TYPE test_things_total counter
                test_things_total{stage="masker"} 3
                # HELP test_sides_total Sides.
                # TYPE test_sides_total counter
                test_sides_total{stage="masker",side="left"} 0
                test_sides_total{stage="masker",side="right"} 2
                # HELP test_level Level.
                # TYPE test_level gauge
                test_level{stage="masker",of="a\\"b\\\\c\\nd"} -4

                """)
    }

    @Test func whatIsWrittenIsRead() throws {
        let registry = MetricsRegistry()
        registry.counter("test_total", help: "A, \"b\".", labels: [.init("x", "}\" ,\\")]).add(7)
        registry.counter("test_total", help: "A, \"b\".", labels: [.init("x", "ä")])
        let histogram = registry.histogram("test_seconds", help: "Time.", labels: [.init("peer", "masker")])
        for nanoseconds in [1, 1500, 2_000_000, 400_000_000_000] as [UInt64] {
            histogram.observe(nanoseconds: nanoseconds)
        }
        registry.add("test_odd", "Odd numbers.", .gauge) { [.init(.real(.infinity))] }
        let families = registry.families()
        let read = try ExpositionParser.parse(Exposition.text(families))
        #expect(read.map(\.name) == families.map(\.name))
        #expect(Exposition.text(read) == Exposition.text(families))
        let buckets = read[1].samples.filter { $0.suffix == "_bucket" }
        #expect(buckets.first?.value == .integer(1))
        #expect(buckets.last?.labels.last?.value == "+Inf")
        #expect(buckets.last?.value == .integer(4))
    }

    @Test func thisProcessIsReadable() throws {
        let telemetry = ProcessTelemetry()
        telemetry.handling.observe(nanoseconds: 1_000_000)
        let response = telemetry.response(to: .metrics, stage: "masker", replica: "0")
        let families = try ExpositionParser.parse(response.body)
        #expect(families.contains { $0.name == "process_resident_memory_bytes" })
        #expect(families.contains { $0.name == "sluice_handling_seconds" && $0.kind == .histogram })
        for family in families {
            for sample in family.samples {
                #expect(sample.labels.prefix(2) == [.init("stage", "masker"), .init("replica", "0")])
            }
        }
    }

    static let broken = [
        "a 1",
        "# HELP a_total A\n# TYPE a_total counter\na_total 1 \n",
        "# HELP a_total A\n# TYPE a_total counter\na_total 1\na_total 2\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total -1\n",
        "# HELP a_total A\n# TYPE a_total counter\nb_total 1\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total{x=\"1} 1\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total{x=\"1\",x=\"2\"} 1\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total{9=\"1\"} 1\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total{x=\"\\t\"} 1\n",
        "# HELP a_total A\n# TYPE a_total counter\na_total 1\n# HELP a_total A\n# TYPE a_total counter\n",
        "# HELP a A\n# TYPE a counter\na 1\n",
        "# HELP a_total A\n# TYPE a_total gauge\na_total 1\n",
        "# HELP a A\n# TYPE b gauge\nb 1\n",
        "# TYPE a gauge\na 1\n",
        "# HELP a A\na 1\n",
        "# HELP a A\n# TYPE a summary\na 1\n",
        "# HELP a A\n# TYPE a gauge\na one\n",
        "# HELP a A\n# TYPE a gauge\na 0x10\n",
        "# HELP a A\n# TYPE a gauge\n\na 1\n",
        "# a remark\n",
        "# HELP a A\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a A\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
        "# HELP a A\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
        "# HELP a A\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n",
        "# HELP a A\n# TYPE a histogram\na 1\n",
    ]

    @Test(arguments: broken)
    func refusesWhatIsBroken(_ text: String) {
        #expect(throws: ExpositionParser.Failure.self) { try ExpositionParser.parse(text) }
    }

    @Test func refusesATextThatIsCut() throws {
        let text = Exposition.text(ProcessTelemetry().registry.families())
        for length in 1..<min(text.utf8.count, 4000) where text.utf8.dropFirst(length - 1).first != 0x0a {
            #expect(throws: ExpositionParser.Failure.self) {
                try ExpositionParser.parse(String(decoding: text.utf8.prefix(length), as: UTF8.self))
            }
        }
        #expect(try ExpositionParser.parse("").isEmpty)
    }
}
