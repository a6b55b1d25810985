import Bus
import Detection
import Masking
import PolicyDetectors

/// Detectors that the policy defines, as plans mean them.
final class PolicyDefinitions: DetectorDefinitions {
    private var versions: DefinitionVersions

    init(policyPath: String) { versions = DefinitionVersions(policyPath: policyPath) }

    func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
        let found = versions.definitions(of: names, digest: digest) { error in
            StageLog.error(
                "the policy has mistakes; its detectors without one, and the former ones, are known: \(error)")
        }
        guard let found else { throw MaskError.unknownDefinitions(names) }
        return found
    }
}
