// Tokens of models, messaging and content platforms, by the prefixes that their vendors document.
// Examples are cut in two so that scanners of source code leave them alone.
extension Detector {
    static let platformTokens: [Detector] = [
        token(
            "OpenAI or Anthropic key", "sk-, 20 to 255 base64url characters; a digit among them",
            ["sk-"], TokenRule(.base64URL, 20...255, needsDigit: true),
            examples: [
                Example("sk-" + "abcdefghij0123456789ABCD"),
                Example("key sk-ant-" + "api03-abcdefghij_0123456789", "sk-ant-" + "api03-abcdefghij_0123456789"),
                Example("sk-" + "990ZsoYB6IIAqVMvxYe2"),
            ],
            counterExamples: [
                "sk-a-long-word-with-hyphens-only", "risk-0123456789012345678901234", "sk-short1",
                "sk-aH9rLKTt" + "phax0oGywFY", "xsk-fS17JtMn" + "rWNu8H9DMOFs",
            ]),
        token(
            "Hugging Face token", "hf_, 34 letters and digits",
            ["hf_"], TokenRule(.alphanumeric, 34...34),
            examples: [Example("hf_" + "U33dIOZUJ9irgt7mPrzY9ctlTgr8nbclrk")],
            counterExamples: [
                "hf_XY4ybSeKLg8hSeN" + "O69DderNRA0YhT2veN", "xhf_tH0T2sCih4RiM2Q" + "7xlVhYvUskYm2I9NsVX",
            ]),
        token(
            "Replicate token", "r8_, 37 letters and digits",
            ["r8_"], TokenRule(.alphanumeric, 37...37),
            examples: [Example("r8_" + "S47tZVQcO1IbORBJIDH1xAE4GbvjoAX1CcRa0")],
            counterExamples: [
                "r8_fv3GavABecpQ2Ivl" + "wLVj9VopmaP9n42qw9er", "xr8_qT8mpYvfL0GF1kMH" + "i2M4UOsTYdhPq9JoQ2hiA",
            ]),
        token(
            "Groq key", "gsk_, 52 letters and digits",
            ["gsk_"], TokenRule(.alphanumeric, 52...52),
            examples: [Example("gsk_" + "kN4uoBROMFyiDRB4OnpsBUkuIYAzjAMSxcg0Wr6CHtwfiMIFFkkk")],
            counterExamples: [
                "gsk_vw4hODusFHhydVQDDweEkHI" + "EQqUuEdbtQsntX1hzJLwOEV8mqU1",
                "xgsk_KS82wl65cI23rubgMrhHB8J" + "mPWvCm8tzFi0jMgS72hTlIWvpjeKJ",
            ]),
        token(
            "xAI key", "xai-, 80 letters and digits",
            ["xai-"], TokenRule(.alphanumeric, 80...80),
            examples: [
                Example("xai-" + "5O31mTZl0A519R3wxAXMHuXCP2owZDhPKka57bC5JR6wFHLX75cBs0efaHVrEiRpBpZdnjFlS2g6S9IG")
            ],
            counterExamples: [
                "xai-Ul1s8ZPwU7kP2XXx6fuXH2gBxCgorOJjNkjXu" + "slpgXtobRvK4omt0s1lk3dcN85onJXdVeJt75nR4IP",
                "xxai-a55dXmmlhv1dyPBB9kyHlyC6mMK8g9ObqzXBs" + "GX7Jh8Ic0lJSRa3EOlZzopRLNokbp4YBfOHbtmmg1tN",
            ]),
        token(
            "Perplexity key", "pplx-, 40 to 64 letters and digits",
            ["pplx-"], TokenRule(.alphanumeric, 40...64),
            examples: [Example("pplx-" + "3q2QsO5liniyAlPQs5ttJ8C6ZUrANcOr5qt704XW")],
            counterExamples: [
                "pplx-1T516yKCT6vNB8zzq" + "f00ldEEhqWsXIi4XSDKend",
                "xpplx-BV94Cnp6Cjr5iN9ri" + "ehYjH2c2T2OkhRH84Q03VUc",
            ]),
        token(
            "Fireworks key", "fw_, 22 to 24 letters and digits; a digit among them",
            ["fw_"], TokenRule(.alphanumeric, 22...24, needsDigit: true),
            examples: [Example("fw_" + "Uf3R8wuSTLg7HZ9gH3oKHq")],
            counterExamples: ["fw_eM63vwug7" + "EgClpF1SZhsG", "xfw_w63pzoz86" + "FXogZOAqZ5VGt"]),
        token(
            "LangSmith key", "lsv2_pt_ or lsv2_sk_, 32 hexadecimal digits, _, 10 hexadecimal digits",
            ["lsv2_pt_", "lsv2_sk_"], TokenRule(.some(.hexadecimal, 32...32), .text("_"), .some(.hexadecimal, 10...10)),
            examples: [
                Example("lsv2_pt_" + "d5761a86caed3671c995fb8b9b331f05_106bc4e2d8"),
                Example("lsv2_sk_" + "0b2d664c731b0e040ddc15429ae6a769_743cc35e03"),
            ],
            counterExamples: [
                "lsv2_pt_184ad4acf671f79c7" + "a4a0a4c9d3e9b40_e40fc1507",
                "xlsv2_pt_8c5d3df7d6d58482a" + "a1a75ad2f597f57_d83565854c",
            ]),
        token(
            "Tavily key", "tvly-, 32 to 64 base64url characters; a digit among them",
            ["tvly-"], TokenRule(.base64URL, 32...64, needsDigit: true),
            examples: [Example("tvly-" + "Ok6aAuQ72vWfsRgoYO9UKfCWMO4HPcyd")],
            counterExamples: [
                "tvly-Co0SZTVkaA7gR" + "dRploWQeGX89na9bc7", "xtvly-J24rB6TzY99UA" + "yYlkDQC482tWGaBzrxk",
            ]),
        token(
            "Pinecone key", "pcsk_, 50 to 80 letters, digits and underscores; a digit among them",
            ["pcsk_"], TokenRule(.alphanumericUnderscore, 50...80, needsDigit: true),
            examples: [Example("pcsk_" + "EW2Znb5AfWh9ZvHEZ1gy2lDc3CjW4JTZBQzxDZe4hYhZkFn9Hn")],
            counterExamples: [
                "pcsk_it6d7VIoMiDB5PVlzhRUwL" + "PoVJpXmlmADFf5rV1saMru6GGPa",
                "xpcsk_g32ypYsQABGYkmPBQkgu7j" + "CkDbTlL73GIYFW1gxXON7jzg7wej",
            ]),
        token(
            "Slack token",
            "xoxa-, xoxb-, xoxe-, xoxo-, xoxp-, xoxr-, xoxs-, xoxe.xoxp- or xoxe.xoxb-, 10 to 255 letters, digits and hyphens; a digit among them",
            ["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxe.xoxp-", "xoxe.xoxb-"],
            TokenRule(.alphanumericHyphen, 10...255, needsDigit: true),
            examples: [
                Example("xoxb-" + "123456789012-abcdefABCDEF"), Example("xoxa-" + "fI7x0iJqug"),
                Example("xoxb-" + "Pn2cW6iJOu"),
            ],
            counterExamples: ["xoxb-short", "xoxq-123456789012-abcdef", "xoxa-Oq4C2JQQW", "xxoxa-lW6kOLGlPn"]),
        token(
            "Slack app token",
            "xapp-1-, 8 to 16 capitals and digits, -, 8 to 16 digits, -, 32 to 80 small letters and digits",
            ["xapp-1-"],
            TokenRule(
                .some(.upperAlphanumeric, 8...16), .text("-"), .some(.digits, 8...16), .text("-"),
                .some(.lowerAlphanumeric, 32...80)),
            examples: [Example("xapp-1-" + "KZ0U2S2S-26542663-qs1jk1yss55mirg2ynqy4lalqhyh5caq")],
            counterExamples: [
                "xapp-1-UL9X3M36-68632565-ab0" + "mg8jk8ol2n5lyy1pgwsjp1ll2ryu",
                "xxapp-1-MM4IO6P3-37254455-j96" + "6zzgmvhl6o11ee9wz2ndabgum20mx",
            ]),
        token(
            "Slack webhook",
            "hooks.slack.com/services/T, 8 to 12 capitals and digits, /B, 8 to 12 capitals and digits, /, 20 to 26 letters and digits",
            ["hooks.slack.com/services/T"],
            TokenRule(
                .some(.upperAlphanumeric, 8...12), .text("/B"), .some(.upperAlphanumeric, 8...12), .text("/"),
                .some(.alphanumeric, 20...26)),
            examples: [Example("hooks.slack.com/services/T" + "FL8JDLO7/BKH9B52OM/wS4HznzzCDFw1bzniP0C")],
            counterExamples: [
                "hooks.slack.com/services/T4C0MR2" + "VB/BJS8592YY/lp7yRpTMgYKnrduH9Tt",
                "xhooks.slack.com/services/TCW6R2A" + "DT/BP829U08A/N22eHgH2tGsE1diSPP3s",
            ]),
        token(
            "Discord bot token",
            "23 to 28 base64url characters, .G, .X, .Y or .Z, 5 base64url characters, ., 27 to 38 base64url characters",
            [".G", ".X", ".Y", ".Z"],
            TokenRule(before: (.base64URL, 23...28), .some(.base64URL, 5...5), .text("."), .some(.base64URL, 27...38)),
            examples: [
                Example("0k2gWFAc6WhYNfbLgV0czcJ.G" + "sf44w.P07pRkClhZSObbTI5IJCZIimxEb"),
                Example("NA94sKeOPJn4eEeF1RNilNQ.X" + "cz4JM.Vm6WY11hqlwQCas7tkKyeWtkY1c"),
            ],
            counterExamples: [
                "oT7NKAzGHAW7xuqMQVIHPeA.GnI5" + "kw.bN2LWucyiwbT6xLWM2QVd7RLBc",
                "xxxxxxxnt6Xi3Kjah4gwxvgAFav5dI.G2F9" + "un.UN5LzZTgaMuYelKLx3t4Teqg76b",
            ]),
        token(
            "Discord webhook",
            "discord.com/api/webhooks/ or discordapp.com/api/webhooks/, 17 to 20 digits, /, 60 to 80 base64url characters",
            ["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
            TokenRule(.some(.digits, 17...20), .text("/"), .some(.base64URL, 60...80)),
            examples: [
                Example(
                    "discord.com/api/webhooks/"
                        + "17083017789865321/E64bhKN36nRvaNRhIkvKMKolienwThIAaAUEHS4RHSiWQgbG3tq810gzIoyV"),
                Example(
                    "discordapp.com/api/webhooks/"
                        + "68859309376434392/1E73RfwB7g70L3nzuhBAYNxXW6Oqf6b2PERASQ2w3ercHKaRf7Mic3LbO5bq"),
            ],
            counterExamples: [
                "discord.com/api/webhooks/71346567260043851/G09XPubA"
                    + "c38K2w1X2nondK7Zy42MD31utPgaBSjCqC9hDWjp6Nd2IXjx2xq",
                "xdiscord.com/api/webhooks/28924328964543444/cy9eVxBu"
                    + "9dmMmB4ZfkK2g1OYU12Y5SXEEY2wgqQJ5vv4zWUxIRAHNNCXnG99",
            ]),
        token(
            "Telegram bot token", "8 to 10 digits, :AA, 33 base64url characters",
            [":AA"], TokenRule(before: (.digits, 8...10), .some(.base64URL, 33...33)),
            examples: [Example("93305600:AA" + "Qf6bxPOCqFRpmN4MS0OwMHeWgTgAjL4bB")],
            counterExamples: [
                "43705200:AAzL76GCSZi2" + "7PQdc5GecPEFpT8Gnxfzln",
                "x76294658:AAjw0DZWQanY" + "8HgNltOCJ8zgQvfqHCVHsFF",
            ]),
        token(
            "Twilio key", "SK, 32 hexadecimal digits",
            ["SK"], TokenRule(.hexadecimal, 32...32),
            examples: [Example("SK" + "488a35f5bae66e5c3c393caf9d42fef3")],
            counterExamples: ["SKf364b6857b2175" + "56225d3162bc72a5e", "xSK5828f0374c1900" + "76c85ccfd0a9c8f804"]),
        token(
            "SendGrid key", "SG., 22 base64url characters, ., 43 base64url characters",
            ["SG."], TokenRule(.some(.base64URL, 22...22), .text("."), .some(.base64URL, 43...43)),
            examples: [Example("SG." + "3838lhJyyXsewYMBhmsoAo.Pv4UAKfA6AYRWzhaS8J0WsiT5g0uZbxKm0tPmKfp7Rx")],
            counterExamples: [
                "SG.Cb0dm0tXyoNRcEzQ0B6O1a.Ml2K7s2Z" + "brkPIW1SL3piL8xE6LheSZNimZOHECvjLm",
                "xSG.v02zdCHtVctchr7nAl15Xs.Xf49QHhS" + "tTZmS7Uqlcs1hQkecmug9unyF774CYN4W3N",
            ]),
        token(
            "Mailgun key", "key-, 32 hexadecimal digits",
            ["key-"], TokenRule(.hexadecimal, 32...32),
            examples: [Example("key-" + "4c3e13ac69f97e17073b09a8aaeee633")],
            counterExamples: ["key-f41e6a87dfb44" + "e5148ea878ad1d3ed5", "xkey-410aca6ac74c5" + "a3b76fd3ab41ea75f09"]),
        token(
            "Mailchimp key", "32 hexadecimal digits, -us, 1 to 2 digits",
            ["-us"], TokenRule(before: (.hexadecimal, 32...32), .some(.digits, 1...2)),
            examples: [Example("b7599adbb61a85dc39e8e9b9ff0ae86b-us" + "1")],
            counterExamples: ["713b3a881c4381848" + "1b2243206dc748e-us", "x6c4d07f62ccf4c8ae" + "8857875cb3756b3-us6"]),
        token(
            "Brevo key", "xkeysib-, 64 hexadecimal digits, -, 16 letters and digits",
            ["xkeysib-"], TokenRule(.some(.hexadecimal, 64...64), .text("-"), .some(.alphanumeric, 16...16)),
            examples: [
                Example(
                    "xkeysib-" + "d49b61c0d80161b606f4280e23166ec526fb65bfd96fc022643ff9c60d7ba6db-Nu0UVBh5v4GDD71l")
            ],
            counterExamples: [
                "xkeysib-053ef7616a332c17c49000254a6d70cb9cf7" + "873491818924f671629c61c173bf-4s5jfI4vr2gHZNc",
                "xxkeysib-449dd982c3c40ab69b1d8cfe2912c19fe619" + "cb109cf3358f1356449d208be037-Vu04TM0tyLOJa2sS",
            ]),
        token(
            "Resend key", "re_, 30 to 40 letters, digits and underscores; a digit among them",
            ["re_"], TokenRule(.alphanumericUnderscore, 30...40, needsDigit: true),
            examples: [Example("re_" + "TO7KRCwUIKtBoaDXBjYMp6tdie7bBd")],
            counterExamples: ["re_Ay533XgbfwHEu" + "3bEjHlbLrJgDp58Z", "xre_Wj5hqdoSGkaVr" + "I6vE4WKvtiZjYXD3W"]),
        token(
            "Notion token", "ntn_, 40 to 50 letters and digits; a digit among them",
            ["ntn_"], TokenRule(.alphanumeric, 40...50, needsDigit: true),
            examples: [Example("ntn_" + "1p3Uxf7bKHWU4E6fKcgOxCW0xEpWds8G1JpDSvlx")],
            counterExamples: [
                "ntn_As9b9cHk1nkARwo22" + "tNvUZFJoA6yZ07yIYFem7Z",
                "xntn_g88VtJZLStqpSDgak" + "02oelvbvkaUZWEJhOWYo4O7",
            ]),
        token(
            "Airtable token", "pat, 14 letters and digits, ., 64 hexadecimal digits",
            ["pat"], TokenRule(.some(.alphanumeric, 14...14), .text("."), .some(.hexadecimal, 64...64)),
            examples: [
                Example("pat" + "Az2xFTNB4Z7w5s.c41fa76adf49acf3a068828b64d8e7d36097ee31495b562267fae8c59513fa7b")
            ],
            counterExamples: [
                "patyM3c3SKGltcb3K.437c10b278da9c448aca96" + "1d1ba5dd3f31dd9591d71d49f212eb09e34c347c7",
                "xpatYs1bLyOUMUOZvd.d66f43984c6de0d17f01fd" + "51d25c71fd99ca143b7c51bb2b9dfa9b4636e107e5",
            ]),
        token(
            "Linear key", "lin_api_ or lin_oauth_, 40 to 64 letters and digits",
            ["lin_api_", "lin_oauth_"], TokenRule(.alphanumeric, 40...64),
            examples: [
                Example("lin_api_" + "QG8I9ePgSVlU72j57FZc0QQMHOIyMfGftLUs3xFJ"),
                Example("lin_oauth_" + "tM5yZJUZa1TK7h7Q23w1HG2Bvx5kybsHubU0Tird"),
            ],
            counterExamples: [
                "lin_api_DH9is6LyeytptpD" + "ivhhqqJXvt83WmZhD7HBbXJn",
                "xlin_api_xk7eyNHRJNjftn0" + "0tmzCKs4Q5EhGrI9Va4cZsiPa",
            ]),
        token(
            "Figma token", "figd_, figdr_, figu_ or figo_, 40 to 60 base64url characters",
            ["figd_", "figdr_", "figu_", "figo_"], TokenRule(.base64URL, 40...60),
            examples: [
                Example("figd_" + "C04J181eXwjNmMeLZMMdjaEh2qCnp6X8iuUCbGuu"),
                Example("figdr_" + "Ry4hHshVAPlyHLG9oGPaco3Aj4yLTBQbER610teX"),
            ],
            counterExamples: [
                "figd_NP93JjF1QZg690BUl" + "cK26GlwzRZgsSYlzdeSoaW",
                "xfigd_Mn0qg9ouVdHPF1vhY" + "B0eHd1PP21apObVZzFjhI5Z",
            ]),
        token(
            "HubSpot token",
            "pat-na1- or pat-eu1-, 8 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 12 hexadecimal digits",
            ["pat-na1-", "pat-eu1-"],
            TokenRule(
                .some(.hexadecimal, 8...8), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 4...4), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 12...12)),
            examples: [
                Example("pat-na1-" + "ec4b8ef8-9692-5969-cb0d-e334c31cbd3d"),
                Example("pat-eu1-" + "ff39c6d8-7c22-6262-0e5e-424c1d5d7ab2"),
            ],
            counterExamples: [
                "pat-na1-3b758e5c-e747" + "-b36c-5700-f70c1b2c761",
                "xpat-na1-c577acc1-b652" + "-f24b-006d-5633d44ad185",
            ]),
        token(
            "Typeform token", "tfp_, 40 to 80 base64url characters; a digit among them",
            ["tfp_"], TokenRule(.base64URL, 40...80, needsDigit: true),
            examples: [Example("tfp_" + "AV5N0j7oUWrMwaKKhaJVnyqjH0cw8CpXbaFkqd1W")],
            counterExamples: [
                "tfp_1F8uPwRgLOMO41vQK" + "wdatVSx6BQpBk4XjTIeQCU",
                "xtfp_sr3pCkvShdLFDbTAy" + "koGmIKQnzUFt5KjdN4W453f",
            ]),
        token(
            "Contentful token", "CFPAT-, 43 base64url characters",
            ["CFPAT-"], TokenRule(.base64URL, 43...43),
            examples: [Example("CFPAT-" + "3H03Qgh9REf7RFWl8Kc7bZdob5p3hU5rPNYNPjpr8Er")],
            counterExamples: [
                "CFPAT-h37rAuU0dVJBWvNGF3" + "TdG6uD69oMa1zGc0nDQXZqBB",
                "xCFPAT-cu4uyOvPzkMTMkNHtV" + "FltyQyJczJfDxnfcs5V774kOR",
            ]),
        token(
            "Dropbox token", "sl., 130 to 1500 base64url characters",
            ["sl."], TokenRule(.base64URL, 130...1500),
            examples: [
                Example(
                    "sl."
                        + "no6MbkTtZ7U2Osq8Wu9Z92eUXqXNzcZTkyj7JWS7fdmPDyckyKKfz0ATa0ecA4Vx5O27PG9kFN1OEFAyDEiPKvnBcpKcVbUsKXDFtglLVxSmTrCmHYaIA3DO30OyrjWF43"
                )
            ],
            counterExamples: [
                "sl.el5nJtiY586j6K1f5TO6Fck7upHrdSu7R66k5GeAXtpTYYfflSWSRAq5cV4RswC"
                    + "WEabTKASijfdw2FBFBptzbgOi6iKKCzAViHb9tlsLY16J9DBxZZPyUaEim6WdDmhhH",
                "xsl.dY0cE6rsEL4tLWA17g0fx1VYju2G8uvYzJSLuCL3fUD6Wz0fRWHp1L3yAMst02O"
                    + "YzTMaZVPtA1LOYmBa3lkEAry9wqONIzlFBx977EnEgP4cu7BHSmAgm4wwFcqKgl4h2z",
            ]),
        token(
            "Mapbox secret token", "sk.eyJ, 60 to 300 base64url characters and dots",
            ["sk.eyJ"], TokenRule(.base64URLAndDots, 60...300),
            examples: [Example("sk.eyJ" + "x76ApCSHjVGuZlcNf4EWq09snahb3cKBGh5Q1P8QmhT6oJVhu60TB3ayJo3f")],
            counterExamples: [
                "sk.eyJEc3yFXH5zLfdNieqYZ2KWVkW1Y" + "8t2IlSlO4zHYqY0JLXFxDpiLOCsjIH8i2",
                "xsk.eyJkU3GJtyEMNjT1YUmBR2TFaoKJy" + "4sFdxjm0aCJPiVZBI2uBB9kLBqVFfAFeFk",
            ]),
    ]
}
