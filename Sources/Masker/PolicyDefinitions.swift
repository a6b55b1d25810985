import Bus
import Detection
import Masking
import PolicyDetectors
import PolicyFiles
import StrictYAML

/// Detectors that the policy defines, as plans mean them: each plan says by a digest which version. The files are read when
/// a plan means one that is not known here, so that a version that classifiers have is known as soon as it is needed.
final class PolicyDefinitions: DetectorDefinitions {
    /// Versions of sets kept, and their bytes; when there are more, all are dropped and read again as they are needed.
    private static let maximumKept = 64
    private static let maximumBytes = 32 << 20

    private struct Meaning: Hashable {
        let names: [String]
        let digest: [UInt8]
    }

    private var watch: PolicyWatch
    private var current = CustomDetection.none
    private var known: [Meaning: CustomDetection] = [:]

    init(policyPath: String) { watch = PolicyWatch(path: policyPath) }

    func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
        let meaning = Meaning(names: names, digest: digest)
        if let known = known[meaning] { return known }
        if let found = watch.changed() {
            do throws(ConfigurationError) {
                current = try DefinedDetectors.detection(of: try found.get())
            } catch {
                StageLog.error("detectors of the policy not read, the former ones stay: \(error)")
            }
        }
        let found = try current.definitions(of: names, digest: digest)
        let bytes = known.values.reduce(found.byteCount) { $0 + $1.byteCount }
        if known.count >= Self.maximumKept || bytes > Self.maximumBytes { known.removeAll() }
        known[meaning] = found
        return found
    }
}
