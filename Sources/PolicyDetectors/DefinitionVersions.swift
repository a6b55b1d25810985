import Detection
import PolicyFiles
import StrictYAML

/// What a policy's files define, in the versions that plans mean: each plan names some of it, and says by a digest which version.
///
/// The files are read when a plan means a version that is not known here, so that one that classifiers have is known as soon as it
/// is needed. Mistakes elsewhere in them do not matter: the digest proves what was read.
public struct DefinitionVersions {
    /// Versions of sets kept. When there are more, or they take up more than ``maximumBytes``, those not asked for the longest are
    /// dropped, and read again when they are needed.
    static let maximumKept = 64
    static let maximumBytes = 32 << 20

    private struct Meaning: Hashable {
        let names: [String]
        let digest: [UInt8]
    }

    private struct Kept {
        let detection: CustomDetection
        let bytes: Int
        /// By ``uses``: when it was asked for last.
        var used: Int
    }

    private var watch: PolicyWatch
    /// What of the files has no mistake.
    private var current = CustomDetection.none
    /// What they defined when they last had none.
    private var whole = CustomDetection.none
    private var kept: [Meaning: Kept] = [:]
    private var uses = 0

    public init(policyPath: String) { watch = PolicyWatch(path: policyPath) }

    /// Those of `names` that `digest` is the ``CustomDetection/digest`` of; nil when they are not known.
    /// - Parameter report: is told the mistakes of files that were read anew.
    public mutating func definitions(
        of names: [String], digest: [UInt8], report: (ConfigurationError) -> Void
    ) -> CustomDetection? {
        let meaning = Meaning(names: names, digest: digest)
        uses += 1
        if let known = kept[meaning] {
            kept[meaning]?.used = uses
            return known.detection
        }
        read(report)
        let versions = [current, whole].lazy.map { $0.only(names) }
        guard let found = versions.first(where: { $0.digest == digest }) else { return nil }
        keep(found, as: meaning)
        return found
    }

    private mutating func read(_ report: (ConfigurationError) -> Void) {
        guard let (files, unread) = watch.surveyed() else { return }
        let defined = DefinedDetectors(files)
        var mistakes = unread
        mistakes.add(defined.mistakes)
        current = defined.detection
        if let error = mistakes.error { report(error) } else { whole = current }
    }

    private mutating func keep(_ detection: CustomDetection, as meaning: Meaning) {
        let bytes = detection.byteCount
        var total = kept.values.reduce(bytes) { $0 + $1.bytes }
        while let oldest = kept.min(by: { $0.value.used < $1.value.used }),
            kept.count >= Self.maximumKept || total > Self.maximumBytes
        {
            total -= oldest.value.bytes
            kept[oldest.key] = nil
        }
        kept[meaning] = Kept(detection: detection, bytes: bytes, used: uses)
    }
}
