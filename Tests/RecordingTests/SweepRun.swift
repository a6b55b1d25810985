import Contract
import CrashLoad
import Recording
import Testing

/// A recording of several segments, over which one file operation fails.
struct SweepRun {
    /// What comes after the failure.
    enum Aftermath: CaseIterable {
        /// The process goes on and tries again.
        case retry
        /// The process dies at once.
        case death
    }

    let files: SweepFiles
    private let aftermath: Aftermath
    private let scratch: Scratch
    private let recipient: KeyPair?
    private let comment: Comment
    private var slots = (0..<2).map { CrashSlot(index: $0) }
    private var acknowledged: [String: UInt64] = [:]
    private var writer: ReplicaWriter?
    private var now: UInt64 = 1_000_000_000
    private var failures = 0
    /// The folder takes nothing more, because its disk failed.
    private var isOver = false

    init(_ fault: SweepFiles.Fault, at number: Int, _ aftermath: Aftermath, recipient: KeyPair?) throws {
        files = SweepFiles(fault, at: number)
        self.aftermath = aftermath
        scratch = try Scratch()
        self.recipient = recipient
        comment = "operation \(number), \(fault), \(aftermath), encrypted \(recipient != nil)"
    }

    /// Starts, records, stops, starts again and records, through several segments.
    mutating func run() throws {
        for _ in 0..<2 {
            for block in 0..<4 where !isOver { try record(block) }
            if !isOver { stop() }
        }
        writer = nil
        try check()
    }

    /// One block, tried again until it is acknowledged.
    private mutating func record(_ block: Int) throws {
        let slot = block % slots.count
        let session = slots[slot].session
        let records = slots[slot].next(2)
        for _ in 0..<6 {
            now += 1_100_000_000
            guard open() else {
                if isOver { return }
                continue
            }
            // What goes on by itself does so now.
            writer?.tick(now: now)
            do throws(RecordingError) {
                let made = try incoming(records, isSynced: block % 2 == 0)
                guard let answer = try writer?.append([made], now: now).first else { return }
                let through = answer[session]?.through ?? 0
                #expect(through == records.last?.sequence, comment)
                acknowledged[session] = through
                slots[slot].acknowledge(through: through)
                return
            } catch {
                failed(error)
                if isOver { return }
            }
        }
        Issue.record("\(files.operation): it does not record again: \(comment)")
        isOver = true
    }

    private func incoming(_ records: [Record], isSynced: Bool) throws(RecordingError) -> IncomingBatch {
        do {
            return try batch(records, isSynced ? .synced : .written)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// False when it could not be opened this time.
    private mutating func open() -> Bool {
        guard writer == nil else { return true }
        var options = SegmentWriter.Options()
        options.segmentBytes = 700
        if let recipient { options.recipients = [recipient.recipient] }
        do throws(RecordingError) {
            writer = try ReplicaWriter(
                directory: scratch.replica, key: scratch.key, options: options, files: files)
            return true
        } catch {
            failed(error)
            return false
        }
    }

    private mutating func failed(_ error: RecordingError) {
        #expect(files.hasFailed, "\(error): \(comment)")
        #expect([.storage, .unusable, .diskFailed].contains(error.code), "\(files.operation): \(error): \(comment)")
        // There is room again after a while.
        failures += 1
        if failures == 3 { files.heal() }
        switch aftermath {
        case .retry where writer?.state != .lost: break
        case .retry, .death: writer = nil
        }
        guard error.code == .diskFailed else { return }
        // Another process does not take the folder either.
        isOver = true
        writer = nil
        do {
            _ = try scratch.writer()
            Issue.record("a writer began in the folder whose disk failed: \(comment)")
        } catch let error as RecordingError {
            #expect(error.code == .diskFailed, "\(error): \(comment)")
        } catch {
            Issue.record("\(error): \(comment)")
        }
    }

    private mutating func stop() {
        do throws(RecordingError) {
            try writer?.finish()
        } catch {
            failed(error)
        }
        writer = nil
    }

    private func check() throws {
        // A recording that was not begun has nothing to be proven.
        guard !acknowledged.isEmpty else { return }
        var stored: [String: UInt64] = [:]
        let archive = RecordingArchive(recordings: scratch.path, access: RecordingAccess(keys: try recipient?.keys))
        try archive.forEachRecord { record throws(RecordingError) in
            guard !record.session.isEmpty else { return }
            let expected = (stored[record.session] ?? 0) + 1
            stored[record.session] = expected
            #expect(record == CrashSlot.record(record.session, expected), comment)
        }
        for (session, sequence) in acknowledged { #expect(stored[session] ?? 0 >= sequence, comment) }
        var options = VerificationOptions()
        options.threads = 1
        let report = verify(
            [scratch.path], keys: VerificationKeys(recording: [scratch.key], decryption: try recipient?.keys),
            options: options)
        #expect(report.problems == [], "\(files.operation): \(comment)")
    }
}
