/// The database that every test reads: customers with personal data, and their orders. Always the same.
public enum SampleDatabase {
    public static let customers = 1000
    public static let orders = 3000

    public struct Customer: Sendable {
        public let id: Int
        public var name: String { "Customer \(id)" }
        public var email: String { "person\(id)@mail\(id % 7).example.com" }
        public var phone: String { "+49 30 55\(padded(id, 5))" }
        /// A number that the Social Security Administration could have given: no 000, 666 or 9xx area.
        public var ssn: String { "\(padded(100 + id % 500, 3))-\(padded(10 + id % 80, 2))-\(padded(1000 + id, 4))" }
        /// Sixteen digits whose last one is right by Luhn's rule.
        public var card: String {
            let body = "4" + padded(id &* 7919 % 100_000_000, 14)
            return body + "\(luhnDigit(body))"
        }
        public var notes: String { id % 10 == 0 ? "call back about \(ssn), paid with \(card)" : "prefers mail" }
    }

    public static func customer(_ id: Int) -> Customer { Customer(id: id) }

    public static let script: String = {
        var text = """
            BEGIN;
            CREATE TABLE customers (
                id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, phone text, ssn text, card text,
                notes text, active boolean NOT NULL DEFAULT true, created date NOT NULL DEFAULT '2026-01-01');
            CREATE TABLE orders (
                id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
                item text NOT NULL, amount numeric(10,2) NOT NULL, tags text[], details jsonb);
            CREATE TABLE scratch (id integer, note text);
            CREATE VIEW contacts AS SELECT id, name, email FROM customers;

            """
        for id in 1...customers {
            let c = customer(id)
            text += """
                INSERT INTO customers (id, name, email, phone, ssn, card, notes) VALUES
                (\(id), '\(c.name)', '\(c.email)', '\(c.phone)', '\(c.ssn)', '\(c.card)', '\(c.notes)');

                """
        }
        text += """
            INSERT INTO orders SELECT n, 1 + n % \(customers), 'item ' || n, n * 1.25, ARRAY['tag' || n % 5],
                jsonb_build_object('n', n) FROM generate_series(1, \(orders)) n;
            CREATE INDEX ON orders (customer_id);
            COMMIT;
            ANALYZE;
            """
        return text
    }()
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The check digit that ISO/IEC 7812-1 annex B puts after `body`.
private func luhnDigit(_ body: String) -> Int {
    var sum = 0
    for (place, character) in body.utf8.reversed().enumerated() {
        let digit = Int(character) - 0x30
        let doubled = place.isMultiple(of: 2) ? digit * 2 : digit
        sum += doubled > 9 ? doubled - 9 : doubled
    }
    return (10 - sum % 10) % 10
}
