import Configuration
import NIOCore

/// How much more of a session's data is recorded.
final class RecordingAllowance {
    private let budget: RecordingBudget
    /// Bytes that were recorded of all commands.
    private var used = 0

    init(_ budget: RecordingBudget) { self.budget = budget }

    /// Counts of `bytes`, which are whole messages, as many as still fit.
    /// - Parameter recorded: bytes of the same command.
    /// - Returns: their size, and the key of the budget that is used up when these are not all.
    func take(_ bytes: ByteBuffer, recorded: inout Int) -> (count: Int, usedUp: String?) {
        let ofCommand = budget.perCommand - recorded
        let ofSession = budget.perSession - used
        let room = max(0, min(ofCommand, ofSession))
        let isAll = bytes.readableBytes <= room
        let count = isAll ? bytes.readableBytes : Self.wholeMessages(bytes, within: room)
        recorded += count
        used += count
        let key = ofSession < ofCommand ? RecordingBudget.perSessionKey : RecordingBudget.perCommandKey
        return (count, isAll ? nil : key)
    }

    private static func wholeMessages(_ bytes: ByteBuffer, within room: Int) -> Int {
        var end = 0
        while let length = bytes.getInteger(at: bytes.readerIndex + end + 1, as: Int32.self), length >= 4,
            end + 1 + Int(length) <= room
        {
            end += 1 + Int(length)
        }
        return end
    }
}
