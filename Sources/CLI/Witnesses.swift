import Forwarding
import Foundation
import Recording

/// Where `sluice witness` gives checkpoints to.
struct Witnesses {
    private static let maxAnswerBytes = 64 << 10

    private let folder: KeptCheckpoints?
    private let receiver: (url: String, post: PostedNote)?
    private let authority: (url: String, post: PostedNote, certificates: String)?

    init(keep: String?, post: String?, timestamp: String?, authority: String?, ca: String?) {
        folder = keep.map { KeptCheckpoints($0) }
        receiver = post.map { ($0, PostedNote(to: $0, authorities: ca)) }
        if let timestamp, let authority {
            self.authority = (timestamp, PostedNote(to: timestamp, authorities: ca), authority)
        } else {
            self.authority = nil
        }
    }

    /// Returns when all have taken it.
    func give(_ signed: SignedCheckpoint) throws {
        if let folder {
            let kept = try folder.keep(signed)
            if authority != nil { try stamp(kept) }
        }
        guard let receiver else { return }
        do {
            _ = try receiver.post.send(
                signed.note, contentType: "text/plain; charset=utf-8", limit: Self.maxAnswerBytes)
        } catch {
            throw CommandFailure("\(receiver.url) did not take the checkpoint: \(error)")
        }
    }

    private func stamp(_ kept: SignedCheckpoint) throws {
        guard let authority else { return }
        if let response = try KeptCheckpoints.timestamp(of: kept) {
            _ = try Timestamp.check(
                response, of: kept.note, authorities: authority.certificates, file: "the timestamp of \(kept.file)")
            return
        }
        let request = try Timestamp.request(for: kept.note)
        let response: [UInt8]
        do {
            response = try authority.post.send(
                request, contentType: "application/timestamp-query", limit: Timestamp.maxResponseBytes)
        } catch {
            throw CommandFailure("\(authority.url) gave no timestamp: \(error)")
        }
        _ = try Timestamp.check(
            response, of: kept.note, request: request, authorities: authority.certificates, file: authority.url)
        try KeptCheckpoints.keep(timestamp: response, of: kept)
    }
}
