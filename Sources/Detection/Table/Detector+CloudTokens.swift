// Tokens of clouds and hosting, by the prefixes that their vendors document.
// Examples are cut in two so that scanners of source code leave them alone.
extension Detector {
    static let cloudTokens: [Detector] = [
        token(
            "Google API key", "AIza, 35 base64url characters",
            ["AIza"], TokenRule(.base64URL, 35...35, joins: true),
            examples: [
                Example("AIza" + "SyA0123456789abcdefghijklmnopqrstuv"),
                Example("AIza" + "Zq5mpm08hsE8JNpjJOQGa2rb19FlY0mG1yl"),
            ],
            counterExamples: [
                "AIzaShort", "xAIzaSyA0123456789abcdefghijklmnopqrstuv", "AIzauh9JXqIEnomef2m" + "SJ5CMTIeg1ZTVnVv2fg",
                "xAIzaD066YYIgrCOX6Jh" + "w7Hd11XzWL8MHpoKEzVi",
            ]),
        token(
            "Google OAuth client secret", "GOCSPX-, 28 base64url characters",
            ["GOCSPX-"], TokenRule(.base64URL, 28...28),
            examples: [Example("GOCSPX-" + "a81dFOcVwWBhqG5KSFdPE0SPgjtH")],
            counterExamples: ["GOCSPX-b116w70WAK" + "adYEjW1W5bSapfQ7D", "xGOCSPX-3y9g42ipqn" + "X1fkkjbd93oQGXy9KT"]),
        token(
            "Google OAuth access token", "ya29., 30 to 1024 base64url characters",
            ["ya29."], TokenRule(.base64URL, 30...1024),
            examples: [Example("ya29." + "AF1rM14gENAsIrsD3mbLFecbVjafQ4")],
            counterExamples: ["ya29.Gn1fXBkg8Qys" + "D4FIS0Xzm41PB2qs3", "xya29.2H4u6mXrxWUR" + "EVXXPHzGIz3qyV4J1T"]),
        token(
            "Azure AD client secret", "3 letters and digits, 8Q~ or 7Q~, 31 to 34 base64url characters and dots",
            ["8Q~", "7Q~"], TokenRule(before: (.alphanumeric, 3...3), .some(.base64URLAndDots, 31...34)),
            examples: [
                Example("7fr8Q~" + "Rg2ix7YSdn60LNJMRLdHb2U9LhOS0ir"),
                Example("Pvd7Q~" + "RH6NL9yf4StfxDPNV2adCV1jFzYI20e"),
            ],
            counterExamples: [
                "ahc8Q~yX7c6YOZq0M7" + "qO60lI5QfecJUyGTel", "xnIK8Q~XV5uEomFKB8K" + "yVQ3JYmzSgnYNPPtPQv",
            ]),
        token(
            "Azure storage account key", "76 base64 characters, +ASt, 8 base64 characters",
            ["+ASt"], TokenRule(before: (.base64, 76...76), .some(.base64, 8...8)),
            examples: [
                Example("9P9mGGwYPnqwYo8kwQj1qH9CstFpS8gELRersl9a6sLABHHNBSz40ZgRCZ3IwEF6y5kyy3JBNWqb+ASt" + "t89CG3CR")
            ],
            counterExamples: [
                "bK5yv6xQrM3hwwjhCS6jkdFKsvw8f46QqXYilvBSbEL" + "gGOBomUOLc877EgNB6bfbdUwFDrzIe3mG+AStHo943Sc",
                "x8T1kl1JYnrw8tdVIIfHmxOCTQE8phIECUyUALDgxkhO" + "FosZYG9uVqv8ExVuo5Zbcb99JpX9M02bB+ASt8n7VRBoM",
            ]),
        token(
            "Azure search key", "42 letters and digits, AzSe, 6 letters and digits",
            ["AzSe"], TokenRule(before: (.alphanumeric, 42...42), .some(.alphanumeric, 6...6)),
            examples: [Example("TX8tvp7WhPvFMKFl8zE8Ajlb0cdkbx9ZFqJDGf1rB8AzSe" + "gN25Dc")],
            counterExamples: [
                "7x293lgWk7J6rWs77hSx91Hqa" + "ksrCoAqUvlPaJQ5WEAzSeTZ0cY",
                "xYT7BPynZzih6tZg1v6tnOLD5p" + "IrRzgiQXbhGLbitAhAzSerN8pR0",
            ]),
        token(
            "Azure DevOps token", "76 letters and digits, AZDO, 4 letters and digits",
            ["AZDO"], TokenRule(before: (.alphanumeric, 76...76), .some(.alphanumeric, 4...4)),
            examples: [
                Example("jX6ZfTvMUHoXTBzyTzbmncNnz5BhgJjH3LZ7wM6GKHVjk9tCSi5eIeeaAXZY7rzsj6HoV5D0bA2DAZDO" + "zq02")
            ],
            counterExamples: [
                "1h7tdHNYgt0sgCWBn1Bue6bsBu4RstbtSPrwfm74O" + "5bFGEhS2v3y7X6Qd4VKW0y1tpQP3JTkLoazAZDOcB9",
                "xQ80zxNWtfcbIU3oyG3s6apzxDR91GvVzW1WHLbA6R" + "R3KBBmaM31d8gfXEsmvvroDJYlviXJxwM55AZDOkA6B",
            ]),
        token(
            "Alibaba Cloud access key id", "LTAI, 17 to 21 letters and digits",
            ["LTAI"], TokenRule(.alphanumeric, 17...21),
            examples: [Example("LTAI" + "Zz3cYLJg1WZ7GLUBi")],
            counterExamples: ["LTAILJ3ki8" + "zhPjGbSwmO", "xLTAIyb1d72" + "QNWSF3EH6FE"]),
        token(
            "Tencent Cloud secret id", "AKID, 32 letters and digits",
            ["AKID"], TokenRule(.alphanumeric, 32...32),
            examples: [Example("AKID" + "cK5kErbdgVK0lE89hxt9fTy6aHNoiehE")],
            counterExamples: ["AKIDLh8qA8FutShQV" + "R3DC9Phj1ctgabuDAf", "xAKIDCp3ptRCGBugH6" + "cVJjkl8iJFHRnKf9k3w"]),
        token(
            "DigitalOcean token", "dop_v1_, doo_v1_ or dor_v1_, 64 hexadecimal digits",
            ["dop_v1_", "doo_v1_", "dor_v1_"], TokenRule(.hexadecimal, 64...64),
            examples: [
                Example("dop_v1_" + "5a51d1cbb5371bd6a2ba11015b11f5c9538f28f41ec36f2e5fa8b4ecfe5dc94f"),
                Example("doo_v1_" + "7815fa039c77d2f50540a7edca5b4eec0a0f98b7fd216d63d17418e52d2d058b"),
            ],
            counterExamples: [
                "dop_v1_ab24aa0df28d2993a370361fd9ee" + "c39ea79497344d3bcf7d49a2a09115e6742",
                "xdop_v1_206ada870573ca7570574185c68b" + "3e9239e086bc8dd100f0e0134f156f051968",
            ]),
        token(
            "Heroku API key", "HRKU-, 36 to 60 base64url characters; a digit among them",
            ["HRKU-"], TokenRule(.base64URL, 36...60, needsDigit: true),
            examples: [Example("HRKU-" + "DC4Sc0hf3KjWevOvPf4GNiMPSbf8nPblDH8q")],
            counterExamples: [
                "HRKU-Cx8d12MZTOLgc69" + "fieW7G93UpzVQ5Tr6sv2", "xHRKU-DA7qKzV9a6rD5ae" + "LmBqxNK9fxP7uLT5rXuBk",
            ]),
        token(
            "Fly.io token", "fo1_, fm1_, fm2_, fm1r_, fm2r_ or fm1a_, 40 to 4096 base64 characters",
            ["fo1_", "fm1_", "fm2_", "fm1r_", "fm2r_", "fm1a_"], TokenRule(.base64, 40...4096),
            examples: [
                Example("fo1_" + "Ng0NiCMNBxZNazLqccGJz1yZdasThsqxW8q12sxl"),
                Example("fm1_" + "hI0hh3Swkbx94xqjzJhiT6ItwyPMNv497UOJOEhY"),
            ],
            counterExamples: [
                "fo1_Wj5Je0LRrx4rS6scD" + "9QYok70gNLCSi6RDSXDfHJ",
                "xfo1_gr6PUZLF2bI0VTVaM" + "xHMYtEAdjSXtri5nAk8Uelo",
            ]),
        token(
            "Netlify token", "nfp_, 36 letters and digits",
            ["nfp_"], TokenRule(.alphanumeric, 36...36),
            examples: [Example("nfp_" + "Wo4lguyQYvT7TvGRFusGAqryLB6mQ6RpIHcw")],
            counterExamples: [
                "nfp_4927GEkaai5juFr" + "n4bgFlzdANyqIma06CpP", "xnfp_fS5W1ARR4u6fHqL" + "lGO1wAWzKiLZj0Jhy6MyU",
            ]),
        token(
            "Vercel blob token", "vercel_blob_rw_, 30 to 64 letters, digits and underscores",
            ["vercel_blob_rw_"], TokenRule(.alphanumericUnderscore, 30...64),
            examples: [Example("vercel_blob_rw_" + "Pf5BeRLguaMfhkToC3zvlZHVJccffq")],
            counterExamples: [
                "vercel_blob_rw_As17Dd6" + "1RoSHqZlBkU0WttqpkRzox",
                "xvercel_blob_rw_PC4Oh05" + "gm29mcKjZD8wvLNf4gWZuKI",
            ]),
        token(
            "Render API key", "rnd_, 28 to 40 letters and digits",
            ["rnd_"], TokenRule(.alphanumeric, 28...40),
            examples: [Example("rnd_" + "iR8dAeUqcHTOlR5mDsy1q2kGD3VP")],
            counterExamples: ["rnd_kS1thxjEWs4" + "UMXvsGz60Ky9hxsk", "xrnd_vu1pcwhQ9qg" + "bud5hJGFyUF9sNJgD"]),
        token(
            "Supabase token", "sbp_, 40 hexadecimal digits",
            ["sbp_"], TokenRule(.hexadecimal, 40...40),
            examples: [Example("sbp_" + "e3213c90335515c5d368d565a03f0ab4e9df1616")],
            counterExamples: [
                "sbp_2e9639911b08fd8fc" + "2244218bcf1986187d25fe",
                "xsbp_f041b71cae867d715" + "976846b70cf3a1b6137f55e",
            ]),
        token(
            "Supabase secret key", "sb_secret_, 22 to 64 base64url characters",
            ["sb_secret_"], TokenRule(.base64URL, 22...64),
            examples: [Example("sb_secret_" + "jF3sJ7mWW5q8dws4XrX7zO")],
            counterExamples: ["sb_secret_wp7mk" + "UIKcUaLXs6RFVwkP", "xsb_secret_7G8VH" + "xqGcbfSil6gmprQC3"]),
        token(
            "PlanetScale credential",
            "pscale_tkn_, pscale_pw_ or pscale_oauth_, 32 to 64 base64url characters and dots",
            ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], TokenRule(.base64URLAndDots, 32...64),
            examples: [
                Example("pscale_tkn_" + "KW6RFkwt4PBvIXDEWtihmb8MzAKHPFr9"),
                Example("pscale_pw_" + "x807Z6HD8psrDAKCFjEBjnZxHI8xo1j8"),
            ],
            counterExamples: [
                "pscale_tkn_5u9QouHran" + "rSwLMzcTnfUisT6fDxdby", "xpscale_tkn_Eo0gcDK9ix" + "d7fI16JgbHTYCOB6JqCpsN",
            ]),
        token(
            "Neon API key", "napi_, 40 to 80 small letters and digits",
            ["napi_"], TokenRule(.lowerAlphanumeric, 40...80),
            examples: [Example("napi_" + "r36p1nrx18vxqs9hchvvq6c895npk29nsihbi9i3")],
            counterExamples: [
                "napi_yx9a0f2g4px1f0baz" + "qu110i0tsu1rmb5zg38srm",
                "xnapi_i93wrg5iu94cvzyju" + "h36lyhwq041m0sq46prqy12",
            ]),
        token(
            "Databricks token", "dapi, 32 hexadecimal digits",
            ["dapi"], TokenRule(.hexadecimal, 32...32, joins: true),
            examples: [Example("dapi" + "1c480e149a44c6d9050ed56c13d0a836")],
            counterExamples: ["dapi25853000f5758" + "4f71aaba5f2fe9fc13", "xdapi8c0c91caafd44" + "ab0641c8d74215cbf91"]),
        token(
            "Terraform Cloud token", "14 letters and digits, .atlasv1., 60 to 70 base64url characters",
            [".atlasv1."], TokenRule(before: (.alphanumeric, 14...14), .some(.base64URL, 60...70)),
            examples: [
                Example("LL2bGpfNnGTiEB.atlasv1." + "hZ6xTqzeG1ZPPnetDHMZpR9fz4MvbMHxlmrPxlVKXWZkzJ2BJUxx5jFmzje1")
            ],
            counterExamples: [
                "Nb3fmVo9Ffaplb.atlasv1.B42h7mVbMNtX3uowd6" + "lb5clQz12uZwETOCucUI0N6Y0SyDgbNlincEI02GU",
                "xt31LtNftgsie1U.atlasv1.sI8sATf3rQCKDjv34e" + "HuShhaUYjJqF3dU3cO7yODfQJG1qVmIYa34CMOR2Or",
            ]),
        token(
            "HashiCorp Vault token", "hvs., hvb. or hvr., 24 to 300 base64url characters",
            ["hvs.", "hvb.", "hvr."], TokenRule(.base64URL, 24...300),
            examples: [Example("hvs." + "hl0CM0fl0WXOM8BP2lcM8Y8a"), Example("hvb." + "va8xbzOTLpOpQbKT8arDxlUW")],
            counterExamples: ["hvs.yv18ZPXdO" + "t0yDJBCKetYHj7", "xhvs.Sf8IlpO2V" + "z4iuPF8xJBscrSo"]),
        token(
            "Pulumi token", "pul-, 40 hexadecimal digits",
            ["pul-"], TokenRule(.hexadecimal, 40...40),
            examples: [Example("pul-" + "952612da8be1e484c45b04c01f476fd06e7c6f1f")],
            counterExamples: [
                "pul-d46c1e17baae96f84" + "b534da1df102993e52c4da",
                "xpul-bd96776b357943556" + "5a6567476badbc9c64ee27f",
            ]),
        token(
            "Doppler token",
            "dp.pt., dp.st., dp.ct., dp.sa., dp.scim. or dp.audit., 40 to 80 base64url characters and dots",
            ["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."], TokenRule(.base64URLAndDots, 40...80),
            examples: [
                Example("dp.pt." + "wp1EOgAnqvTl3Twi215kIkV6lWfWhDeNznRq4DhL"),
                Example("dp.st." + "nL3I7P9Y8SvDUKOsOhNnngIFp3CAukmTFECvT6o5"),
            ],
            counterExamples: [
                "dp.pt.hb2JPR86PRlcNCrZ" + "zZ8YElGHpxgMzUPiZFgytS8",
                "xdp.pt.K04KrqDfiCl8BDlG" + "xQS251iEAnkr6qu9RY6WzBrq",
            ]),
        token(
            "Scalingo token", "tk-us-, 48 base64url characters",
            ["tk-us-"], TokenRule(.base64URL, 48...48),
            examples: [Example("tk-us-" + "3F2cxP2Nj7O21NRiD9q6DPkiLkUjutuutBUradPVhItO6dwi")],
            counterExamples: [
                "tk-us-Vl2EbEOEugKLtnXbWQzV" + "AOGe23NPubVlt7W8kpFyJUWEyXs",
                "xtk-us-MU5WsEosW0zdPFmhQCCE" + "VFyyXp7KRE2GcNz39WZ38zEfdEwR",
            ]),
        token(
            "Tailscale key",
            "tskey-auth-, tskey-api-, tskey-client-, tskey-scim- or tskey-webhook-, 20 to 64 letters, digits and hyphens; a digit among them",
            ["tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-"],
            TokenRule(.alphanumericHyphen, 20...64, needsDigit: true),
            examples: [
                Example("tskey-auth-" + "av4iVtokahyFim0p173e"), Example("tskey-api-" + "bt4UWJqvGxY3cDN5phtu"),
            ],
            counterExamples: ["tskey-auth-zd0p" + "m96AlYhRgpzSXMD", "xtskey-auth-1r4w" + "SYwwZVQHAcjB1IFg"]),
        token(
            "Cloudflare origin CA key", "v1.0-, 24 hexadecimal digits, -, 146 hexadecimal digits",
            ["v1.0-"], TokenRule(.some(.hexadecimal, 24...24), .text("-"), .some(.hexadecimal, 146...146)),
            examples: [
                Example(
                    "v1.0-"
                        + "cf11e1351acda4a8bf86075e-4e3b5cfa812094e62d085ca031b5d30d272790999b52f7fa1f938dadde9e8fc34655d2bcb7878b741eb6bab14a985dd76516bde1918729f5677fcadef58c8d8ad2fbb25f5e237415e1"
                )
            ],
            counterExamples: [
                "v1.0-d94250fcacd5aad82a24bd2e-09324f68c7d949017ddc45ebe6166d02a87c34c921ba99dff3345dc06"
                    + "dba26995cfbeb3d9d070da2d276f105a5a0809011873f821987092bdd171620563eac5c3a34ad61964098f39",
                "xv1.0-a46ffcfc8ef9ff34bc0a77d1-d825936b3ac13aa02a536162526d734a309516d1c5f7e905c5a92aff9"
                    + "a68bb07e72dabec63e817c064dc1f5daff9b00c4831386f8ebdb3583e57d272386b34e998ce0f8df56d6199b8",
            ]),
        token(
            "Yandex Cloud API key", "AQVN, 35 to 38 base64url characters",
            ["AQVN"], TokenRule(.base64URL, 35...38),
            examples: [Example("AQVN" + "ly9O3tsvI9FI8vKiFqn3Jooenvkkstmmb6S")],
            counterExamples: [
                "AQVNYc8tH7KwGUPARkd" + "OOkNEAeenI9oggEN1Wn", "xAQVNBF9qBeQfD0qRiTu" + "rHghbN47Ra7uPkeKmE02",
            ]),
    ]
}
