import COpenSSL

/// Detectors and dictionaries of the installation's own, as a policy defines them.
public struct CustomDetection: Hashable, Sendable {
    public var detectors: [CustomDetector]
    public var dictionaries: [CustomDictionary]

    public static let none = CustomDetection()

    public init(detectors: [CustomDetector] = [], dictionaries: [CustomDictionary] = []) {
        self.detectors = detectors
        self.dictionaries = dictionaries
    }

    public var isEmpty: Bool { detectors.isEmpty && dictionaries.isEmpty }

    /// What can be found, in the order of definition, detectors first.
    public var names: [String] {
        var names: [String] = []
        for name in detectors.map(\.entity) + dictionaries.map(\.entity) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// What of it finds any of `names`.
    public func only(_ names: some Collection<String>) -> CustomDetection {
        CustomDetection(
            detectors: detectors.filter { names.contains($0.entity) },
            dictionaries: dictionaries.filter { names.contains($0.entity) })
    }

    /// Finds what either finds.
    public func union(_ other: CustomDetection) -> CustomDetection {
        CustomDetection(
            detectors: detectors + other.detectors.filter { !detectors.contains($0) },
            dictionaries: dictionaries + other.dictionaries.filter { !dictionaries.contains($0) })
    }

    /// The entity of that name in an engine that is made with these and no others; nil when nothing here finds it.
    public func entity(named name: String) -> Entity? {
        names.contains(name) ? CustomEntities(detectors, dictionaries).entity(name) : nil
    }

    /// What is kept of it, in bytes: about.
    public var byteCount: Int {
        detectors.reduce(0) { $0 + 256 + $1.pattern.utf8.count }
            + dictionaries.reduce(0) { $0 + $1.words.reduce(64) { $0 + 32 + $1.utf8.count } }
    }

    /// SHA-256 of all that decides what is found: two with the same digest find the same.
    ///
    /// Over `sluice-detectors-v1` and a NUL, then the number of detectors and each one's entity, pattern, a byte of case,
    /// validator, a byte of confidence, and context words; then the number of dictionaries and each one's entity, byte of
    /// case, byte of confidence, and words. Every text is behind its length, every list behind its count, as UInt32, big
    /// endian.
    public var digest: [UInt8] {
        var input = Array("sluice-detectors-v1\0".utf8)
        func add(_ count: Int) { withUnsafeBytes(of: UInt32(count).bigEndian) { input += $0 } }
        func add(_ text: String) {
            add(text.utf8.count)
            input += text.utf8
        }
        func add(_ texts: [String]) {
            add(texts.count)
            for text in texts { add(text) }
        }
        add(detectors.count)
        for detector in detectors {
            add(detector.entity)
            add(detector.pattern)
            input.append(detector.isCaseSensitive ? 1 : 0)
            add(detector.validator.rawValue)
            input.append(detector.confidence.rawValue)
            add(detector.context)
        }
        add(dictionaries.count)
        for dictionary in dictionaries {
            add(dictionary.entity)
            input.append(dictionary.isCaseSensitive ? 1 : 0)
            input.append(dictionary.confidence.rawValue)
            add(dictionary.words)
        }
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(input, input.count, &digest)
        return digest
    }
}
