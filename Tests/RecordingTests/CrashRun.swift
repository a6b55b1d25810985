import Contract
import CrashLoad
import Foundation
import Recording
import TestKit
import Testing

/// One recording that writers are killed over, one after the other.
struct CrashRun {
    private let scratch: Scratch
    private let folder: Scratch
    private let isSynced: Bool
    private let recipient: (file: String, keys: DecryptionKeys)?
    private var source: CrashRandom
    private var slots = (0..<4).map { CrashSlot(index: $0) }
    /// The last acknowledged record of each session that had one.
    private var acknowledged: [String: UInt64] = [:]
    /// The present key first.
    private var keys: [UInt8] = [1]
    /// The present key when the recording began.
    private var firstKey: UInt8?
    private(set) var kills = 0
    private(set) var blocks = 0

    init(isSynced: Bool, isEncrypted: Bool, seed: UInt64) throws {
        scratch = try Scratch()
        folder = try Scratch()
        self.isSynced = isSynced
        source = CrashRandom(seed: seed)
        let pair = isEncrypted ? try KeyPair("reader", KeyPair.x25519, in: folder.path) : nil
        let publicKey = folder.path + "/reader.pub"
        recipient = try pair.map { (publicKey, try $0.keys) }
    }

    /// One writer from its start to its end, and a look at what it left.
    mutating func cycle() throws {
        if source.next(below: 20) == 0 { keys.insert(UInt8(keys.count + 1), at: 0) }
        let isLeftAlone = source.next(below: 12) == 0
        let order = CrashOrder(
            directory: scratch.replica, isSynced: isSynced, segmentBytes: 2500, seed: source.next(),
            blocks: isLeftAlone ? 1 + source.next(below: 12) : .max, keys: keys, recipient: recipient?.file ?? "",
            slots: slots)
        var process = try KilledProcess(Project.binaries + "/CrashWriter", order.arguments)
        let status: Int32?
        if isLeftAlone {
            status = process.finish()
            #expect(status == 0, "it ends by itself: \(order.arguments)")
        } else {
            // Somewhere in its start, or somewhere behind its first acknowledgements. The pauses wait for nothing: they are the
            // random places, of which no condition tells.
            if source.next(below: 3) > 0 {
                process.read(lines: 1 + Int(source.next(below: 24)))
                usleep(UInt32(source.next(below: 1500)))
            } else {
                usleep(UInt32(source.next(below: 40_000)))
            }
            status = process.kill()
            #expect(status == nil, "it goes on until it is killed: \(order.arguments)")
            kills += 1
        }
        blocks += process.lines.count
        for line in process.lines { take(line) }
        try check("\(order.arguments)")
    }

    private mutating func take(_ line: String) {
        for word in line.split(separator: " ") {
            guard let said = CrashSlot(word) else {
                Issue.record("an acknowledgement that is none: \(line)")
                continue
            }
            acknowledged[said.session] = max(acknowledged[said.session] ?? 0, said.acknowledged)
            let place = Int(said.index)
            if slots[place].session == said.session { slots[place].acknowledge(through: said.acknowledged) }
        }
    }

    /// Everything that was acknowledged is there, once and in its order, and the whole is proven.
    private mutating func check(_ comment: String) throws {
        guard FileManager.default.fileExists(atPath: scratch.replica + "/head") else {
            #expect(acknowledged.isEmpty, "no head: \(comment)")
            return
        }
        if firstKey == nil { firstKey = keys[0] }
        var stored: [String: UInt64] = [:]
        let archive = RecordingArchive(recordings: scratch.path, access: RecordingAccess(keys: recipient?.keys))
        try archive.forEachRecord { record throws(RecordingError) in
            guard !record.session.isEmpty else { return }
            let expected = (stored[record.session] ?? 0) + 1
            stored[record.session] = expected
            #expect(record == CrashSlot.record(record.session, expected), "\(record.session) \(expected): \(comment)")
        }
        for (session, sequence) in acknowledged {
            #expect(stored[session] ?? 0 >= sequence, "\(session): \(comment)")
        }
        // What the next start puts right has its place in a recording that was signed once.
        guard FileManager.default.fileExists(atPath: scratch.replica + "/checkpoint") else { return }
        let report = verify(
            [scratch.path],
            keys: VerificationKeys(recording: keys.map(testKey), decryption: recipient?.keys))
        #expect(report.problems == [], "\(comment)")
    }

    /// With the public key alone that signed first, or last. One between may have been rotated away before it signed anything.
    mutating func finish() throws {
        let order = CrashOrder(
            directory: scratch.replica, isSynced: isSynced, segmentBytes: 2500, seed: source.next(), blocks: 5,
            keys: keys,
            recipient: recipient?.file ?? "", slots: slots)
        var process = try KilledProcess(Project.binaries + "/CrashWriter", order.arguments)
        #expect(process.finish() == 0)
        for line in process.lines { take(line) }
        try check("the last one")
        for key in [keys[0], try #require(firstKey)] {
            let report = verify([scratch.path], keys: VerificationKeys(trusted: [testKey(key).verification]))
            #expect(report.problems == [], "by key \(key)")
        }
    }
}
