extension Detector {
    static let financial: [Detector] = [
        Detector(
            entity: .creditCard, name: "payment card number",
            validation: "13 to 19 digits, groups of one separator, a known issuer prefix and length, Luhn checksum",
            confidence: .high,
            triggers: [.digits(13)], check: .number(.paymentCard),
            examples: [
                Example("4111111111111111"), Example("card 4111 1111 1111 1111.", "4111 1111 1111 1111"),
                Example("5500-0000-0000-0004"), Example("3782 822463 10005"), Example("30569309025904"),
                Example("6011111111111117"), Example("3530111333300000"), Example("2223003122003222"),
                Example("4222222222222"),
                Example("12 4111-1111-1111-1111 99", "4111-1111-1111-1111"),
                Example("PAN4111111111111111", "4111111111111111"),
                Example("6304000000000000"),
            ],
            counterExamples: [
                "4111111111111112", "1234567890123456", "0.4111111111111111", "41111111111111111111111",
                "de4111111111111111ab", "4111 1111-1111 1111", "0000000000000000", "2024-01-01 10:11:12.000000",
                "411111111111",
            ]),
        Detector(
            entity: .iban, name: "IBAN",
            validation: "a country of the SWIFT registry and its length, groups of four or none, MOD 97-10 checksum",
            confidence: .high,
            triggers: [.shape(.capitalsAndDigits)], check: .iban,
            examples: [
                Example("DE89370400440532013000"),
                Example("to DE89 3704 0044 0532 0130 00.", "DE89 3704 0044 0532 0130 00"),
                Example("GB82 WEST 1234 5698 7654 32"), Example("FR1420041010050500013M02606"),
                Example("NO9386011117947"),
            ],
            counterExamples: [
                "DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "DE893704004405320130001",
                "DE89 37040044 0532 0130 00", "ADE89370400440532013000",
            ]),
        near(
            .iban, .iban, entity: .iban, name: "IBAN near a word",
            validation: "the same in small letters, within 48 bytes of iban or in a column of such a name",
            confidence: .high,
            examples: [
                Example("iban de89370400440532013000", "de89370400440532013000"),
                Example("de89370400440532013000", column: "customer_iban"),
            ],
            counterExamples: ["de89370400440532013000", "iban de88370400440532013000"]),
        Detector(
            entity: .btcAddress, name: "Bitcoin address, Base58Check",
            validation: "26 to 35 base58 digits that begin with 1 or 3, version 0 or 5, double SHA-256 checksum",
            confidence: .high,
            triggers: [.expression("[13][1-9A-HJ-NP-Za-km-z]{25}", length: 26)], check: .bitcoinBase58,
            examples: [
                Example("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
                Example("to 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
            ],
            counterExamples: ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "x1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]),
        Detector(
            entity: .btcAddress, name: "Bitcoin address, Bech32",
            validation: "bc1, one case throughout, checksum of BIP 173 or BIP 350",
            confidence: .high,
            triggers: [.literal("bc1"), .literal("BC1")], check: .bitcoinBech32,
            examples: [
                Example("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
                Example("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
                Example("bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"),
            ],
            counterExamples: [
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bc1short", "abc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            ]),
        Detector(
            entity: .ethAddress, name: "Ethereum address",
            validation: "0x and 40 hexadecimal digits, alone; in mixed case the checksum of EIP-55 must be right",
            confidence: .medium,
            triggers: [.expression("0x[0-9A-Fa-f]{40}", length: 42)], check: .ethereum,
            examples: [
                Example("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
                Example("0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"),
            ],
            counterExamples: [
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d3590",
                "0x0000000000000000000000000000000000000000", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d35",
            ]),
    ]
}
