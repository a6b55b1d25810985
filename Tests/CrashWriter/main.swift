// A recorder's writer without the recorder: appends records, prints each acknowledgement once it has it, and is killed in the
// middle by the crash tests (Tests/RecordingTests/CrashTests.swift).
//
// Each line on standard output is one acknowledged block: `INDEX:GENERATION:SEQUENCE` of each slot with records in it. What is wrong
// goes to standard error, with exit code 1.

import Contract
import CrashLoad
import Glibc
import Recording
import SwiftProtobuf

func say(_ line: String, to descriptor: Int32 = 1) {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        done += count
    }
}

func run(_ order: CrashOrder) throws {
    let keys = try order.keys.map { try RecordingKey(seed: [UInt8](repeating: $0, count: RecordingKey.length)) }
    var options = SegmentWriter.Options()
    options.segmentBytes = order.segmentBytes
    options.formerKeys = Array(keys.dropFirst())
    if !order.recipient.isEmpty { options.recipients = [try Recipient(file: order.recipient)] }
    var writer = try ReplicaWriter(directory: order.directory, key: keys[0], options: options)
    var source = CrashRandom(seed: order.seed)
    var slots = order.slots
    var now: UInt64 = 0
    for _ in 0..<order.blocks {
        var batches: [IncomingBatch] = []
        var written: Set<Int> = []
        for _ in 0...source.next(below: 3) {
            let chosen = Int(source.next(below: UInt64(slots.count)))
            guard written.insert(chosen).inserted else { continue }
            var batch = RecordBatch()
            batch.records = slots[chosen].next(1 + source.next(below: 4))
            batch.durability = order.isSynced ? .synced : .written
            batches.append(try IncomingBatch(try batch.serializedBytes()))
        }
        let answers = try writer.append(batches, now: now)
        var line: [String] = []
        for answer in answers.flatMap(\.sessions) {
            guard let index = slots.firstIndex(where: { $0.session == answer.session }) else { continue }
            line.append("\(slots[index].index):\(slots[index].generation):\(answer.through)")
            slots[index].acknowledge(through: answer.through)
        }
        say(line.joined(separator: " "))
        // A checkpoint about every second time.
        now += source.next(below: 500_000_000)
        writer.tick(now: now)
    }
    try writer.finish()
}

guard let order = CrashOrder(Array(CommandLine.arguments.dropFirst())) else {
    say("CrashWriter: no such arguments", to: 2)
    exit(2)
}
do {
    try run(order)
} catch {
    say("CrashWriter: \(error)", to: 2)
    exit(1)
}
