import Contract
import FoundationEssentials
import Masking

/// Where a COPY stands between two batches. It travels in the batch's tail: a byte of flags, then the bytes of a row
/// that is not whole yet. An empty tail is the start of a COPY.
struct CopyState {
    /// A row that grows beyond this is refused.
    static let maximumRestBytes = 64 << 20
    private static let headerFlag: UInt8 = 1
    private static let trailerFlag: UInt8 = 2

    var headerDone = false
    /// Binary format: nothing may follow.
    var trailerDone = false
    var rest: [UInt8] = []

    init() {}

    init(tail: Data) throws(MaskError) {
        guard let flags = tail.first else { return }
        guard flags & ~(CopyState.headerFlag | CopyState.trailerFlag) == 0 else {
            throw .malformed("the batch's tail is not this masker's")
        }
        headerDone = flags & CopyState.headerFlag != 0
        trailerDone = flags & CopyState.trailerFlag != 0
        rest = [UInt8](tail.dropFirst())
    }

    var tail: Data {
        let flags = (headerDone ? CopyState.headerFlag : 0) | (trailerDone ? CopyState.trailerFlag : 0)
        return flags == 0 && rest.isEmpty ? Data() : Data([flags] + rest)
    }
}
