// Every detector: what it looks for, how it verifies, and texts that it must and must not match.
// Examples that look like live credentials are cut in two so that scanners of source code leave them alone.
extension Detector {
    public static let all: [Detector] = [
        Detector(
            entity: .email, name: "e-mail address",
            validation:
                "local part of at most 64 bytes, a domain of two or more labels, the last one starting with two letters",
            triggers: [.literal("@")], check: .email,
            examples: [
                Example("alice@example.com"),
                Example("Mail <bob.o+tag@mail.example.co.uk>.", "bob.o+tag@mail.example.co.uk"),
                Example("o'brien@example.org"), Example("x='bob@example.org'", "bob@example.org"),
                Example("jürgen@müller.de"), Example("a@xn--mller-kva.xn--p1ai"), Example("{a@b.co,1}", "a@b.co"),
                Example("https://bob@example.com/", "bob@example.com"),
            ],
            counterExamples: [
                "user@localhost", "@handle", "lodash@4.17.21", "a@b", "a @example.com", "icon@2x.png", "x@.com",
                "postgres://app:pw@db.example.com/x", "foo@1.2",
            ]),
        Detector(
            entity: .creditCard, name: "payment card number",
            validation: "13 to 19 digits, groups of one separator, a known issuer prefix and length, Luhn checksum",
            triggers: [.expression("[0-9](?:[ -]?[0-9]){12}")], check: .paymentCard,
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
            entity: .usSSN, name: "US social security number, dashed",
            validation:
                "area not 000, 666 or 900 and above, group not 00, serial not 0000, not one of the two voided numbers",
            triggers: [.expression("[0-9]{3}-[0-9]{2}-[0-9]{4}")], check: .dashedSocialSecurityNumber,
            examples: [
                Example("536-90-4399"), Example("id 001-01-0001,", "001-01-0001"),
                Example("SSN899-12-3456", "899-12-3456"),
            ],
            counterExamples: [
                "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "078-05-1120", "219-09-9999",
                "1123-45-6789", "123-45-67890", "123-45-6789-1", "1-123-45-6789", "2024-01-02",
            ]),
        Detector(
            entity: .usSSN, name: "US social security number, near a word",
            validation:
                "the same rules on 9 digits, bare or in groups by spaces, within 48 bytes of ssn or social security",
            triggers: [
                .anyCase("ssn"), .anyCase("social security"), .anyCase("social_security"), .anyCase("social-security"),
                .anyCase("socialsecurity"),
            ], check: .socialSecurityWord,
            examples: [
                Example("ssn: 536904399", "536904399"), Example("Social Security number 536904399", "536904399"),
                Example("536 90 4399 (SSN)", "536 90 4399"), Example("{\"user_ssn\":536904399}", "536904399"),
            ],
            counterExamples: ["536904399", "classname 536904399", "ssn 000123456", "ssn 5369043991", "ssn 0.536904399"]),
        secret(
            "AWS access key id", "AKIA or ASIA and 16 upper-case letters or digits", ["AKIA", "ASIA"],
            TokenRule(alphabet: .upperAlphanumeric, length: 16...16, joins: true),
            examples: [
                Example("id AKIA" + "IOSFODNN7EXAMPLE;", "AKIA" + "IOSFODNN7EXAMPLE"),
                Example("ASIA" + "IOSFODNN7EXAMPLE"),
            ],
            counterExamples: [
                "AKIAIOSFODNN7EXAMPL", "XAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE1", "AKIAiosfodnn7example",
            ]),
        secret(
            "GitHub token", "ghp_, gho_, ghu_, ghs_ or ghr_ and 36 or more letters and digits",
            ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], TokenRule(alphabet: .alphanumeric, length: 36...255),
            examples: [
                Example("ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"),
                Example("gho_" + "abcdefghijklmnopqrstuvwxyz0123456789"),
            ],
            counterExamples: ["ghp_short", "xghp_abcdefghijklmnopqrstuvwxyz0123456789"]),
        secret(
            "GitHub fine-grained token", "github_pat_ and 22 or more letters, digits and underscores", ["github_pat_"],
            TokenRule(alphabet: .alphanumericUnderscore, length: 22...255),
            examples: [Example("github_pat_" + "11ABCDEFG0123456789abc_defghijklmnop")],
            counterExamples: ["github_pat_short"]),
        secret(
            "GitLab token", "glpat- and 20 or more base64url characters", ["glpat-"],
            TokenRule(alphabet: .base64URL, length: 20...255),
            examples: [Example("glpat-" + "abcDEF123_-abcDEF123")], counterExamples: ["glpat-abc"]),
        secret(
            "Slack token", "xox and one letter, a hyphen, and 10 or more letters, digits and hyphens",
            ["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"],
            TokenRule(alphabet: .alphanumericHyphen, length: 10...255, needsDigit: true),
            examples: [Example("xoxb-" + "123456789012-abcdefABCDEF")],
            counterExamples: ["xoxb-short", "xoxq-123456789012-abcdef"]),
        secret(
            "Stripe key", "sk_live_ or rk_live_ and 16 or more letters and digits", ["sk_live_", "rk_live_"],
            TokenRule(alphabet: .alphanumeric, length: 16...255),
            examples: [
                Example("sk_live_" + "abcdefghijklmnop01234567"), Example("rk_live_" + "abcdefghijklmnop01234567"),
            ],
            counterExamples: ["sk_live_short", "task_live_abcdefghijklmnop01234567"]),
        secret(
            "OpenAI or Anthropic key",
            "sk- (also sk-proj-, sk-ant-) and 20 or more base64url characters, one of them a digit", ["sk-"],
            TokenRule(alphabet: .base64URL, length: 20...255, needsDigit: true),
            examples: [
                Example("sk-" + "abcdefghij0123456789ABCD"),
                Example("key sk-ant-" + "api03-abcdefghij_0123456789", "sk-ant-" + "api03-abcdefghij_0123456789"),
            ],
            counterExamples: ["sk-a-long-word-with-hyphens-only", "risk-0123456789012345678901234", "sk-short1"]),
        secret(
            "Google API key", "AIza and 35 base64url characters", ["AIza"],
            TokenRule(alphabet: .base64URL, length: 35...35, joins: true),
            examples: [Example("AIza" + "SyA0123456789abcdefghijklmnopqrstuv")],
            counterExamples: ["AIzaShort", "xAIzaSyA0123456789abcdefghijklmnopqrstuv"]),
        Detector(
            entity: .secret, name: "JSON web token", validation: "eyJ, three or more base64url segments joined by dots",
            triggers: [.literal("eyJ")], check: .jsonWebToken,
            examples: [
                Example(
                    "Bearer eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
                    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")
            ],
            counterExamples: ["eyJhbGciOiJIUzI1NiJ9", "eyJ.x.y", "heyJude.is.here"]),
        Detector(
            entity: .secret, name: "private key",
            validation: "PEM label ending in PRIVATE KEY, through its END line or the end of the value",
            triggers: [.literal("-----BEGIN ")], check: .privateKey,
            examples: [
                Example("-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
                Example("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE"),
                Example(
                    "a -----BEGIN " + "PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK----- b",
                    "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----"),
            ],
            counterExamples: [
                "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----",
            ]),
        Detector(
            entity: .secret, name: "password in a URL",
            validation: "scheme://user:password@; the password is the finding",
            triggers: [.literal("://")], check: .urlPassword,
            examples: [
                Example("postgres://app:s3cr3t@db.example.com/x", "s3cr3t"), Example("see redis://:pw@h:6379", "pw"),
                Example("https://u:p@ss@host/", "p@ss"),
            ],
            counterExamples: [
                "https://example.com:443/a@b", "https://bob@example.com", "://a:b@c", "https://h:80/?u=a:b@c",
            ]),
        Detector(
            entity: .secret, name: "key and value",
            validation:
                "password, secret, token, api_key and the like, then = or :, then a value that is no placeholder",
            triggers: [
                .anyCase("password"), .anyCase("passwd"), .anyCase("pwd"), .anyCase("passphrase"), .anyCase("secret"),
                .anyCase("token"),
                .anyCase("api_key"), .anyCase("apikey"), .anyCase("api-key"), .anyCase("access_key"),
                .anyCase("accesskey"),
                .anyCase("secret_key"), .anyCase("secretkey"), .anyCase("private_key"), .anyCase("credential"),
                .anyCase("credentials"),
            ], check: .keyValue,
            examples: [
                Example("host=db password=hunter2 port=1", "hunter2"), Example("{\"api_key\": \"abc\"}", "abc"),
                Example("DB_PASSWORD='a b c'", "a b c"), Example("?token=abc&x=1", "abc"),
                Example("API-Key: 0123456789", "0123456789"),
                Example("alter role x password 'pw'", "pw"),
            ],
            counterExamples: [
                "password authentication failed", "password=", "password=null", "password: ${SECRET}", "tokens=5",
                "password=****",
                "secret: <none>", "password = $1", "pwd: no",
            ]),
    ]

    private static func secret(
        _ name: String, _ validation: String, _ prefixes: [String], _ rule: TokenRule, examples: [Example],
        counterExamples: [String]
    ) -> Detector {
        Detector(
            entity: .secret, name: name, validation: validation, triggers: prefixes.map { .literal($0) },
            check: .token(rule),
            examples: examples, counterExamples: counterExamples)
    }
}
