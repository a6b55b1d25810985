import Foundation

/// Names are compared as Swift compares texts, by canonical equivalence; PostgreSQL compares bytes. Both agree on names in
/// Unicode's composed form (NFC, https://www.unicode.org/reports/tr15/), so that no other counts: KELVIN SIGN is no K here.
enum ComposedName {
    static func isComposed(_ name: some Collection<UInt8>) -> Bool {
        guard name.contains(where: { $0 >= 0x80 }) else { return true }
        let text = String(decoding: name, as: UTF8.self)
        return text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(name)
    }
}
