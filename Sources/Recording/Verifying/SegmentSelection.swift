import Contract
import Glibc
import SwiftProtobuf

/// Which segments a verification of less than everything reads.
enum SegmentSelection {
    /// The numbers of those of `segments` in `folder` that `scope` is about.
    static func choose(
        _ segments: [UInt64], in folder: SegmentFolder, _ scope: VerificationOptions.Scope
    ) throws(RecordingError) -> Set<UInt64> {
        switch scope {
        case .everything: return Set(segments)
        case .session(let id):
            var chosen: Set<UInt64> = []
            for number in segments {
                do throws(RecordingError) {
                    if try holds(id, folder.reader(number).path) { chosen.insert(number) }
                } catch {
                    // The scan of it says what is wrong.
                    chosen.insert(number)
                }
            }
            return chosen
        case .time(let range):
            var chosen: Set<UInt64> = []
            var created: [(number: UInt64, time: UInt64)] = []
            for number in segments {
                do throws(RecordingError) {
                    let header = try folder.reader(number).header
                    created.append((number, header.created))
                } catch {
                    // The scan of it says what is wrong.
                    chosen.insert(number)
                }
            }
            for (index, one) in created.enumerated() {
                // A segment is written to until the next one begins.
                let end = index + 1 < created.count ? created[index + 1].time : .max
                if one.time <= range.upperBound, end >= range.lowerBound { chosen.insert(one.number) }
            }
            return chosen
        }
    }

    /// Whether a block's manifest names the session; frames are passed over. True for what cannot be read.
    private static func holds(_ session: String, _ path: String) throws(RecordingError) -> Bool {
        let descriptor = try openForReading(path)
        defer { close(descriptor) }
        let memory = ReusedMemory(1 << 16)
        var place = Int64(Format.segmentHeaderSize)
        while true {
            let start = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<Format.blockHeaderSize])
            let got = readFully(descriptor, into: start, at: place)
            if got == 0 { return false }
            guard got == Format.blockHeaderSize else { return true }
            let block: BlockHeader
            do throws(FormatProblem) { block = try BlockHeader(UnsafeRawBufferPointer(start)) } catch { return true }
            memory.reserve(block.manifestLength)
            let manifest = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<block.manifestLength])
            let manifestPlace = place + Int64(Format.blockHeaderSize)
            guard readFully(descriptor, into: manifest, at: manifestPlace) == manifest.count else { return true }
            do {
                let parsed = try BlockManifest(serializedBytes: UnsafeRawBufferPointer(manifest).bytes)
                if parsed.runs.contains(where: { $0.session == session }) { return true }
            } catch {
                return true
            }
            place += Int64(block.length)
        }
    }
}
