import Foundation

/// The sample database's personal data, which must arrive nowhere unmasked.
public enum Canaries {
    private static let numbers: Set<String> = Set(
        (1...SampleDatabase.customers).flatMap { number in
            let customer = SampleDatabase.customer(number)
            return [customer.ssn, customer.card]
        })

    /// E-mail addresses' domain, social security and card numbers of ``SampleDatabase`` in `data`.
    public static func found(in data: Data) -> [String] {
        var found: [String] = []
        if data.range(of: Data("example.com".utf8)) != nil { found.append("example.com") }
        // Runs of digits and hyphens, cut where the longest canary ends.
        var run: [UInt8] = []
        for byte in data + [0x0A] {
            if (0x30...0x39).contains(byte) || byte == 0x2D {
                if run.count < 64 { run.append(byte) }
            } else if !run.isEmpty {
                let text = String(decoding: run, as: UTF8.self)
                if numbers.contains(text) { found.append(text) }
                run.removeAll(keepingCapacity: true)
            }
        }
        return found
    }
}
