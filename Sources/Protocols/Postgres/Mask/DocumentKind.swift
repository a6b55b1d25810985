/// How a value is read in which paths name places.
indirect enum DocumentKind: Equatable {
    case json
    /// Binary jsonb: a version byte, then JSON text.
    case jsonb
    case xml
    /// Text that is to be an object or an array of JSON.
    case text
    /// Of a type of an extension: hstore, or an array of it.
    case unknownText, unknownBinary
    case arrayText(DocumentKind, delimiter: UInt8)
    case arrayBinary
    /// Of a type that is not told: any of these.
    case any(binary: Bool)
    /// Of a type that has no places.
    case none

    init(_ type: ValueType, binary: Bool) {
        switch type {
        case .text: self = .text
        case .xml: self = .xml
        case .json: self = .json
        case .jsonb: self = binary ? .jsonb : .json
        case .array(let element, let delimiter):
            self = binary ? .arrayBinary : .arrayText(DocumentKind(element, binary: false), delimiter: delimiter)
        case .unknown: self = binary ? .unknownBinary : .unknownText
        case .bytea, .scalar, .range, .multirange, .vector, .record: self = .none
        }
    }
}
