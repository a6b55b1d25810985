import Contract
import Foundation
import SwiftProtobuf

/// Every message of contract version 1 with all its fields set, as the golden files have them.
enum Samples {
    static let session = "0192f0c1a2b3deadbeef"
    static let sequence: UInt64 = 1 << 56 | 1
    static let digest = Data(0..<32)
    static let mac = Data((0..<32).map { 255 - $0 })
    static let epoch = Data([0xaa, 0xbb, 0xcc, 0xdd])

    /// File name (without `.bin`) and message.
    static var all: [(name: String, message: any SwiftProtobuf.Message)] {
        get throws {
            [
                ("header", header), ("judge", judge), ("decision", decision), ("signed_decision", try signedDecision),
                ("mask_batch", maskBatch), ("mask_reply", maskReply), ("record_batch", recordBatch),
                ("record_ack", recordAck), ("hold_pending", holdPending), ("hold_close", holdClose),
                ("failure", failure), ("catalog", catalog), ("detector_mask", detectorMask),
                ("mask_plan_styles", planWithStyles), ("recording_levels", recordingLevels),
                ("decision_recording", decisionRecording),
            ]
        }
    }

    static var principal: Principal {
        .with {
            $0.name = "reporting"
            $0.groups = ["analysts", "eu"]
            $0.labels = ["team": "finance"]
            $0.method = "scram-sha-256"
            $0.sourceAddress = "10.0.0.7:51234"
        }
    }
    static var hold: Hold {
        .with {
            $0.approverGroups = ["dba"]
            $0.approverIdentities = ["alice"]
            $0.quorum = 2
            $0.expiresSeconds = 900
        }
    }
    static var copy: CopyShape {
        .with {
            $0.out = true
            $0.in = true
            $0.table = "public.orders"
            $0.columns = ["id", "email"]
            $0.format = "csv"
            $0.delimiter = ";"
            $0.nullString = "\\N"
            $0.quote = "\""
            $0.escape = "\\"
            $0.header = true
        }
    }
    static var facts: Facts {
        .with {
            $0.operations = ["read", "write"]
            $0.tablesRead = ["public.users"]
            $0.tablesWritten = ["orders"]
            $0.unfiltered = true
            $0.functions = ["lower"]
            $0.statements = 2
            $0.opaque = true
            $0.opaqueReason = "too deep"
            $0.columnsReferenced = ["email"]
            $0.outputs = [
                .with {
                    $0.columns = ["email", "name"]
                    $0.wholeRow = true
                },
                .with { $0.star = true },
            ]
            $0.outputsKnown = true
            $0.copy = copy
            $0.statementTags = ["SELECT", "DELETE"]
            $0.preparedNames = ["p1"]
            $0.deallocatedNames = ["*"]
        }
    }
    static var plan: MaskPlan {
        .with {
            $0.columns = [
                .with {
                    $0.pattern = "*.email"
                    $0.style = .redact
                    $0.rule = "mask-email"
                }
            ]
            $0.detectors = [
                .with {
                    $0.entities = ["email", "us_ssn"]
                    $0.style = .hash
                    $0.rule = "detect"
                }
            ]
            $0.computedOutputs = [0, 2]
            $0.allComputed = true
        }
    }
    /// Styles that are told something.
    static var planWithStyles: MaskPlan {
        .with {
            $0.columns = [
                .with {
                    $0.pattern = "*.card"
                    $0.style = .partial
                    $0.rule = "cards"
                    $0.parameters = .with { ($0.first, $0.last, $0.keepDomain) = (2, 4, true) }
                },
                .with {
                    $0.pattern = "*.email"
                    $0.style = .tokenize
                    $0.rule = "mail"
                },
            ]
            $0.detectors = [
                .with {
                    $0.entities = ["date_of_birth"]
                    $0.style = .shift
                    $0.rule = "births"
                    $0.parameters = .with { $0.days = 30 }
                }
            ]
            $0.outputs = [
                .with {
                    $0.index = 1
                    $0.style = .bucket
                    $0.rule = "pay"
                    $0.parameters = .with { ($0.widthBillionths, $0.unit) = (2_500_000_000, .year) }
                }
            ]
        }
    }
    static var review: Review {
        .with {
            $0.reviewer = "alice"
            $0.approved = true
            $0.comment = "fine by me"
            $0.atMs = 1_767_225_600_123
        }
    }
    static var header: Header {
        .with {
            $0.contractVersion = 1
            $0.kind = .judge
            $0.session = session
            $0.sequence = sequence
            $0.lane = .request
            $0.route = ["classifier", "approver"]
            $0.replyTo = "ipc:///run/sluice/bus/ingress/0"
            $0.deadlineMs = 1_767_225_605_000
            $0.policyEpoch = epoch
            $0.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            $0.decisions = [shortDecision]
            $0.attempt = 3
        }
    }
    static var judge: Judge {
        .with {
            $0.digest = digest
            $0.principal = principal
            $0.resource = "orders"
            $0.protocol = "postgres"
            $0.purpose = .execution
            $0.facts = facts
            $0.parameters = ["42", "NULL"]
            $0.hold = hold
        }
    }
    static var detectorMask: DetectorMask {
        .with {
            $0.entities = ["email", "badge"]
            $0.style = .redact
            $0.rule = "mask-badges"
            $0.definitions = Data(0..<32)
        }
    }
    static var catalog: Catalog {
        .with {
            $0.complete = true
            $0.searchPath = ["pg_catalog", "public"]
            $0.relations = [
                .with {
                    $0.schema = "public"
                    $0.name = "logins"
                    $0.kind = "r"
                    $0.columns = ["id", "user_id", "at"]
                    $0.parents = [
                        .with {
                            $0.schema = "public"
                            $0.name = "all_logins"
                        }
                    ]
                    $0.rules = ["CREATE RULE r AS …"]
                    $0.notNull = [0, 2]
                    $0.cascades = [
                        .with {
                            $0.schema = "public"
                            $0.name = "tokens"
                            $0.onDelete = "c"
                            $0.onUpdate = "n"
                            $0.keys = ["id"]
                            $0.columns = ["login_id"]
                        }
                    ]
                },
                .with {
                    $0.schema = "public"
                    $0.name = "recent"
                    $0.kind = "v"
                    $0.columns = ["id"]
                    $0.definition = "SELECT logins.id FROM public.logins"
                },
            ]
        }
    }
    static var decision: Decision {
        .with {
            $0.stage = "classifier"
            $0.digest = digest
            $0.session = session
            $0.sequence = sequence
            $0.identity = "reporting"
            $0.resource = "orders"
            $0.verdict = .hold
            $0.policyEpoch = epoch
            $0.rule = "hold-deletes"
            $0.reason = "deletes need approval"
            $0.hint = "ask a dba"
            $0.hold = hold
            $0.mask = plan
            $0.facts = facts
            $0.holdID = "req-1"
            $0.reviews = [review]
            $0.decidedAtMs = 1_767_225_600_456
            $0.pure = true
            $0.purpose = .execution
            $0.seen = mac
        }
    }
    static var signedDecision: SignedDecision {
        get throws {
            let bytes: Data = try decision.serializedBytes()
            return .with {
                $0.stage = "classifier"
                $0.decision = bytes
                $0.mac = mac
            }
        }
    }
    /// Carries only the decision's first field, written out: tag 1, ten bytes.
    static var shortDecision: SignedDecision {
        .with {
            $0.stage = "classifier"
            $0.decision = Data([0x0a, 10]) + Data("classifier".utf8)
            $0.mac = mac
        }
    }
    static var column: ResultColumn {
        .with {
            $0.name = "mail"
            $0.originSchema = "public"
            $0.originTable = "users"
            $0.originColumn = "email"
            $0.hasOrigin_p = true
            $0.type = 25
            $0.format = 1
        }
    }
    static var count: EntityCount {
        .with {
            $0.entity = "email"
            $0.count = 3
        }
    }
    static var maskBatch: MaskBatch {
        .with {
            $0.protocol = "postgres"
            $0.plan = plan
            $0.columns = [column]
            $0.columnsKnown = true
            $0.copy = copy
            $0.tail = Data("1,al".utf8)
            $0.last = true
        }
    }
    static var maskReply: MaskReply {
        .with {
            $0.tail = Data("1,al".utf8)
            $0.counts = [count]
            $0.rows = 7
        }
    }
    static var recordAck: RecordAck {
        .with {
            $0.sessions = [
                .with {
                    $0.session = session
                    $0.through = 8
                },
                .with {
                    $0.session = "other"
                    $0.through = 1
                    $0.error = "a record is missing"
                },
            ]
            $0.error = "the disk is full"
        }
    }
    static var holdPending: HoldPending {
        .with {
            $0.id = "req-1"
            $0.expiresAtMs = 1_767_226_500_000
        }
    }
    static var holdClose: HoldClose {
        .with {
            $0.id = "req-1"
            $0.used = true
            $0.sequence = 1 << 56 | 2
        }
    }
    static var failure: Failure {
        .with {
            $0.stage = "masker"
            $0.reason = "the reply could not be masked"
        }
    }
}
