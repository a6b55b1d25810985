import Contract
import SwiftProtobuf

extension AuditTrail {
    /// Why a record is not durable; the reason is public.
    public struct AuditFailure: Error, Sendable {
        public let reason: String

        /// Not acknowledged by the deadline.
        public static let late = AuditFailure(reason: "the recorder did not answer in time")
    }

    struct Waiter {
        let through: UInt64
        /// Monotonic nanoseconds.
        let deadline: UInt64
        let handler: (AuditFailure?) -> Void
    }

    /// One session's recording: whoever makes its records holds it. Used on its trail's event loop alone.
    public final class Session {
        public let id: String
        let durability: Durability
        private unowned let trail: AuditTrail

        /// A serialised record, and when it was added, monotonic nanoseconds.
        struct Kept {
            let bytes: [UInt8]
            let addedAt: UInt64
        }

        /// Records after ``acknowledged``, in order.
        private(set) var unacknowledged: [Kept] = []
        private(set) var bytes = 0 {
            didSet { trail.budget.change(by: bytes - oldValue) }
        }
        public private(set) var lastSequence: UInt64 = 0
        private(set) var sentThrough: UInt64 = 0
        private(set) var acknowledged: UInt64 = 0
        private(set) var sentAt: UInt64 = 0
        private(set) var resendAfter = AuditTrail.resendFirst
        private(set) var waiters: [Waiter] = []
        private(set) var failure: AuditFailure?
        private(set) var hasEnded = false
        /// Number of the last batch that began with the first unacknowledged record.
        private(set) var firstBatch: UInt64 = 0
        /// Where its records go; nil until there is a recorder.
        private(set) var recorder: AuditRecorder?
        /// Answers to batches before this one are of a former recorder: they say nothing of this one.
        private(set) var validFrom: UInt64 = 0
        /// The last acknowledged block with records of the session.
        private(set) var mark: AuditMark?
        /// Whether the recorder must be told where the former one's records end.
        private(set) var isResuming = false
        /// Whether the present recorder was told so because it did not know the session.
        private var hasResumedHere = false
        /// Whether the trail's list of sessions to send has it, and its place among those that wait for the recorder.
        var isDirty = false
        var place: Int?

        init(id: String, durability: Durability, trail: AuditTrail) {
            self.id = id
            self.durability = durability
            self.trail = trail
        }

        /// Adds a record; it leaves with the next ``AuditTrail/flush(now:)``. Returns its sequence.
        @discardableResult
        public func append(_ event: Record.OneOf_Event) -> UInt64 {
            guard !hasEnded else {
                StageLog.error("a record after the session's end is dropped", session: id)
                return lastSequence + 1
            }
            lastSequence += 1
            if case .sessionEnded = event { hasEnded = true }
            if failure == nil {
                keep(event)
            } else if hasEnded {
                // The recorder takes no more of this session: nothing is kept for it, and its commands are refused.
                trail.forget(self)
            }
            return lastSequence
        }

        private func keep(_ event: Record.OneOf_Event) {
            var record = Record()
            record.session = id
            record.sequence = lastSequence
            record.timeUs = unixMicroseconds()
            record.event = event
            do {
                let encoded: [UInt8] = try record.serializedBytes()
                unacknowledged.append(Kept(bytes: encoded, addedAt: monotonicNanoseconds()))
                bytes += encoded.count
                trail.mustSend(self)
            } catch {
                StageLog.error("a record cannot be encoded: \(error)", session: id)
                trail.fail(self, AuditFailure(reason: "a record cannot be encoded"))
            }
        }

        /// Whether so many bytes are unacknowledged, of the session or over all of them, that no more should be read for it.
        public var isFull: Bool { hasOwnFull || trail.budget.isUsedUp(with: bytes) }

        /// The same for the session's own bound alone.
        public var hasOwnFull: Bool { bytes >= AuditTrail.sessionBytes }

        /// Whether `sequence` is acknowledged already.
        public func isDurable(through sequence: UInt64) -> Bool { acknowledged >= sequence }

        /// When `sequence` has waited for `time` (nanoseconds) since it was added, whatever waited before it; from now on when
        /// it is not kept.
        public func deadline(of sequence: UInt64, after time: UInt64) -> UInt64 {
            guard sequence > acknowledged, sequence - acknowledged <= UInt64(unacknowledged.count) else {
                return monotonicNanoseconds() + time
            }
            return unacknowledged[Int(sequence - acknowledged) - 1].addedAt + time
        }

