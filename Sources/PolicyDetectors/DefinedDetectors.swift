import Detection
import PolicyFiles
import StrictYAML

/// What the files of a policy define under `detectors` and `dictionaries`, checked: patterns are compiled and examples
/// tried.
public struct DefinedDetectors: Sendable {
    public private(set) var detection = CustomDetection.none
    /// Those with mistakes too, so that a rule which names one has none of its own.
    public private(set) var names: [String] = []
    public private(set) var mistakes = Mistakes()
    private var places: [String: String] = [:]

    public init(_ files: PolicyFiles) {
        for file in files.files {
            do throws(ConfigurationError) {
                var map = try file.root.mapping()
                if let node = map.optional("detectors") { try addDetectors(node) }
                if let node = map.optional("dictionaries") { try addDictionaries(node, file, files) }
            } catch {
                mistakes.add(error)
            }
        }
    }

    /// The detectors alone; the error has every mistake in them.
    public static func detection(of files: PolicyFiles) throws(ConfigurationError) -> CustomDetection {
        let defined = DefinedDetectors(files)
        try defined.mistakes.finish()
        return defined.detection
    }

    private mutating func addDetectors(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        for (name, key, item) in map.all() {
            guard isNew(name, key) else { continue }
            guard let detector = mistakes.attempt(try CustomDetector(name, item)) else { continue }
            guard detection.detectors.count < CustomDetector.maximumCount else {
                // The same mistake counts once.
                mistakes.add(node.error("more than \(CustomDetector.maximumCount) detectors"))
                continue
            }
            let steps = detection.detectors.reduce(detector.steps) { $0 + $1.steps }
            guard steps <= CustomDetector.maximumStepsTogether else {
                mistakes.add(
                    node.error(
                        "the repeats of all patterns stand for more than \(CustomDetector.maximumStepsTogether) steps"))
                continue
            }
            detection.detectors.append(detector)
        }
    }

    private mutating func addDictionaries(
        _ node: StrictNode, _ file: PolicyFiles.File, _ files: PolicyFiles
    ) throws(ConfigurationError) {
        var map = try node.mapping()
        for (name, key, item) in map.all() {
            guard isNew(name, key) else { continue }
            guard let dictionary = mistakes.attempt(try CustomDictionary(name, item, file, files)) else { continue }
            let words = detection.dictionaries.reduce(dictionary.words.count) { $0 + $1.words.count }
            guard words <= CustomDictionary.maximumWords else {
                mistakes.add(node.error("more than \(CustomDictionary.maximumWords) words in dictionaries"))
                continue
            }
            detection.dictionaries.append(dictionary)
        }
    }

    private mutating func isNew(_ name: String, _ node: StrictNode) -> Bool {
        if name == "all" || Entity(name: name) != nil {
            mistakes.add(node.error("“\(name)” is a detector of Sluice's own: give yours another name"))
            return false
        }
        if let place = places.updateValue("\(node.file):\(node.line)", forKey: name) {
            mistakes.add(node.error("“\(name)” is defined already: \(place)"))
            return false
        }
        names.append(name)
        return true
    }
}

extension StrictNode {
    func confidence() throws(ConfigurationError) -> Confidence {
        let name = try string()
        guard let confidence = Confidence(name: name) else {
            throw unknown(name, among: Confidence.allCases.map(\.name))
        }
        return confidence
    }
}
