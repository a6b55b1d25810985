import Contract
import Foundation
import Identity
import NIOCore
import PostgresWire

/// What a target says to no command's account, as it is recorded: notices, notifications, errors.
struct LooseReplies {
    private var data = RecordedData()
    private var recorded = 0

    /// Why replies are left out where the policy has, or after a change may have, less recorded of some commands.
    static let levelKey = "recording"

    /// What is recorded instead of `output`.
    static func leftOut(_ output: Output) -> Output {
        var left = output
        left.data = Data()
        let digest = SHA256Digest(of: [UInt8](output.data))
        left.stopped = "\(levelKey): \(output.data.count) bytes, SHA-256 \(digest)"
        return left
    }

    /// Records of what is said in whole messages; none when it is nothing, or the budget is used up.
    mutating func take(_ messages: ByteBuffer, _ allowance: RecordingAllowance) -> [Output] {
        var rest = messages
        var said = ByteBuffer()
        while let type = rest.getInteger(at: rest.readerIndex, as: UInt8.self),
            let length = rest.getInteger(at: rest.readerIndex + 1, as: Int32.self), length >= 4,
            let message = rest.readSlice(length: Int(length) + 1)
        {
            switch type {
            case BackendType.noticeResponse, BackendType.notificationResponse, BackendType.errorResponse:
                said.writeImmutableBuffer(message)
            default: break
            }
        }
        guard said.readableBytes > 0 else { return [] }
        var pieces = data.add(said, allowance, recorded: &recorded)
        if !data.pending.isEmpty { pieces += data.cut() }
        return pieces.map { piece in
            var output = Output()
            output.data = Data(piece.bytes)
            output.firstUs = piece.firstAt
            output.stopped = piece.usedUp ?? ""
            return output
        }
    }
}
