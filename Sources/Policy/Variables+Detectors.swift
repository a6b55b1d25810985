import Contract
import Detection
import Foundation
import PolicyDetectors
import StrictYAML

extension Variables {
    /// A mask of what a `detect` list names: detectors of Sluice's own and of the policy, each once. `all` is every one of
    /// both.
    func detectorMask(_ node: StrictNode) throws(ConfigurationError) -> DetectorMask {
        var mask = DetectorMask()
        var own: [String] = []
        for names in try map(node, named) {
            for name in names {
                if !mask.entities.contains(name) { mask.entities.append(name) }
                if detectors.names.contains(name), !own.contains(name) { own.append(name) }
            }
        }
        if !own.isEmpty { mask.definitions = Data(detectors.detection.only(own).digest) }
        return mask
    }

    private func named(_ text: String, _ node: StrictNode) throws(ConfigurationError) -> [String] {
        if text == Entity.all.rawValue { return [text] + detectors.names }
        guard Entity(rawValue: text) != nil || detectors.names.contains(text) else {
            throw node.unknown(text, among: Entity.allCases.map(\.rawValue) + detectors.names)
        }
        return [text]
    }
}
