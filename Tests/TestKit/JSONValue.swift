import Foundation

/// A JSON document, read leniently: a missing key is `null`, a wrong type is nil.
public enum JSONValue: Sendable, Equatable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case elements([JSONValue])
    case members([String: JSONValue])

    public init(_ document: String) throws {
        do {
            let data = Data(document.utf8)
            self.init(any: try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed]))
        } catch {
            throw TestKitError("no JSON (\(error)): \(document.prefix(2000))")
        }
    }

    private init(any value: Any) {
        switch value {
        case let text as String: self = .text(text)
        case let number as NSNumber:
            self = isBoolean(number) ? .bool(number.boolValue) : .number(number.doubleValue)
        case let list as [Any]: self = .elements(list.map { JSONValue(any: $0) })
        case let object as [String: Any]: self = .members(object.mapValues { JSONValue(any: $0) })
        default: self = .null
        }
    }

    public subscript(key: String) -> JSONValue {
        if case .members(let members) = self { return members[key] ?? .null }
        return .null
    }

    public var string: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    public var int: Int? {
        if case .number(let number) = self { return Int(number) }
        return nil
    }

    /// False also when it is no boolean.
    public var isTrue: Bool {
        if case .bool(let flag) = self { return flag }
        return false
    }

    public var bool: Bool? {
        if case .bool(let bool) = self { return bool }
        return nil
    }

    public var array: [JSONValue] {
        if case .elements(let elements) = self { return elements }
        return []
    }

    /// The rows of a listing: the array itself, or the one array in an object such as `{"sessions": […]}`.
    public var list: [JSONValue] {
        switch self {
        case .elements(let elements): return elements
        case .members(let members):
            for case .elements(let elements) in members.values { return elements }
            return []
        case .null, .bool, .number, .text: return []
        }
    }

    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let number): "\(number)"
        case .text(let text): "\"\(text)\""
        case .elements(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .members(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }
}

/// JSONSerialization gives booleans as NSNumber; their Objective-C type tells them from numbers.
private func isBoolean(_ number: NSNumber) -> Bool {
    number.objCType.pointee == CChar(UInt8(ascii: "c"))
}
