// Tokens of code hosting, package registries, builds and monitoring, by the prefixes that their vendors document.
// Examples are cut in two so that scanners of source code leave them alone.
extension Detector {
    static let codeTokens: [Detector] = [
        token(
            "GitHub token",
            "ghp_, gho_, ghu_, ghs_ or ghr_, 36 to 255 letters and digits; a right CRC-32 at the end is told from a wrong one by the confidence",
            ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], TokenRule(.alphanumeric, 36...255, checksum: .crc32Base62),
            confidence: .medium,
            examples: [
                Example("ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"),
                Example("gho_" + "abcdefghijklmnopqrstuvwxyz0123456789"),
                Example("ghp_" + "we0FjSVZ9RkLJwxpnVwOAX0TyoRjax1GJIty"),
                Example("gho_" + "IC8iyG2a8OZ2mpZFr6fWbwSWAQ6TFL0RxoyD"),
            ],
            counterExamples: [
                "ghp_short", "xghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "ghp_mx0JUKoNzxlAVsl" + "JNaI1kNcsoGj741InnNe", "xghp_Q34NLFC82SEL1OB" + "5pfugpGeJrGzN900hDt3Q",
            ]),
        token(
            "GitHub fine-grained token", "github_pat_, 22 to 255 letters, digits and underscores",
            ["github_pat_"], TokenRule(.alphanumericUnderscore, 22...255),
            examples: [
                Example("github_pat_" + "11ABCDEFG0123456789abc_defghijklmnop"),
                Example("github_pat_" + "ix685LUJNuVqlhdU4x0xYA"),
            ],
            counterExamples: [
                "github_pat_short", "github_pat_Gq0Ix" + "qso2XckBZWlTnS26", "xgithub_pat_l81Oz" + "L0KvvmsLagy5fTDd8",
            ]),
        token(
            "GitLab token",
            "glpat-, gldt-, glrt-, glcbt-, glptt-, glft-, glimt-, glagent-, gloas-, glsoat- or glffct-, 20 to 255 base64url characters; a digit among them",
            [
                "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-", "glsoat-",
                "glffct-",
            ], TokenRule(.base64URL, 20...255, needsDigit: true),
            examples: [
                Example("glpat-" + "abcDEF123_-abcDEF123"), Example("glpat-" + "KN1i0Q1rpLmQ46TCZfIF"),
                Example("gldt-" + "nj2CKxP8hQ9P5JwMh5Mw"),
            ],
            counterExamples: ["glpat-abc", "glpat-9O3XVx" + "5Bn2it7MhmnFK", "xglpat-Pw2VGZ" + "vz2m6qxMoeEmX3"]),
        token(
            "GitLab runner registration token", "GR1348941, 20 base64url characters",
            ["GR1348941"], TokenRule(.base64URL, 20...20),
            examples: [Example("GR1348941" + "Wm5nh9WalENzl4z6HRHs")],
            counterExamples: ["GR1348941uo3Pj" + "VzCMia7upAPIwe", "xGR1348941ND0rL" + "aQqfqw1k415rGaU"]),
        token(
            "Bitbucket app password", "ATBB, 32 letters and digits",
            ["ATBB"], TokenRule(.alphanumeric, 32...32),
            examples: [Example("ATBB" + "Sb5oJcqhtzQ4GxuaY8v58ohHuHeH28Ig")],
            counterExamples: ["ATBB3z6oyqbiECoZ3" + "oS5NdtXnrLjFZlR0vB", "xATBBcM1ytuk4eLivi" + "aNcZs8BoK0GnUGTKZiQ"]),
        token(
            "Atlassian API token", "ATATT3 or ATCTT3, 60 to 300 base64url characters and dots",
            ["ATATT3", "ATCTT3"], TokenRule(.base64URLAndDots, 60...300),
            examples: [
                Example("ATATT3" + "y52JwoMFnEoZ8IZXhwCktOD4l7Mh0iE6ZLkMc0PEBsHDhSVAYuD1cjj8FtOA"),
                Example("ATCTT3" + "1C0HRj6grw9afO3u8h7Vo9gAzrG62Ri4wCIOmxJg37aNYAuizNADmyZ0RFzo"),
            ],
            counterExamples: [
                "ATATT3az0C5ke0zFTP2zPDXb8UbB7Vle" + "OaXhhN8hDbGXvYVWkccqA2uDrcGBmNI5u",
                "xATATT3nn5FSL9ub7yyzpwtApGrJDxya5" + "cRLkCw2lX0kxIYhXXomYW9P3j1mzt2HGHk",
            ]),
        token(
            "npm token",
            "npm_, 36 letters and digits; a right CRC-32 at the end is told from a wrong one by the confidence",
            ["npm_"], TokenRule(.alphanumeric, 36...36, checksum: .crc32Base62), confidence: .medium,
            examples: [Example("npm_" + "r396JaO2Fo5j4klHf0NY3H8TUn42QA1Bz8qz")],
            counterExamples: [
                "npm_oX2MhGyQsSN00q9" + "IywguRfddb6TfbSD1s40", "xnpm_9G87iuzNs7l2OTy" + "PUanWKidscJipuB0ksvJl",
            ]),
        token(
            "PyPI token", "pypi-AgEIcHlwaS5vcmc or pypi-AgENdGVzdC5weXBpLm9yZw, 50 to 1000 base64url characters",
            ["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"], TokenRule(.base64URL, 50...1000),
            examples: [
                Example("pypi-AgEIcHlwaS5vcmc" + "oq04CfuK4WpG19teQtZI19L2KJ3YLYtjs5OBnbdZ4NVqqlI7Au"),
                Example("pypi-AgENdGVzdC5weXBpLm9yZw" + "vn7y1rSdgY0Pr1K9lfz6Y1kmbMVKB64S5oxa57waCW52EBo4bo"),
            ],
            counterExamples: [
                "pypi-AgEIcHlwaS5vcmcir14lQ1NTSsZ5F" + "QRDXMpbC7dComJAgZOjVK25tKomCPd1sqSH",
                "xpypi-AgEIcHlwaS5vcmcfP2la148IDpCr4" + "TynIuFdDn8wJjh3NDueCQ5SMjC2AwEDhvwmj",
            ]),
        token(
            "RubyGems key", "rubygems_, 48 hexadecimal digits",
            ["rubygems_"], TokenRule(.hexadecimal, 48...48),
            examples: [Example("rubygems_" + "797fb26439e49a0534e470694b3dbdab3bf7a066bdbfdbfc")],
            counterExamples: [
                "rubygems_ae4a191436881a2e215" + "553d1b58a56a64c6d9db9787a765",
                "xrubygems_c4926674936c9ed0078" + "e2bde1cc9cfcfba8c5b41bc2529fc",
            ]),
        token(
            "crates.io token", "cio, 32 letters and digits; a digit among them",
            ["cio"], TokenRule(.alphanumeric, 32...32, needsDigit: true),
            examples: [Example("cio" + "Dc9nsL6kNsvKT7SegYErymNHgiC56ox7")],
            counterExamples: ["cio3C2LDzbLtCGDMw" + "HOhvVb25RFerj5cKs", "xcio4O5pbmbP5VVPCn" + "7WwSSV4Xzbftaz4q3p"]),
        token(
            "NuGet key", "oy2, 43 small letters and digits",
            ["oy2"], TokenRule(.lowerAlphanumeric, 43...43),
            examples: [Example("oy2" + "86049ltetl2nqwryj1sljb2aeydr7napaz2woq5wkkk")],
            counterExamples: [
                "oy2ix3d6rwpqkrjyw0shk0" + "f5o67cdn8j7gm1shwt4zuaw",
                "xoy2do2tkn7svic0d5ui3i5" + "yz4yoqvp9b19rvuyohc37l9c",
            ]),
        token(
            "Clojars token", "CLOJARS_, 60 hexadecimal digits",
            ["CLOJARS_"], TokenRule(.hexadecimal, 60...60),
            examples: [Example("CLOJARS_" + "042c4d78c0904d34462db44194334e51ea97343643ec605458ff7c5f9c49")],
            counterExamples: [
                "CLOJARS_2c5641b20eeb20930c5bcc599" + "4b122e084e595e5307a2d35136d805a57d",
                "xCLOJARS_8441377cb9262f8e617fd634b" + "f00261fd900a1d75b7c206ff1b269d9e129",
            ]),
        token(
            "Docker token", "dckr_pat_ or dckr_oat_, 27 to 64 base64url characters",
            ["dckr_pat_", "dckr_oat_"], TokenRule(.base64URL, 27...64),
            examples: [
                Example("dckr_pat_" + "093ozFBqfLQYY0UA069uz3ZtFgI"),
                Example("dckr_oat_" + "a12hwi8tPxQxp55G9aIy3iFgD9E"),
            ],
            counterExamples: ["dckr_pat_OK7E1ewn" + "1MGjY6sIjujQYD3Z1b", "xdckr_pat_nh8WJk5u" + "sky46xwVfgRSjgs1jyQ"]),
        token(
            "Packagist token",
            "packagist_ack_, packagist_ort_, packagist_out_ or packagist_uut_, 60 to 100 letters and digits",
            ["packagist_ack_", "packagist_ort_", "packagist_out_", "packagist_uut_"],
            TokenRule(.alphanumeric, 60...100),
            examples: [
                Example("packagist_ack_" + "an61j8JZDeJMTfbf4IwGYHHDeUmVpSBb1ussqHdXyzsFI7PnngQDy87qHCAt"),
                Example("packagist_ort_" + "A07glb5tztKHhgcIL0QyCRItPD8c7Bwe6jp3lA1oc7E1rdc9T8UuGWzu6clZ"),
            ],
            counterExamples: [
                "packagist_ack_067dVLUI8kiVwSTBIP7ZhD" + "dWSCKqwSfQEQmPLwsxiL8U3PSDiaNpwO5sqCg",
                "xpackagist_ack_a83w7cWULPZuIOynLMDY9G" + "lKq9hP0JRedT6bdgvNtMEYzTBOiii5kSWLklBr",
            ]),
        token(
            "JFrog key", "AKCp, 69 letters and digits",
            ["AKCp"], TokenRule(.alphanumeric, 69...69),
            examples: [Example("AKCp" + "Y28LqofGLeSHrx4FUmnatuNAvH2tcVGCoglKL7CjND3C4Lin5njhLEMtTXENxvo6YQ33Y")],
            counterExamples: [
                "AKCpWQ0uj27ezGkOrWL10MMisPyhczndux73" + "8PB79S4Nxv2sXNuW9Mr5L3fdakBONlPbfzMf",
                "xAKCpL28PXWK4h5TQkccTKAnWv8E9yNcwufa5" + "fEGulVLQTA7vBjpyYxgxfZNIGXVNJSfBVnIJu",
            ]),
        token(
            "Sourcegraph token", "sgp_, 40 to 60 letters, digits and underscores; a digit among them",
            ["sgp_"], TokenRule(.alphanumericUnderscore, 40...60, needsDigit: true),
            examples: [Example("sgp_" + "Ln4fNin2q2OGr4naCZO34EiyQUokTjuN4T4XuyVU")],
            counterExamples: [
                "sgp_bF84ibh6t453oXhfF" + "p7Wbfm0b8Hd4z3mEVkZgep",
                "xsgp_6q0hLC5tUuyfYrewA" + "xafhGswEVmloCcg4QwWnK07",
            ]),
        token(
            "CircleCI token", "CCIPAT_ or CCIPRJ_, 40 to 80 letters, digits and underscores; a digit among them",
            ["CCIPAT_", "CCIPRJ_"], TokenRule(.alphanumericUnderscore, 40...80, needsDigit: true),
            examples: [
                Example("CCIPAT_" + "tt6T5rqRvyjkaWDaoFzlkwtos2GlhqOBuQzx65ls"),
                Example("CCIPRJ_" + "xF8FZf7ZAKTwnDucTqxUIaqkxeJc75j05EXan7Db"),
            ],
            counterExamples: [
                "CCIPAT_FM15WzpDfdfH2kO4" + "lckdTropwjE0yE7SxP4ENn0",
                "xCCIPAT_JY1fZg2wg6TSYBKq" + "6HcGCkHQNa4T9wUrygHg0WsS",
            ]),
        token(
            "Buildkite token", "bkua_, 40 hexadecimal digits",
            ["bkua_"], TokenRule(.hexadecimal, 40...40),
            examples: [Example("bkua_" + "9e25e907eab61b0013b4c5b826cfa13aeb82e0b4")],
            counterExamples: [
                "bkua_d233e141c97c2f738" + "07bf2f5d61a9d9fe7f86ef",
                "xbkua_7f3da932654153d7c" + "fbbf28464b82ea319152e87",
            ]),
        token(
            "Sentry token", "sntryu_, 64 hexadecimal digits",
            ["sntryu_"], TokenRule(.hexadecimal, 64...64),
            examples: [Example("sntryu_" + "1c11e788a1f33b1849253919ae01d0603885e7ee76a57f812a682e838d263d86")],
            counterExamples: [
                "sntryu_6378bdb7ca84e20a819efb3bb7d6" + "13395b78fd4217688217fa0102af4fec3f1",
                "xsntryu_dd9e41b94d8bd2fafd830a09ccff" + "4ff58f0b14fc6ed5ec9f0be13378161f116a",
            ]),
        token(
            "Sentry organisation token", "sntrys_eyJ, 40 to 1000 base64 characters",
            ["sntrys_eyJ"], TokenRule(.base64, 40...1000),
            examples: [Example("sntrys_eyJ" + "Q23q4OphIppLfNY2esDEMcy95BKS1Cb04TwrR1eb")],
            counterExamples: [
                "sntrys_eyJoI0dOopUVIz136" + "8v8IOz5iTmy93CbCh6GKXjJpf",
                "xsntrys_eyJqR4ltCddoZIIyo" + "jsUfYkANIyJ8Vpbybn3j3jxkMe",
            ]),
        token(
            "Grafana service account token", "glsa_, 32 letters and digits, _, 8 hexadecimal digits of either case",
            ["glsa_"], TokenRule(.some(.alphanumeric, 32...32), .text("_"), .some(.hexadecimalAnyCase, 8...8)),
            examples: [Example("glsa_" + "Jh77eYJx3nUCr6nPJNdviXm9vR3nOccM_e067e4E8")],
            counterExamples: [
                "glsa_YR5IetF1eugfwY5g1" + "0Y5ZKjOFhnCII3n_Ec054A1",
                "xglsa_bJ6upbRNYifzLqPaJ" + "oGxpFxNtflT6aSd_7B70cFFb",
            ]),
        token(
            "Grafana Cloud token", "glc_eyJ, 32 to 1000 base64 characters",
            ["glc_eyJ"], TokenRule(.base64, 32...1000),
            examples: [Example("glc_eyJ" + "BP75JcJ1SZ38bagdMUWTYFwD4WT9clqD")],
            counterExamples: [
                "glc_eyJwg59EnFSKshb" + "P409xdsKqPP1ufFo5OR", "xglc_eyJk90O53XZo5uP" + "jC8AvditLmA6h9nu9ZlI",
            ]),
        token(
            "New Relic user key", "NRAK-, 27 capitals and digits",
            ["NRAK-"], TokenRule(.upperAlphanumeric, 27...27),
            examples: [Example("NRAK-" + "DJ6BZMZBWC5XAGRZ66B3KN6ERXR")],
            counterExamples: ["NRAK-6O6C41YORC" + "Y86W4T3JSNHZGQOY", "xNRAK-4O9NQJ2VMW" + "RHPRFJAUE78VEHKL0"]),
        token(
            "New Relic browser key", "NRJS-, 19 hexadecimal digits",
            ["NRJS-"], TokenRule(.hexadecimal, 19...19),
            examples: [Example("NRJS-" + "587bea7843ac2a9a17b")],
            counterExamples: ["NRJS-f512a3" + "ed49f9eb3056", "xNRJS-653daa" + "e2127127e8047"]),
        token(
            "Dynatrace token", "dt0c01. or dt0s16., 24 capitals and digits, ., 64 capitals and digits",
            ["dt0c01.", "dt0s16."],
            TokenRule(.some(.upperAlphanumeric, 24...24), .text("."), .some(.upperAlphanumeric, 64...64)),
            examples: [
                Example(
                    "dt0c01."
                        + "030JN0PBXNQS1ODF6HN2P7TI.W7258C2KTZ1OJW8ZYWBU1ZSZ2T31SI45Q5KT9YJFIKJ7MPIGE7SXIAJ5WT1C1EQ3"),
                Example(
                    "dt0s16."
                        + "5Y8YOT4F1M39VHHJG9OIONLV.A53AOG08DCYNEAKYXJQQ4U0K8TDJ3HPP3XJF0K42ORGWXDL7320GD5C4MTYL15XP"),
            ],
            counterExamples: [
                "dt0c01.X44CM46R0MG50E6Z1LHRR0VC.700LLFZ67GAD6QO" + "BAUELDWVUU3X6Y0HCRZGQ6LF8PG74YGU2UTVBT40TS3UH1HF",
                "xdt0c01.BC3UIUBDQADXLJFHFN516I4J.5W33K4UW1CYMNZ7"
                    + "1RNS29HXTIG0RY55FULMJ53H12058MEOW9324P8MTUT5HHJN0",
            ]),
        token(
            "LaunchDarkly key",
            "sdk- or api-, 8 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 4 hexadecimal digits, -, 12 hexadecimal digits",
            ["sdk-", "api-"],
            TokenRule(
                .some(.hexadecimal, 8...8), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 4...4), .text("-"), .some(.hexadecimal, 4...4), .text("-"),
                .some(.hexadecimal, 12...12)),
            examples: [
                Example("sdk-" + "912993dd-6697-551e-7720-4704fe49afb9"),
                Example("api-" + "ce950064-0594-6143-419a-652983730be9"),
            ],
            counterExamples: [
                "sdk-bb3e4aed-353f-8" + "424-1459-1b2e1752db3", "xsdk-c2902176-ce3c-9" + "113-4b2d-e30e8f09a5ce",
            ]),
        token(
            "Prefect key", "pnu_ or pnb_, 36 letters and digits",
            ["pnu_", "pnb_"], TokenRule(.alphanumeric, 36...36),
            examples: [
                Example("pnu_" + "jy1gVp7mcWieTOtZcBGoz3tRGcD2z3FHmBQX"),
                Example("pnb_" + "y269bwNdjylZL151bkA4uJd9Zy3yflzsKBFK"),
            ],
            counterExamples: [
                "pnu_5l0yAfwOsxZkD59" + "sAfxJVHaT5DUzUU7kajv", "xpnu_fm4Qax8yjH8WQzr" + "tKSIpj6bTIKe4xoix0uiL",
            ]),
        token(
            "Infracost key", "ico-, 32 letters and digits",
            ["ico-"], TokenRule(.alphanumeric, 32...32),
            examples: [Example("ico-" + "mK6jTpLotzP94Vkf6wCnLWN43NjosT0d")],
            counterExamples: ["ico-sD68x7MB2Yxqz" + "hwuha40hbKqRZZdKFY", "xico-J83qgXfxYSGLo" + "rSpYo53GGOAphvp4JQX"]),
        token(
            "ReadMe key", "rdme_, 70 small letters and digits",
            ["rdme_"], TokenRule(.lowerAlphanumeric, 70...70),
            examples: [Example("rdme_" + "kk025dhm3oeelunvl03rmu547bpynz51clrn0u0nyffwku9gfvm6dopwnpm41nle90ygm2")],
            counterExamples: [
                "rdme_jw0aq9xyqfnrcjsic28427a1ak3nv4cy" + "myvlz6vy9zya7t3lhuq51ljojt3b94ides59q",
                "xrdme_ei4xn1gjhiefypz5fnxsev218eqy24id" + "uey8rr80kapue41hmq1xp12br0037tbygapehn",
            ]),
        token(
            "1Password service account token", "ops_eyJ, 200 to 2000 base64 characters",
            ["ops_eyJ"], TokenRule(.base64, 200...2000),
            examples: [
                Example(
                    "ops_eyJ"
                        + "nx05qCBEe1dU1SigecGkQicVxN8xVCYiyXsaXRINXFwN0c5OW8ACWKipyIPL8sRwP0z37ZIvi0Q8Kpf91o9uiujG6nX0qfCkKoQBGgVVrMzEEZgxjhtThVdIEHYchDI8VL6FIRplevnGiBBm9RRSQKtu7O6EDa2cZEhgtdSTUbtlHmJE1tr3QpLnSA75Kri0i6HRTmof"
                )
            ],
            counterExamples: [
                "ops_eyJ2x6pvZOVAqUpSaSvl4cR02jhyF79eiGfsXy0omWrHzVx35ZSXSmeVTKmuJqFyjiTgXrwUXiQFxQ1JmSbPhKL1ycRAVkXL7kb"
                    + "USijeFe5JbatOaUEtGo12npMLaXCFOyGC6yLb9pxZ1w8mvXc25XwevGaW8GrAGEzKvWjFY5jKoneZXltJWmyEdgCyNBf2bPaKGJ4HOs",
                "xops_eyJIo3Lv2lh4u46yjvGsf8MyoANKGmNU1F2y1A6PO2LmYah8LMNjo3AOFHULYLfk5On1eSYZIM8svmRxvpOXqIfBuZDF4U5bRcc"
                    + "i948Vo6vVnXByOKWCGt3TqKIjq8WLdNfYFwmvDUs2X42Bqha8nZqflcowYD0N46XupO2qoJRCx1qISfdH9ggLcHzEHoINl12dwhU1aXy",
            ]),
        token(
            "age secret key", "AGE-SECRET-KEY-1, 58 capitals and digits",
            ["AGE-SECRET-KEY-1"], TokenRule(.upperAlphanumeric, 58...58),
            examples: [Example("AGE-SECRET-KEY-1" + "CF8B8L339ZORWEAFGTGAZQCBM2YINABEJ60PE8DGSA3AU4WD3E9K9TGP8T")],
            counterExamples: [
                "AGE-SECRET-KEY-17F1SD6BI6EJZP9992CT3" + "0R48XT6RF6943DIY7KWJUB9XNA1VFE20SFONU",
                "xAGE-SECRET-KEY-1DD35KD7EUNAFJM08L6C3" + "CA6HF4LRWY8Q7NE9DFBBCOGQXB95BVWZ1T8XXQ",
            ]),
        token(
            "Postman key", "PMAK-, 24 hexadecimal digits, -, 34 hexadecimal digits",
            ["PMAK-"], TokenRule(.some(.hexadecimal, 24...24), .text("-"), .some(.hexadecimal, 34...34)),
            examples: [Example("PMAK-" + "905aaf6d593c5f7e0c0d1b34-b6397b26780cbf8b6be05c695aefa4596e")],
            counterExamples: [
                "PMAK-8f1b30a633a0e4edb60b9fc8-3" + "14418d369763dbfd6e2856123c1a374f",
                "xPMAK-43372da1770853aaad72257a-7" + "f20e6964d43b827dcc07ee581b54754a0",
            ]),
        token(
            "Defined Networking key", "dnkey-, 60 to 100 base64url characters",
            ["dnkey-"], TokenRule(.base64URL, 60...100),
            examples: [Example("dnkey-" + "239hjnKeA9Vn35y7HoZPNEnAd3twZm3xuG2uaNjMD6DTkvL4C6s5McijlLH2")],
            counterExamples: [
                "dnkey-jL6aOeqrDyT5nQIGjsLrBpP2cz" + "0cSzSWAkrIyi9ekm1LvrZbey5tXG89Tik",
                "xdnkey-sH5iGyQlnHSPefV07wEUbqpQBM" + "6uJwN13JLKIT0VFVpaCr9Z745WBtCBFK1p",
            ]),
    ]
}
