import Contract
import Foundation
import SwiftProtobuf

extension Samples {
    /// One record of every kind of event.
    static var recordBatch: RecordBatch {
        let events: [Record.OneOf_Event] = [
            .sessionStarted(sessionStarted), .command(command), .decision(decisionMade), .hold(holdEvent),
            .output(output), .result(result), .notice(.with { $0.text = "recorder caught up" }),
            .sessionEnded(sessionEnded),
        ]
        return .with {
            $0.records = events.enumerated().map { index, event in
                .with {
                    $0.session = session
                    $0.sequence = UInt64(index + 1)
                    $0.timeUs = 1_767_225_600_000_001 + UInt64(index)
                    $0.event = event
                }
            }
            $0.durability = .synced
        }
    }

    /// Records of commands of which less is recorded, or more than a budget.
    static var recordingLevels: RecordBatch {
        let omission = Omission.with {
            $0.bytes = 4096
            $0.sha256 = digest
            $0.budget = "per_command"
        }
        let received = CommandReceived.with {
            $0.command = 2
            $0.recording = .metadata
            $0.recordingRule = "quiet"
            $0.undecided = true
        }
        let decided = DecisionMade.with {
            $0.command = 2
            $0.recording = .commands
            $0.recordingRule = "quiet"
        }
        let said = Output.with {
            $0.command = 2
            $0.firstUs = 1_767_225_600_000_001
            $0.fromClient = true
            $0.stopped = "per_session"
        }
        let ended = CommandResult.with {
            $0.command = 2
            $0.recording = .full
            $0.recordingRule = "quiet"
            $0.omitted = omission
            $0.input = .with {
                $0.bytes = 5000
                $0.omitted = omission
            }
            $0.sentUs = 1_767_225_600_000_002
        }
        let events: [Record.OneOf_Event] = [.command(received), .decision(decided), .output(said), .result(ended)]
        return .with { $0.records = events.map { event in .with { $0.event = event } } }
    }

    static var decisionRecording: Decision {
        .with {
            $0.recording = .commands
            $0.recordingRule = "quiet"
            $0.leastRecording = .metadata
        }
    }

    private static var sessionStarted: SessionStarted {
        .with {
            $0.principal = principal
            $0.resource = "orders"
            $0.protocol = "postgres"
            $0.parameters = ["application_name": "psql"]
        }
    }
    private static var command: CommandReceived {
        .with {
            $0.command = 1
            $0.text = "SELECT 1"
            $0.raw = Data([0xff, 0xfe])
            $0.digest = digest
            $0.parameters = [
                .with { $0.null = true },
                .with {
                    $0.format = 1
                    $0.value = Data([0, 0, 0, 7])
                },
            ]
            $0.message = "Bind"
            $0.memoised = decisionMade
            $0.statementName = "s1"
            $0.portalName = "p1"
        }
    }
    private static var decisionMade: DecisionMade {
        .with {
            $0.command = 1
            $0.verdict = .allow
            $0.decisions = [shortDecision]
            $0.rule = "reads"
            $0.stage = "classifier"
            $0.reason = "allowed"
            $0.policyEpoch = epoch
            $0.tables = ["orders", "public.customers"]
        }
    }
    private static var holdEvent: HoldEvent {
        .with {
            $0.command = 1
            $0.id = "req-1"
            $0.status = "approved"
            $0.reviews = [review]
        }
    }
    private static var output: Output {
        .with {
            $0.command = 1
            $0.data = Data([UInt8(ascii: "D"), 0, 0, 0, 6, 0, 0])
            $0.columns = [column]
        }
    }
    private static var result: CommandResult {
        .with {
            $0.command = 1
            $0.tag = "SELECT 5"
            $0.sqlstate = "22012"
            $0.error = "division by zero"
            $0.rows = 5
            $0.bytes = 640
            $0.masked = [count]
            $0.outputOmittedBytes = 99
            $0.output = Data([UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")])
            $0.status = "done"
        }
    }
    private static var sessionEnded: SessionEnded {
        .with {
            $0.reason = "client closed the session"
            $0.commands = 1
            $0.bytes = 640
        }
    }
}
