import Contract
import Detection

/// Knows detectors of the installation's own by what a mask plan says of them.
public protocol DetectorDefinitions {
    /// Those of `names` that `digest` is the ``CustomDetection/digest`` of.
    /// - Throws: ``MaskError`` when they are not known here.
    func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection
}

/// One version of them.
extension CustomDetection: DetectorDefinitions {
    public func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
        let named = only(names)
        guard named.digest == digest else { throw MaskError.unknownDefinitions(names) }
        return named
    }
}

extension DetectorDefinitions {
    /// All that the masks name of them. Two versions of one name find what either finds.
    public func definitions(of masks: [DetectorMask]) throws(MaskError) -> CustomDetection {
        var all = CustomDetection.none
        for mask in masks where !mask.definitions.isEmpty {
            all = all.union(try definitions(of: mask.entities, digest: [UInt8](mask.definitions)))
        }
        return all
    }
}

extension MaskError {
    public static func unknownDefinitions(_ names: [String]) -> MaskError {
        let own = names.filter { Entity.named($0).isEmpty }.joined(separator: ", ")
        return MaskError(code: .badPlan, message: "the definition of \(own) that the plan means is not known here")
    }
}

extension DetectionEngine {
    /// Nil when there is nothing to find.
    public static func finding(_ entities: [Entity], _ custom: CustomDetection) throws(DetectionError)
        -> DetectionEngine?
    {
        if entities.isEmpty, custom.isEmpty { return nil }
        return try DetectionEngine(
            entities: entities, custom: custom.detectors, dictionaries: custom.dictionaries)
    }
}
