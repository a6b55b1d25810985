/// Where masked values stand within the document that a column holds: what ``ColumnMask/paths`` are written in.
///
/// A part of JSONPath (RFC 9535): `$.user.email`, `$['odd key']`, `$.cards[*].number`, `$.*.name`, `$..ssn`. Names are compared in
/// any letter case and without the white space around them. Arrays are passed through, whether a path names them or not.
public struct ValuePath: Hashable, Sendable {
    public static let maximumBytes = 1024
    public static let maximumSegments = 32
    /// Of one mask.
    public static let maximumPaths = 64
    /// In all paths of one mask.
    public static let maximumSteps = 512
    /// In all paths about one column, whichever masks they come from.
    public static let maximumColumnSteps = 2048

    enum Selector: Hashable, Sendable {
        /// As ``folded(_:)`` leaves it.
        case name([UInt8])
        case any
    }

    struct Segment: Hashable, Sendable {
        let selector: Selector
        /// At any depth.
        let descends: Bool
        /// `[*]`, which need not be there since arrays are passed through.
        let isOptional: Bool
    }

    /// As it is written.
    public let text: String
    let segments: [Segment]

    /// - Throws: ``Mistake`` when it is no path that is supported here.
    public init(_ text: String) throws(Mistake) {
        self.text = text
        segments = try ValuePath.parse(text)
        guard !start.contains(end) else { throw Mistake("names the whole value: leave “paths” out") }
    }

    public struct Mistake: Error, Hashable, Sendable {
        /// For whoever wrote the path.
        public let message: String
        init(_ message: String) { self.message = message }
    }

    /// A name as paths are compared with it: in lower case, without the white space around it.
    public static func folded(_ name: [UInt8]) -> [UInt8] {
        let scalars = String(decoding: name, as: UTF8.self).lowercased().unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return [] }
        return Array(String(scalars[first...last]).utf8)
    }
}