        /// Calls `handler` once all records up to `sequence` are acknowledged, or with the reason why they are not by
        /// `deadline` (monotonic nanoseconds).
        public func whenDurable(
            through sequence: UInt64, deadline: UInt64, handler: @escaping (AuditFailure?) -> Void
        ) {
            if acknowledged >= sequence { return handler(nil) }
            if let failure { return handler(failure) }
            waiters.append(Waiter(through: sequence, deadline: deadline, handler: handler))
            trail.mustWait(self)
        }

        // MARK: For the trail

        var isWaiting: Bool { !unacknowledged.isEmpty || !waiters.isEmpty }

        var isUnderWay: Bool { sentThrough > acknowledged }

        var hasUnsent: Bool { acknowledged + UInt64(unacknowledged.count) > sentThrough }

        /// From now on `recorder` gets the records, all that are not acknowledged first. Answers to batches up to
        /// `lastBatch` do not count any more.
        func move(to recorder: AuditRecorder, lastBatch: UInt64) {
            if self.recorder != nil {
                validFrom = lastBatch + 1
                isResuming = mark != nil
            }
            self.recorder = recorder
            hasResumedHere = isResuming
            sentThrough = acknowledged
            resendAfter = AuditTrail.resendFirst
        }

        /// Adds what was not sent yet to a batch, up to its bound.
        func write(to batch: inout AuditBatch) {
            let start = Int(sentThrough - acknowledged)
            var index = start
            while index < unacknowledged.count, batch.body.count < AuditTrail.batchBytes {
                batch.append(record: unacknowledged[index].bytes)
                index += 1
            }
            if index > start, isResuming, let mark { batch.append(resumption: mark, of: id, after: acknowledged) }
            if index > start {
                batch.members.append((self, through: acknowledged + UInt64(index), beginsWhole: start == 0))
            }
        }

        func wasSent(through sequence: UInt64, batch: UInt64, beginsWhole: Bool, now: UInt64) {
            sentThrough = sequence
            sentAt = now
            if beginsWhole { firstBatch = batch }
        }

        /// While the recorder acknowledges anything it is alive and has what was sent before: what is lost is lost with
        /// all that was on its way.
        func isResendDue(now: UInt64) -> Bool {
            guard isUnderWay, failure == nil, let recorder else { return false }
            return sentAt + AuditTrail.resendMaximum <= now
                || sentAt + resendAfter <= now && recorder.heardAt + AuditTrail.resendFirst <= now
        }

        func sendAgain(now: UInt64) {
            sentThrough = acknowledged
            sentAt = now
        }

        /// The recorder refused the first records: it may have forgotten a session that was idle for long. Once it is told
        /// where the acknowledged ones end; false when it was.
        func resumeOnce() -> Bool {
            guard mark != nil, !hasResumedHere else { return false }
            hasResumedHere = true
            isResuming = true
            sentThrough = acknowledged
            return true
        }

        func waitLonger() { resendAfter = min(resendAfter * 2, AuditTrail.resendMaximum) }

        /// What the recorder says that it has, and the block that this was written in or before. Waiters that it satisfies
        /// are returned, for the caller to tell.
        func advance(to acknowledgement: UInt64, mark: AuditMark?) -> [Waiter] {
            guard failure == nil else { return [] }
            let through = min(acknowledgement, lastSequence)
            if let mark, through >= acknowledged, through > 0 {
                self.mark = mark
                isResuming = false
            }
            guard through > acknowledged else { return [] }
            hasResumedHere = false
            let count = Int(through - acknowledged)
            bytes -= unacknowledged[..<count].reduce(0) { $0 + $1.bytes.count }
            if count == unacknowledged.count {
                // An idle session keeps no buffer; a busy one keeps a small one.
                unacknowledged.removeAll(keepingCapacity: unacknowledged.capacity <= AuditTrail.keptRecords)
            } else {
                unacknowledged.removeFirst(count)
            }
            acknowledged = through
            resendAfter = AuditTrail.resendFirst
            sentThrough = max(sentThrough, through)
            return takeWaiters { $0.through <= through }
        }

        func fail(_ failure: AuditFailure) -> [Waiter] {
            self.failure = failure
            unacknowledged = []
            bytes = 0
            return takeWaiters { _ in true }
        }

        func takeWaiters(where isTaken: (Waiter) -> Bool) -> [Waiter] {
            guard !waiters.isEmpty else { return [] }
            let taken = waiters.filter(isTaken)
            if !taken.isEmpty { waiters.removeAll(where: isTaken) }
            return taken
        }
    }
}
