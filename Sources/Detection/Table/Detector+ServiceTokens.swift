// Tokens of payment, commerce and social services, by the prefixes that their vendors document.
// Examples are cut in two so that scanners of source code leave them alone.
extension Detector {
    static let serviceTokens: [Detector] = [
        token(
            "Stripe key", "sk_live_, rk_live_, sk_test_ or rk_test_, 16 to 255 letters and digits",
            ["sk_live_", "rk_live_", "sk_test_", "rk_test_"], TokenRule(.alphanumeric, 16...255),
            examples: [
                Example("sk_live_" + "abcdefghijklmnop01234567"), Example("rk_live_" + "abcdefghijklmnop01234567"),
                Example("sk_live_" + "mh4vchsDXmapHRGh"), Example("rk_live_" + "837cZ4wywsawsJgx"),
            ],
            counterExamples: [
                "sk_live_short", "task_live_abcdefghijklmnop01234567", "sk_live_pB0" + "F44Sc70L8fY0",
                "xsk_live_Ps3" + "YnZ0Q5HFJJHoC",
            ]),
        token(
            "Stripe webhook secret", "whsec_, 32 to 64 base64 characters",
            ["whsec_"], TokenRule(.base64, 32...64),
            examples: [Example("whsec_" + "Dp25uzGzE9ylburF1Kb0ADTelAn35R9z")],
            counterExamples: [
                "whsec_Et242Z88NMnR" + "eHKC9Ac4tOdWp2SZGaX", "xwhsec_fQ3KiZiPV3e7" + "QXduWyk6Vd7BhRy3lsCX",
            ]),
        token(
            "Square token", "sq0atp-, 22 base64url characters",
            ["sq0atp-"], TokenRule(.base64URL, 22...22),
            examples: [Example("sq0atp-" + "oE7YkTWomMBIxwyWAKaAI1")],
            counterExamples: ["sq0atp-6q2TuLt" + "EyHD91KalQBFqe", "xsq0atp-4P9iCI8" + "grz2HWaLeI9Z7PM"]),
        token(
            "Square secret", "sq0csp-, 43 base64url characters",
            ["sq0csp-"], TokenRule(.base64URL, 43...43),
            examples: [Example("sq0csp-" + "gy0fWbIxZlHWmwiDbyGFfWnfeGnfyNlepO1ge2acIRj")],
            counterExamples: [
                "sq0csp-wc8SdKjjtkJkeFzrm" + "GqsO6xsTdNHsOMs88D3QaMPtp",
                "xsq0csp-Ya57eAPZ3kVVGebpR" + "k6Xj8RLak0rwXiqo9FANgcMQPe",
            ]),
        token(
            "Braintree token", "access_token$production$, 16 small letters and digits, $, 32 hexadecimal digits",
            ["access_token$production$"],
            TokenRule(.some(.lowerAlphanumeric, 16...16), .text("$"), .some(.hexadecimal, 32...32)),
            examples: [Example("access_token$production$" + "v439j4kc31er5o3g$ae882be9858be2ce3879f71405f74286")],
            counterExamples: [
                "access_token$production$z98ivsxjpj4m" + "k168$b1284aa94181584b30acbd02d2ab978",
                "xaccess_token$production$ah4pv0187hae" + "715f$ad0468250a9de4a55be82eb88cb52720",
            ]),
        token(
            "Razorpay key", "rzp_live_ or rzp_test_, 14 letters and digits",
            ["rzp_live_", "rzp_test_"], TokenRule(.alphanumeric, 14...14),
            examples: [Example("rzp_live_" + "AN9T5jYGSkmORu"), Example("rzp_test_" + "7n49cBvwhKwb76")],
            counterExamples: ["rzp_live_m3" + "4S2FCNwUl3H", "xrzp_live_kk" + "3yuk0VGc1To0"]),
        token(
            "Plaid token",
            "access-production-, access-sandbox- or access-development-, 8 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 12 hexadecimal digits",
            ["access-production-", "access-sandbox-", "access-development-"],
            TokenRule(
                .some(.hexadecimal, 8...8), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 4...4), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 12...12)),
            examples: [
                Example("access-production-" + "629b9db4-258b-9969-bb3c-185da94bf195"),
                Example("access-sandbox-" + "d3253fe0-1d1b-1a16-5c46-6319861f06a4"),
            ],
            counterExamples: [
                "access-production-11836abf" + "-1c57-b536-cb24-500e0b6675b",
                "xaccess-production-aa678335" + "-f991-1e5d-a312-903061b2fb47",
            ]),
        token(
            "Flutterwave key", "FLWSECK- or FLWSECK_TEST-, 32 to 64 letters and digits",
            ["FLWSECK-", "FLWSECK_TEST-"], TokenRule(.alphanumeric, 32...64),
            examples: [
                Example("FLWSECK-" + "8I6SnUofXd21Z81BqvfBMQxbZxjFWfJy"),
                Example("FLWSECK_TEST-" + "am1kj2BhTTai3aShbRLIVTGz0h7I5zrd"),
            ],
            counterExamples: [
                "FLWSECK-lq9irZ6TiOV" + "3FidlrJ4KWsv54gtrMBl", "xFLWSECK-Dv6rHyOeNQk" + "oL285ZQ7QNo1iG0wJbRGw",
            ]),
        token(
            "Shopify token", "shpat_, shpca_, shppa_ or shpss_, 32 hexadecimal digits of either case",
            ["shpat_", "shpca_", "shppa_", "shpss_"], TokenRule(.hexadecimalAnyCase, 32...32),
            examples: [
                Example("shpat_" + "fB2E8BB6D2d4F7EddDa78Fac6dCcD698"),
                Example("shpca_" + "5B6C5cFbEC303dC8C59ff57A7E4AFF7d"),
            ],
            counterExamples: [
                "shpat_ef35F91DAe92" + "a6F8fBBC2E50Db41A80", "xshpat_a649B7Ad4dfe" + "85e604F6A07E69cdA6FB",
            ]),
        token(
            "EasyPost key", "EZAK or EZTK, 54 letters and digits",
            ["EZAK", "EZTK"], TokenRule(.alphanumeric, 54...54),
            examples: [
                Example("EZAK" + "nS8HCUc8y508lKnNcDQPFicJ7tvEctlefyKzzE9fdsZ6PNQoMBKSRk"),
                Example("EZTK" + "x29wrGDgyBiOSIZjGK71Y8ObrCVcBxo4uUp103qp7UZFYfAfV0krX5"),
            ],
            counterExamples: [
                "EZAKpX6dd20Qp065sXqfCiv6JvTk" + "tmATsAw37S5u1iAxa34BE2v0mkSed",
                "xEZAKCy5JN73oAU70BtEtzQ1HCNHE" + "Dsh6QHMXThLNMLesCt183gkfit5wYw",
            ]),
        token(
            "Duffel token", "duffel_live_ or duffel_test_, 43 base64url characters",
            ["duffel_live_", "duffel_test_"], TokenRule(.base64URL, 43...43),
            examples: [
                Example("duffel_live_" + "JH9ZtC2muh3X0hBNlzmLeqz869OGch9p7sDS1zWtiqB"),
                Example("duffel_test_" + "l63x7d5cQaGqTIpL0nY1NLPCdMTr9XWoBG094jGMTgU"),
            ],
            counterExamples: [
                "duffel_live_bH1GJiQb9T0FqOp" + "sorqnNqjWHlBiknQVV2DhtR3Ckl",
                "xduffel_live_yD1Qd5PcpEkfymN" + "MYOY438ICOOLk1ksxxIa0NTcORXZ",
            ]),
        token(
            "Shippo token", "shippo_live_ or shippo_test_, 40 hexadecimal digits",
            ["shippo_live_", "shippo_test_"], TokenRule(.hexadecimal, 40...40),
            examples: [
                Example("shippo_live_" + "ac1fada8fa464ba0483f6e2fa8f4abb56f0e1d73"),
                Example("shippo_test_" + "bf316ad316ac377de2fc2dcec8d09a418991b8fa"),
            ],
            counterExamples: [
                "shippo_live_df24c5b83043f" + "991e55ba84db184535cd41309e",
                "xshippo_live_577b9ccf0df0e" + "1e827185d51cb6a0e7c72e2b95b",
            ]),
        token(
            "Frame.io token", "fio-u-, 64 base64url characters",
            ["fio-u-"], TokenRule(.base64URL, 64...64),
            examples: [Example("fio-u-" + "xh0eiMPdA0hcWPWwUzJdcYg2luGudOc7bVT90aY14Env31mDGhAhCTEZxp2CyCpj")],
            counterExamples: [
                "fio-u-FL1MrUL3PqwX5h9rZNRFbeBQSHpY" + "mQVyzbvHquimKNDFtkLQXbo76yJdI5rkSKa",
                "xfio-u-7u5fER9kgQEfrAtnhEzEHp8yfyXN" + "gCQ2qTDdjK2vPbx8JmV1RCKVktqBC9UFtYIv",
            ]),
        token(
            "Facebook access token", "EAA, 100 to 400 letters and digits",
            ["EAA"], TokenRule(.alphanumeric, 100...400),
            examples: [
                Example(
                    "EAA"
                        + "V13JWrOoY9gRsWrMHrLRy3ihlpH6Kp8NGic86yeMgjXGWkarQqoc8rOTpbvWMZtyk1UGWmJ7ruKmY17UoKgM2Po8XktWHt1L4NO8"
                )
            ],
            counterExamples: [
                "EAAzQ5GbPTObRvZIIkvevQGsQ9itpwkBNgpkItCYQEL6SmEHyG7"
                    + "1pJk7QLFeAH0CYKRRGzvy9rV1DQ9v1I8PhFKUtSUNmRCnNJkE27",
                "xEAAPG0mAlEhqsLikQRzkJXiNY7zRuhvzyLN4NnMUtumjvT0VAz5"
                    + "k3e0UVSleucG8yHM2ahLenWRovCIS2xyv3aaokEWPLOGLdkX4bpL",
            ]),
        token(
            "Twitter bearer token", "AAAAAAAAAAAAAAAAAAAAA, 80 to 100 base64url characters",
            ["AAAAAAAAAAAAAAAAAAAAA"], TokenRule(.base64URL, 80...100),
            examples: [
                Example(
                    "AAAAAAAAAAAAAAAAAAAAA"
                        + "mN2rhEWU3P4ZmXNu9c2Y2JLNYyKWAFqXhQjtVXATm6cJTnWlQ053l9n1kNfAm4mzAx22GV078Z1KviGC")
            ],
            counterExamples: [
                "AAAAAAAAAAAAAAAAAAAAAlF5hmYwYs4iLptWTOZ4Ne5RGWM1K7"
                    + "qY9eX5QQ4MgYGTHfLWFMosDkZzXF1c1AviCADa6jThCJatYrw6",
                "xAAAAAAAAAAAAAAAAAAAAAj74EE38nUKQ6cmbMxXgRAnp6WhI8g"
                    + "YLKCIyMjCwVxW6WoLHpxdnBxVuplxvWVK4CcKuUeZY3zhu0lLQ9",
            ]),
    ]
}
