// Examples that look like live credentials are cut in two so that scanners of source code leave them alone.
extension Detector {
    static let secrets: [Detector] = [
        token(
            "AWS access key id", entity: .awsAccessKey, "AKIA, ASIA, ABIA or ACCA and 16 upper-case letters or digits",
            ["AKIA", "ASIA", "ABIA", "ACCA"], TokenRule(.upperAlphanumeric, 16...16, joins: true),
            examples: [
                Example("id AKIA" + "IOSFODNN7EXAMPLE;", "AKIA" + "IOSFODNN7EXAMPLE"),
                Example("ASIA" + "IOSFODNN7EXAMPLE"),
            ],
            counterExamples: [
                "AKIAIOSFODNN7EXAMPL", "XAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE1", "AKIAiosfodnn7example",
            ]),
        near(
            .awsSecret, .awsSecret, entity: .secret, name: "AWS secret access key",
            validation:
                "40 bytes of base64 in mixed case with 4 bits of entropy per byte, within 48 bytes after secret access key and "
                + "the like, or in a column of such a name",
            confidence: .medium,
            examples: [
                Example(
                    "aws_secret wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
                    "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
                Example("wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", column: "aws_secret_access_key"),
            ],
            counterExamples: ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws secret manager"]),
        Detector(
            entity: .jwt, name: "JSON web token", validation: "eyJ, three or more base64url segments joined by dots",
            confidence: .high,
            triggers: [.literal("eyJ")], check: .jsonWebToken,
            examples: [
                Example(
                    "Bearer eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
                    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")
            ],
            counterExamples: ["eyJhbGciOiJIUzI1NiJ9", "eyJ.x.y", "heyJude.is.here"]),
        Detector(
            entity: .privateKey, name: "private key",
            validation: "PEM label ending in PRIVATE KEY, through its END line or the end of the value",
            confidence: .high,
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
            confidence: .high,
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
            confidence: .high,
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
        Detector(
            entity: .secret, name: "authorization header",
            validation: "16 bytes or more with a digit and 3.2 bits of entropy per byte after Bearer or Basic",
            confidence: .medium,
            triggers: [.anyCase("bearer"), .anyCase("basic")], check: .authorization,
            examples: [
                Example("Authorization: Bearer 7Fjfp0ZBr1KtDRbnfVdmIw", "7Fjfp0ZBr1KtDRbnfVdmIw"),
                Example("Basic QWxhZGRpbjpvcGVuIHNlc2FtZTEy", "QWxhZGRpbjpvcGVuIHNlc2FtZTEy"),
            ],
            counterExamples: ["Bearer token", "basic understanding", "the bearer of 12345678901234567890"]),
        near(
            .key, .highEntropy, entity: .secret, name: "random text near a word",
            validation:
                "20 bytes of base64 or hexadecimal or more with letters, digits and 3.2 bits of entropy per byte, no UUID, "
                + "within 40 bytes after encryption key, signing key, auth and the like, or in a column named as a key or token",
            confidence: .low,
            examples: [
                Example("signing key 9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015"),
                Example("Zm9vYmFyMTIzNDU2Nzg5MA==", column: "api_key"),
                Example("9f86d081884c7d659a2feaa0c55ad015", column: "session_token"),
            ],
            counterExamples: [
                "9f86d081884c7d659a2feaa0c55ad015", "signing key rotated", "auth 123e4567-e89b-12d3-a456-426614174000",
                "master key aaaaaaaaaaaaaaaaaaaaaaaaaaaa11",
            ]),
        near(
            .credential, .password, entity: .secret, name: "password column",
            validation:
                "the whole value, of 4 bytes or more and no placeholder, of a column whose name ends with password or the like",
            confidence: .medium,
            examples: [Example("hunter2", column: "db_password"), Example("correct horse", column: "Passphrase")],
            counterExamples: ["hunter2"]),
    ]

    static func token(
        _ name: String, entity: Entity = .secret, _ validation: String, _ prefixes: [String], _ rule: TokenRule,
        confidence: Confidence = .high, examples: [Example], counterExamples: [String]
    ) -> Detector {
        Detector(
            entity: entity, name: name, validation: validation, confidence: confidence,
            triggers: prefixes.map { .literal($0) }, check: .token(rule), examples: examples,
            counterExamples: counterExamples)
    }
}
