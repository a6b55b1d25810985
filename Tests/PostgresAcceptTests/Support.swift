import Bus
import Contract
import Foundation
@testable import Gateway
import NIOCore
@testable import PostgresWire

/// A ruling of the classifier alone.
func ruling(_ verdict: Verdict = .allow, _ change: (inout Decision) -> Void = { _ in }) throws -> Ruling {
    var decision = Decision()
    decision.stage = StageName.classifier
    decision.verdict = verdict
    decision.rule = "the-rule"
    change(&decision)
    return try Ruling(decisions: [decision], signed: [], required: [StageName.classifier], approval: false)
}

func message(_ type: UInt8, _ body: [UInt8]) -> Frame {
    var buffer = ByteBuffer()
    buffer.writeMessage(type) { $0.writeBytes(body) }
    return Frame(type: type, bytes: buffer)
}

func frame(_ type: Character, _ text: String) -> Frame { message(type.asciiValue ?? 0, Array(text.utf8)) }

func array(_ buffer: ByteBuffer) -> [UInt8] { [UInt8](buffer.readableBytesView) }
