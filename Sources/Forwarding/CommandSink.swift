import Bus
import Configuration
import Foundation
import Glibc

/// A program of the operator's: it gets events as lines of JSON on its standard input, an empty line behind each batch, and
/// accepts by writing the last event's id as a line. What it writes on standard error goes to our log.
final class CommandSink: Sink {
    let batch = 500
    /// Bytes of a line that it may write.
    static let maximumLine = 4096
    /// How long it may take to end when its input has ended, milliseconds.
    static let farewell = 2000

    private let settings: CommandSinkSettings
    private let environment: [String: String]
    private var program: SinkProgram?
    private var sent = 0

    /// - Parameter withheld: names in the environment that the program does not see.
    init(_ settings: CommandSinkSettings, withheld: Set<String>) {
        self.settings = settings
        environment = SinkProgram.environment(without: withheld)
    }

    deinit { program?.end(milliseconds: Self.farewell) }

    func send(_ events: [ForwardedEvent]) throws(ForwardError) {
        guard let last = events.last else { return }
        let program: SinkProgram
        if let running = self.program {
            program = running
        } else {
            program = try SinkProgram(settings.command, environment)
        }
        self.program = program
        let end = monotonicNanoseconds() + UInt64(settings.timeoutSeconds) * 1_000_000_000
        try program.write(events.flatMap { $0.json + [UInt8(ascii: "\n")] } + [UInt8(ascii: "\n")], until: end)
        while try program.line(until: end, limit: Self.maximumLine) != last.id {}
        sent += 1
    }

    func accepted() -> Int {
        defer { sent = 0 }
        return sent
    }

    func reset() {
        program?.end(milliseconds: Self.farewell)
        program = nil
        sent = 0
    }
}
