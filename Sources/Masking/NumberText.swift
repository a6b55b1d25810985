import Detection

/// The digits that a number shows.
public enum NumberText {
    /// Numbers lose their leading zeros, which social security numbers have.
    public static func padded(_ value: UInt64, near: FieldContext) -> [UInt8] {
        let text = Array(String(value).utf8)
        return text.count < near.digits ? Array(repeating: 0x30, count: near.digits - text.count) + text : text
    }

    /// Of a whole number long enough to be an entity; nil for all others.
    public static func digits(_ value: Double, near: FieldContext) -> [UInt8]? {
        guard value.magnitude < 1e19, value.magnitude >= 1e6, value.rounded() == value else { return nil }
        return padded(UInt64(value.magnitude), near: near)
    }
}
