import Foundation

/// What `sluice scale` and `sluice restart` ask the supervisor: one JSON object on one line.
public struct ControlRequest: Codable, Sendable, Equatable {
    public enum Verb: String, Codable, Sendable {
        case scale, restart
    }

    public let verb: Verb
    /// The stage to scale, or those to restart; empty with `restart`: all.
    public let stages: [String]
    /// With `scale` only.
    public let replicas: Int?
    /// With `restart` only: the folder of the new programs, absolute.
    public let programs: String?

    public static func scale(_ stage: String, to replicas: Int) -> ControlRequest {
        ControlRequest(verb: .scale, stages: [stage], replicas: replicas, programs: nil)
    }

    /// `stages`: empty for all.
    public static func restart(_ stages: [String], programs: String?) -> ControlRequest {
        ControlRequest(verb: .restart, stages: stages, replicas: nil, programs: programs)
    }

    /// Reads one line. Throws with what a person can do about it.
    static func decode(_ line: [UInt8]) throws(SupervisorError) -> Fleet.Command {
        let request: ControlRequest
        do {
            request = try JSONDecoder().decode(ControlRequest.self, from: Data(line))
        } catch {
            throw SupervisorError("the request is not understood: the two sluice programs are of different versions")
        }
        switch (request.verb, request.replicas, request.programs) {
        case (.scale, let replicas?, nil):
            guard let stage = request.stages.first, request.stages.count == 1 else {
                throw SupervisorError("scale takes one stage")
            }
            return .scale(stage: stage, replicas: replicas)
        case (.restart, nil, let programs):
            if let programs, !programs.hasPrefix("/") { throw SupervisorError("\(programs) is no absolute path") }
            return .restart(stages: request.stages.isEmpty ? nil : request.stages, programs: programs)
        case (.scale, _, _): throw SupervisorError("scale takes a number of replicas and no programs")
        case (.restart, _, _): throw SupervisorError("restart takes no number of replicas")
        }
    }
}

/// One line of the supervisor's answer. `done` and `failed` are the last.
public struct ControlAnswer: Codable, Sendable, Equatable {
    public enum Event: String, Codable, Sendable {
        case started, ready, draining, finishing, stopped, done, failed

        public var isLast: Bool {
            switch self {
            case .done, .failed: true
            case .started, .ready, .draining, .finishing, .stopped: false
            }
        }
    }

    public let event: Event
    /// Which process, as in the log: `classifier.1`.
    public let process: String?
    /// With `finishing`: what it says about it; with `failed`: the reason.
    public let text: String?

    static func started(_ process: String) -> Self { Self(event: .started, process: process, text: nil) }
    static func ready(_ process: String) -> Self { Self(event: .ready, process: process, text: nil) }
    static func draining(_ process: String) -> Self { Self(event: .draining, process: process, text: nil) }
    static func stopped(_ process: String) -> Self { Self(event: .stopped, process: process, text: nil) }
    static func finishing(_ process: String, _ text: String?) -> Self {
        Self(event: .finishing, process: process, text: text)
    }
    static let done = Self(event: .done, process: nil, text: nil)
    static func failed(_ reason: String) -> Self { Self(event: .failed, process: nil, text: reason) }

    /// For people: `classifier.1 ready`.
    public var description: String {
        [process, event.rawValue + (text == nil ? "" : ":"), text].compactMap { $0 }.joined(separator: " ")
    }

    /// As it goes over the socket: one line.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try [UInt8](encoder.encode(self)) + [0x0a]
    }
}
