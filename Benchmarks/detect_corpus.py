#!/usr/bin/env python3
"""Writes a labelled corpus for the detectors: values with right checksums and look-alikes, in prose, logs, JSON and SQL.

    detect_corpus.py --seed 1 --count 4000            JSON lines: text, column, spans [start, end, entity] in bytes
    detect_corpus.py --seed 1 --megabytes 32 --sparse plain text for throughput, a value every 4 KB or so
    detect_corpus.py --seed 1 --megabytes 32 --dense  the same, a value or two in every line

It knows the entities from the authorities' and vendors' descriptions and shares no code or pattern with the detectors.
"""
import argparse, base64, hashlib, json, random, string, sys, zlib

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
BASE62 = DIGITS + UPPER + LOWER
URL64 = UPPER + LOWER + DIGITS + "-_"


class Values:
    """One method for each entity: returns the text, and a label that it needs beside it or None."""

    def __init__(self, rng):
        self.r = rng

    def some(self, alphabet, count):
        return "".join(self.r.choice(alphabet) for _ in range(count))

    def digits(self, count):
        return self.some(DIGITS, count)

    # -- contact

    def email(self):
        name = self.r.choice(FIRST).lower() + self.r.choice(["", ".", "_", "+"]) + self.r.choice(LAST).lower() \
            + self.r.choice(["", str(self.r.randint(1, 99))])
        host = self.r.choice(["example", "mail.corp", "acme-inc", "uni.bonn", "post"]) + "." \
            + self.r.choice(["com", "org", "de", "co.uk", "io", "fr", "com.br"])
        if self.r.random() < 0.1:
            return self.r.choice(["jürgen@müller.de", "o'brien@example.org", "josé.díaz@correo.example.es", "info@xn--mller-kva.de"]), None
        return name + "@" + host, None

    def phone(self):
        r = self.r
        area, exchange = str(r.choice([201, 212, 303, 415, 512, 617, 702, 808])), str(r.randint(200, 999))
        line = self.digits(4)
        kind = r.randint(0, 13)
        label = r.choice(["Phone: ", "tel ", "mobile: ", "Fax: ", "Telephone: ", "call my cell "])
        if kind == 0: return f"+1{area}{exchange}{line}", None
        if kind == 1: return f"+1 {area}-{exchange}-{line}", None
        if kind == 2: return f"({area}) {exchange}-{line}", None
        if kind == 3: return f"{area}-{exchange}-{line}", None
        if kind == 4: return f"{area}.{exchange}.{line}", None
        if kind == 5: return f"+44 7{self.digits(3)} {self.digits(6)}", None
        if kind == 6: return f"020 7{self.digits(3)} {self.digits(4)}", None
        if kind == 7: return f"+49 {r.choice(['30', '89', '171'])} {r.randint(1000000, 99999999)}", None
        if kind == 8: return "0" + str(r.randint(1, 9)) + "".join(" " + self.digits(2) for _ in range(4)), None
        if kind == 9: return f"+33 6 {' '.join(self.digits(2) for _ in range(4))}", None
        if kind == 10: return f"{area}{exchange}{line}", label
        if kind == 11: return f"+91 {r.randint(60000, 99999)} {self.digits(5)}", None
        if kind == 12: return f"({r.randint(11, 99)}) 9{self.digits(4)}-{self.digits(4)}", None
        return f"0{r.randint(151, 179)} {self.digits(7)}", label

    def postal_address(self):
        r = self.r
        word = r.choice(["Oak", "Maple", "Lincoln", "Cedar Hill", "Park", "Washington", "Lake", "Church"])
        kind = r.randint(0, 5)
        if kind == 0:
            return f"{r.randint(1, 9999)} {word} {r.choice(['Street', 'Ave', 'Road', 'Blvd', 'Lane', 'Drive'])}, " \
                f"{r.choice(['Springfield', 'Austin', 'Denver', 'Salem'])}, {r.choice(['IL', 'TX', 'CO', 'OR'])} {self.digits(5)}", None
        if kind == 1: return f"{r.randint(1, 999)} {word} {r.choice(['Street', 'Avenue', 'Road', 'Court'])}", None
        if kind == 2:
            return f"{r.choice(['Haupt', 'Garten', 'Bahnhof', 'Linden'])}{r.choice(['straße', 'str.', 'weg', 'allee'])} " \
                f"{r.randint(1, 199)}, {r.randint(10000, 99998)} {r.choice(['Berlin', 'Hamburg', 'Köln', 'Dresden'])}", None
        if kind == 3: return f"{r.randint(1, 99)} rue {r.choice(['de la Paix', 'Victor Hugo', 'du Moulin'])}, 75{self.digits(3)} Paris", None
        if kind == 4: return f"P.O. Box {r.randint(10, 99999)}", None
        return f"Calle {r.choice(['Mayor', 'Alcalá', 'Serrano'])} {r.randint(1, 200)}, 28{self.digits(3)} Madrid", None

    def person_name(self):
        r = self.r
        name = r.choice(FIRST) + " " + r.choice(LAST)
        kind = r.randint(0, 3)
        if kind == 0: return name, r.choice(["Full name: ", "customer name: ", "beneficiary ", "account holder: "])
        if kind == 1: return r.choice(LAST), r.choice(["Mr. ", "Mrs. ", "Dr. ", "Ms. "])
        if kind == 2: return name, r.choice(["name: ", "Dear ", "patient "])
        return name, None

    # -- money

    def credit_card(self):
        r = self.r
        prefix, length = r.choice([("4", 16), ("4", 16), (str(r.randint(51, 55)), 16), (str(r.randint(2221, 2720)), 16),
                                   (r.choice(["34", "37"]), 15), ("6011", 16), ("65", 16), ("36", 14), ("3530", 16)])
        body = prefix + self.digits(length - len(prefix) - 1)
        number = body + luhn_digit(body)
        if length == 16 and r.random() < 0.5:
            return r.choice([" ", "-"]).join(number[i:i + 4] for i in range(0, 16, 4)), None
        if length == 15 and r.random() < 0.5: return f"{number[:4]} {number[4:10]} {number[10:]}", None
        return number, None

    def iban(self):
        country, form = self.r.choice(IBAN_FORMS)
        bban = "".join(self.some({"n": DIGITS, "a": UPPER, "c": UPPER + DIGITS}[kind], count) for kind, count in form)
        number = "".join(str(int(c, 36)) for c in bban + country + "00")
        value = country + f"{98 - int(number) % 97:02d}" + bban
        if self.r.random() < 0.5: return " ".join(value[i:i + 4] for i in range(0, len(value), 4)), None
        return value, None

    def btc_address(self):
        if self.r.random() < 0.5:
            payload = bytes([self.r.choice([0, 5])]) + self.r.randbytes(20)
            return base58(payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]), None
        version, size = self.r.choice([(0, 20), (0, 32), (1, 32)])
        value = bech32("bc", version, self.r.randbytes(size))
        return value.upper() if self.r.random() < 0.15 else value, None

    def eth_address(self):
        value = self.r.randbytes(20).hex()
        return "0x" + (eip55(value) if self.r.random() < 0.7 else value), None

    # -- states

    def us_ssn(self):
        area = self.r.choice([a for a in (self.r.randint(1, 899) for _ in range(9)) if a != 666])
        parts = f"{area:03d}", f"{self.r.randint(1, 99):02d}", f"{self.r.randint(1, 9999):04d}"
        if self.r.random() < 0.7: return "-".join(parts), None
        return "".join(parts), self.r.choice(["SSN ", "ssn: ", "Social Security number "])

    def us_itin(self):
        group = self.r.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
        parts = f"9{self.digits(2)}", f"{group:02d}", f"{self.r.randint(1, 9999):04d}"
        if self.r.random() < 0.7: return "-".join(parts), None
        return "".join(parts), self.r.choice(["ITIN ", "itin: ", "taxpayer id "])

    def uk_nino(self):
        first, second = [c for c in UPPER if c not in "DFIQUV"], [c for c in UPPER if c not in "DFIQUVO"]
        while True:
            prefix = self.r.choice(first) + self.r.choice(second)
            if prefix not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"): break
        number, suffix = self.digits(6), self.r.choice("ABCD")
        if self.r.random() < 0.5: return f"{prefix} {number[:2]} {number[2:4]} {number[4:]} {suffix}", None
        return prefix + number + suffix, None

    def br_cpf(self):
        n = self.digits(9)
        for length in (9, 10):
            total = sum(int(d) * (length + 1 - i) for i, d in enumerate(n))
            n += str((total * 10 % 11) % 10)
        if self.r.random() < 0.7: return f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}", None
        return n, self.r.choice(["CPF ", "cpf: "])

    def br_cnpj(self):
        n = self.digits(8) + "0001"
        for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
            rest = sum(int(d) * w for d, w in zip(n, weights)) % 11
            n += "0" if rest < 2 else str(11 - rest)
        if self.r.random() < 0.7: return f"{n[:2]}.{n[2:5]}.{n[5:8]}/{n[8:12]}-{n[12:]}", None
        return n, self.r.choice(["CNPJ ", "cnpj: "])

    def de_tax_id(self):
        while True:
            twice, missing = self.r.sample(DIGITS, 2)
            pool = [d for d in DIGITS if d != missing] + [twice]
            self.r.shuffle(pool)
            if pool[0] != "0": break
        product = 10
        for digit in pool:
            total = (int(digit) + product) % 10 or 10
            product = total * 2 % 11
        n = "".join(pool) + str((11 - product) % 10)
        if self.r.random() < 0.5: return f"{n[:2]} {n[2:5]} {n[5:8]} {n[8:]}", None
        return n, self.r.choice(["Steuer-ID ", "IdNr. ", "tax id "])

    def de_id_card(self):
        letters = "CFGHJKLMNPRTVWXYZ"
        serial = self.r.choice("LMNPRTVWXY") + self.some(DIGITS + letters, 5) + self.digits(3)
        return serial + self.r.choice(["", icao_digit(serial)]), self.r.choice(["Personalausweis ", "Ausweisnummer: ", "ID card no. "])

    def fr_nir(self):
        place = self.r.choice([f"{self.r.randint(1, 95):02d}", "2A", "2B"])
        if place == "20": place = "21"
        n = f"{self.r.choice('12')}{self.digits(2)}{self.r.randint(1, 12):02d}{place}{self.r.randint(1, 990):03d}{self.r.randint(1, 999):03d}"
        key = f"{97 - int(n.replace('2A', '19', 1) if place == '2A' else n.replace('2B', '18', 1) if place == '2B' else n) % 97:02d}"
        if place in ("2A", "2B"):  # the department alone is replaced
            number = int(n[:5] + {"2A": "19", "2B": "18"}[place] + n[7:])
            key = f"{97 - number % 97:02d}"
        if self.r.random() < 0.5: return f"{n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:10]} {n[10:]} {key}", None
        return n + key, None

    def in_aadhaar(self):
        n = self.r.choice("23456789") + self.digits(10)
        n += verhoeff_digit(n)
        if self.r.random() < 0.7: return f"{n[:4]} {n[4:8]} {n[8:]}", None
        return n, self.r.choice(["Aadhaar ", "aadhaar no: "])

    def in_pan(self):
        return self.some(UPPER, 3) + self.r.choice("PCHABGJLFT") + self.some(UPPER, 1) + f"{self.r.randint(1, 9999):04d}" \
            + self.some(UPPER, 1), self.r.choice([None, "PAN "])

    def es_dni(self):
        n = self.r.randint(1, 99999999)
        return f"{n:08d}" + self.r.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[n % 23], None

    def es_nie(self):
        lead, n = self.r.randint(0, 2), self.r.randint(0, 9999999)
        return "XYZ"[lead] + self.r.choice(["", "-"]) + f"{n:07d}" + self.r.choice(["", "-"]) \
            + "TRWAGMYFPDXBNJZSQVHLCKE"[(lead * 10 ** 7 + n) % 23], None

    def passport(self):
        value = self.r.choice([self.digits(9), self.some(UPPER, 1) + self.digits(8), self.some(UPPER, 1) + self.digits(7),
                               self.some(UPPER, 2) + self.digits(6), self.digits(2) + self.some(UPPER, 2) + self.digits(5)])
        return value, self.r.choice(["passport ", "Passport number: ", "passport no. "])

    def date_of_birth(self):
        y, m, d = self.r.randint(1930, 2009), self.r.randint(1, 12), self.r.randint(1, 28)
        month = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                 "November", "December"][m - 1]
        value = self.r.choice([f"{y}-{m:02d}-{d:02d}", f"{m:02d}/{d:02d}/{y}", f"{d:02d}.{m:02d}.{y}", f"{d} {month} {y}",
                               f"{month} {d}, {y}"])
        return value, self.r.choice(["DOB ", "date of birth: ", "born on ", "Date of Birth: "])

    # -- network

    def ip_address(self):
        if self.r.random() < 0.7: return ".".join(str(self.r.randint(1, 254)) for _ in range(4)), None
        groups = [f"{self.r.randint(1, 0xffff):x}" for _ in range(8)]
        if self.r.random() < 0.5: return ":".join(groups), None
        return ":".join(groups[:self.r.randint(2, 4)]) + "::" + ":".join(groups[:self.r.randint(1, 3)]), None

    def mac_address(self):
        value = self.r.randbytes(6).hex()
        if self.r.random() < 0.15: return f"{value[:4]}.{value[4:8]}.{value[8:]}", None
        return self.r.choice([":", "-"]).join(value[i:i + 2] for i in range(0, 12, 2)), None

    # -- secrets

    def aws_access_key(self):
        return self.r.choice(["AKIA", "ASIA"]) + self.some(UPPER + "234567", 16), None

    def jwt(self):
        def part(value): return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
        return part({"alg": self.r.choice(["HS256", "RS256"]), "typ": "JWT"}) + "." \
            + part({"sub": self.digits(8), "iat": self.r.randint(10 ** 9, 2 * 10 ** 9)}) + "." \
            + base64.urlsafe_b64encode(self.r.randbytes(32)).decode().rstrip("="), None

    def private_key(self):
        kind = self.r.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
        body = base64.b64encode(self.r.randbytes(self.r.randint(90, 300))).decode()
        lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
        return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----", None

    def secret(self):
        r, some = self.r, self.some
        hexa, alnum = "0123456789abcdef", UPPER + LOWER + DIGITS

        def github(prefix):
            body = some(alnum, 30)
            crc, tail = zlib.crc32(body.encode()), ""
            for _ in range(6): crc, tail = crc // 62, BASE62[crc % 62] + tail
            return prefix + body + tail

        def uuid(): return "-".join(some(hexa, n) for n in (8, 4, 4, 4, 12))
        makers = [
            lambda: github(r.choice(["ghp_", "gho_", "ghs_"])), lambda: github("npm_"),
            lambda: "github_pat_" + some(alnum, 22) + "_" + some(alnum, 59), lambda: "glpat-" + some(URL64, 19) + r.choice(DIGITS),
            lambda: "xoxb-" + self.digits(12) + "-" + self.digits(12) + "-" + some(alnum, 24),
            lambda: r.choice(["sk_live_", "rk_live_", "sk_test_"]) + some(alnum, 24), lambda: "whsec_" + some(alnum, 32),
            lambda: "sk-proj-" + some(alnum, 48) + "7", lambda: "sk-ant-api03-" + some(URL64, 93) + "AA", lambda: "hf_" + some(alnum, 34),
            lambda: "AIza" + some(URL64, 35), lambda: "GOCSPX-" + some(URL64, 28), lambda: "dop_v1_" + some(hexa, 64),
            lambda: "SG." + some(URL64, 22) + "." + some(URL64, 43), lambda: "key-" + some(hexa, 32), lambda: "SK" + some(hexa, 32),
            lambda: self.digits(10) + ":AA" + some(URL64, 33), lambda: "shpat_" + some(hexa, 32), lambda: "sq0csp-" + some(URL64, 43),
            lambda: "glsa_" + some(alnum, 32) + "_" + some(hexa, 8), lambda: "NRAK-" + some(UPPER + DIGITS, 27),
            lambda: "dapi" + some(hexa, 32), lambda: "hvs." + some(alnum, 90), lambda: some(alnum, 14) + ".atlasv1." + some(alnum, 67),
            lambda: "pypi-AgEIcHlwaS5vcmc" + some(URL64, 120), lambda: "rubygems_" + some(hexa, 48), lambda: "lin_api_" + some(alnum, 40),
            lambda: "figd_" + some(alnum, 40), lambda: "pat-na1-" + uuid(), lambda: "PMAK-" + some(hexa, 24) + "-" + some(hexa, 34),
            lambda: "tskey-auth-k" + some(alnum, 11) + "CNTRL-" + some(alnum, 31) + "3", lambda: "sntryu_" + some(hexa, 64),
            lambda: "xkeysib-" + some(hexa, 64) + "-" + some(alnum, 16), lambda: some(hexa, 32) + "-us" + str(r.randint(1, 21)),
            lambda: "AGE-SECRET-KEY-1" + some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58), lambda: "dckr_pat_" + some(URL64, 27),
            lambda: some(alnum, 3) + "8Q~" + some(alnum, 34), lambda: "gsk_" + some(alnum, 52), lambda: "pul-" + some(hexa, 40),
            lambda: "r8_" + some(alnum, 37), lambda: "pat" + some(alnum, 14) + "." + some(hexa, 64), lambda: "LTAI5t" + some(alnum, 18),
        ]
        kind = r.random()
        if kind < 0.75: return r.choice(makers)(), None
        password = some(alnum, r.randint(8, 20))
        if kind < 0.85: return password, r.choice(["password=", "DB_PASSWORD=", "api_key: ", "secret = ", "token="])
        if kind < 0.95: return password, (f"postgres://app:", f"@db{r.randint(1, 9)}.example.com/main")
        return base64.b64encode(r.randbytes(30)).decode(), "aws_secret_access_key = "


FIRST = ("Maria James Fatima Lukas Chen Olga Pierre Ingrid Carlos Aisha Robert Jennifer Michael Linda Sofia Thomas Anna Daniel "
         "Laura Peter Julia Ahmed Elena Marco Nicole Tariq Oluwaseun Siobhan Bartholomew").split()
LAST = ("Smith Garcia Müller Johnson Dupont Rossi Silva Kowalski Nguyen Patel Kim Brown Martinez Fischer Lopez Weber Novak Khan "
        "Williams Schmidt Moreau Tanaka Okonkwo Vandenberg Abernathy").split()
IBAN_FORMS = [
    ("DE", [("n", 18)]), ("FR", [("n", 10), ("c", 11), ("n", 2)]), ("GB", [("a", 4), ("n", 14)]), ("ES", [("n", 20)]),
    ("IT", [("a", 1), ("n", 10), ("c", 12)]), ("NL", [("a", 4), ("n", 10)]), ("BE", [("n", 12)]), ("CH", [("n", 5), ("c", 12)]),
    ("AT", [("n", 16)]), ("PL", [("n", 24)]), ("PT", [("n", 21)]), ("SE", [("n", 20)]), ("NO", [("n", 11)]), ("DK", [("n", 14)]),
    ("IE", [("a", 4), ("n", 14)]), ("BR", [("n", 23), ("a", 1), ("c", 1)]), ("AE", [("n", 19)]), ("SA", [("n", 2), ("c", 18)]),
    ("MT", [("a", 4), ("n", 5), ("c", 18)]), ("TR", [("n", 6), ("c", 16)]),
]
COLUMNS = {
    "us_ssn": ("ssn", lambda v: v.digits(0) + us_ssn_digits(v)), "phone": ("phone_number", lambda v: "415" + str(v.r.randint(200, 999)) + v.digits(4)),
    "date_of_birth": ("birth_date", lambda v: v.date_of_birth()[0]), "passport": ("passport_no", lambda v: v.passport()[0]),
    "person_name": ("last_name", lambda v: v.r.choice(LAST)), "br_cpf": ("cpf", lambda v: "".join(c for c in v.br_cpf()[0] if c.isdigit())),
    "secret": ("db_password", lambda v: v.some(LOWER + DIGITS, 12)), "iban": ("iban", lambda v: v.iban()[0].lower()),
}


def us_ssn_digits(v):
    return f"{v.r.randint(1, 665):03d}{v.r.randint(1, 99):02d}{v.r.randint(1, 9999):04d}"


def luhn_digit(body):
    total = 0
    for index, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def icao_digit(text):
    return str(sum(int(c, 36) * (7, 3, 1)[i % 3] for i, c in enumerate(text)) % 10)


VERHOEFF_D = [
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043",
    "8765932104", "9876543210"]
VERHOEFF_P = [
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"]


def verhoeff_digit(number):
    for digit in DIGITS:
        check = 0
        for index, c in enumerate(reversed(number + digit)):
            check = int(VERHOEFF_D[check][int(VERHOEFF_P[index % 8][int(c)])])
        if check == 0: return digit


def base58(data):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(data, "big"), ""
    while number: number, text = number // 58, alphabet[number % 58] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def bech32(prefix, version, program):
    symbols = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = int.from_bytes(program, "big") << (-len(program) * 8 % 5)
    count = -(-len(program) * 8 // 5)
    data = [version] + [bits >> 5 * (count - 1 - i) & 31 for i in range(count)]

    def polymod(values):
        check = 1
        for value in values:
            top, check = check >> 25, (check & 0x1ffffff) << 5 ^ value
            for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                if top >> i & 1: check ^= g
        return check
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(expanded + data + [0] * 6) ^ (1 if version == 0 else 0x2bc830a3)
    return prefix + "1" + "".join(symbols[d] for d in data + [check >> 5 * (5 - i) & 31 for i in range(6)])


def keccak256(message):
    def rotate(value, bits): return (value << bits | value >> 64 - bits) & (1 << 64) - 1 if bits else value
    lanes = [[0] * 5 for _ in range(5)]
    block = bytearray(message + b"\1" + bytes(135 - len(message)))
    block[-1] |= 0x80
    for i in range(17): lanes[i % 5][i // 5] ^= int.from_bytes(block[8 * i:8 * i + 8], "little")
    register = 1
    for _ in range(24):
        c = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        d = [c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5): lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for j in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2: lanes[0][0] ^= 1 << (1 << j) - 1
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def eip55(value):
    digest = keccak256(value.encode()).hex()
    return "".join(c.upper() if int(h, 16) >= 8 else c for c, h in zip(value, digest))


def lookalike(v):
    """What is no entity but looks like one."""
    r = v.r

    def spoiled(make, position=-1):
        """The value with one digit changed, so that its checksum is wrong."""
        text, label = make()
        places = [i for i, c in enumerate(text) if c.isdigit()]
        place = places[position]
        changed = text[:place] + str((int(text[place]) + r.randint(1, 8)) % 10) + text[place + 1:]
        return (label if isinstance(label, str) else "") + changed
    return r.choice([
        lambda: spoiled(v.credit_card), lambda: spoiled(v.iban), lambda: spoiled(v.br_cpf), lambda: spoiled(v.br_cnpj),
        lambda: spoiled(v.de_tax_id), lambda: spoiled(v.in_aadhaar), lambda: spoiled(v.fr_nir), lambda: spoiled(v.es_dni),
        lambda: spoiled(v.es_nie), lambda: "order " + v.digits(9), lambda: "ticket #" + v.digits(r.randint(5, 8)),
        lambda: "commit " + v.some("0123456789abcdef", 40), lambda: "sha256:" + v.some("0123456789abcdef", 64),
        lambda: "-".join(v.some("0123456789abcdef", n) for n in (8, 4, 4, 4, 12)),
        lambda: f"version {r.randint(1, 9)}.{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 9)}", lambda: f"v{r.randint(1, 9)}.{r.randint(0, 9)}.{r.randint(0, 9)}",
        lambda: f"at {r.randint(2000, 2029)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d} {r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}",
        lambda: f"total {r.randint(1, 99999)}.{v.digits(2)} EUR", lambda: "ISBN 978-" + v.digits(1) + "-" + v.digits(4) + "-" + v.digits(4) + "-" + v.digits(1),
        lambda: "epoch " + str(r.randint(1_500_000_000, 1_900_000_000)), lambda: "part " + v.some(UPPER, 3) + "-" + v.digits(4),
        lambda: "@" + v.some(LOWER, 7), lambda: "image@2x.png", lambda: "std::vector", lambda: "lodash@4." + v.digits(2) + ".1",
        lambda: "666-" + v.digits(2) + "-" + v.digits(4), lambda: "000-" + v.digits(2) + "-" + v.digits(4),
        lambda: "token count: " + v.digits(3), lambda: "password is required", lambda: "passport control", lambda: "0." + v.digits(16),
        lambda: "0x" + v.some("0123456789abcdef", 16), lambda: "data:image/png;base64," + base64.b64encode(r.randbytes(60)).decode(),
        lambda: f"ratio {r.randint(1, 20)}:{r.randint(1, 20)}:{r.randint(1, 20)}", lambda: "sk-" + "-".join(r.choice(WORDS) for _ in range(4)),
        lambda: "MD5:" + ":".join(f"{b:02x}" for b in r.randbytes(16)), lambda: "SHA1 " + ":".join(f"{b:02X}" for b in r.randbytes(20)),
        lambda: f"{r.choice(['QQ', 'BG', 'DA', 'NT'])}{v.digits(6)}{r.choice('ABCD')}", lambda: f"AB{v.digits(6)}{r.choice('EFXZ')}",
        lambda: f"9{v.digits(2)}-{r.randint(10, 49)}-{v.digits(4)}", lambda: v.some(UPPER, 3) + r.choice("DEIKMN") + v.some(UPPER, 1) + v.digits(4) + "X",
        lambda: spoiled(v.btc_address), lambda: "admin@localhost", lambda: "npm i @scope/tool@2.1.0",
        lambda: f"lines {r.randint(100, 900)}-{r.randint(901, 999)}", lambda: "New York", lambda: "Main Menu",
    ])()


WORDS = ("the order was sent to our warehouse and will arrive soon please confirm that your account is still active or contact "
         "support about invoice payment refund request review table index query server timeout backup report meeting").split()


class Document:
    """Text and the spans in it, in bytes."""

    def __init__(self):
        self.text, self.spans, self.column = "", [], ""

    def add(self, text, entity=None):
        if entity:
            start = len(self.text.encode())
            self.spans.append([start, start + len(text.encode()), entity])
        self.text += text
        return self

    def value(self, value, label, entity):
        before, after = label if isinstance(label, tuple) else (label or "", "")
        return self.add(before).add(value, entity).add(after)


def prose(v):
    return " ".join(v.r.choice(WORDS) for _ in range(v.r.randint(3, 8)))


def document(v, entities):
    r, d = v.r, Document()
    items = [r.choice(entities) if r.random() < 0.7 else None for _ in range(r.randint(1, 3))]
    kind = r.choice(["prose", "prose", "log", "json", "sql", "column"])
    if kind == "column":
        entity = r.choice(list(COLUMNS))
        d.column = COLUMNS[entity][0]
        return d.add(COLUMNS[entity][1](v), entity)

    def item(entity):
        if entity is None: d.add(lookalike(v))
        else: d.value(*getattr(v, entity)(), entity)
    if kind == "prose":
        d.add(prose(v).capitalize())
        for entity in items:
            d.add(r.choice([" ", ", ", ": ", " ("]))
            opened = d.text.endswith("(")
            item(entity)
            d.add((")" if opened else "") + r.choice([" ", ", ", ". "]) + prose(v))
        d.add(".")
    elif kind == "log":
        d.add(f"2024-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}T{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:07.{v.digits(3)}Z "
              f"{r.choice(['INFO', 'WARN', 'ERROR'])} [worker-{r.randint(1, 99)}] {prose(v)}")
        for entity in items:
            d.add(r.choice([" value=", " [", " "]))
            opened = d.text.endswith("[")
            item(entity)
            d.add("]" if opened else "")
        d.add(f" took {r.randint(1, 900)} ms")
    elif kind == "json":
        d.add('{"id": ' + str(r.randint(1, 99999)))
        for number, entity in enumerate(items):
            if entity == "private_key": entity = "email"
            d.add(f', "{r.choice(["value", "note", "data", "field"])}{number}": "')
            item(entity)
            d.add('"')
        d.add("}")
    else:
        d.add(f"INSERT INTO records VALUES ({r.randint(1, 9999)}")
        for entity in items:
            d.add(", '")
            item(entity)
            d.add("'")
        d.add(");")
    return d


def filler(v):
    r = v.r
    return r.choice([
        lambda: prose(v).capitalize() + ". " + prose(v).capitalize() + ".\n",
        lambda: f"2024-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}T{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:07.{v.digits(3)}Z INFO "
        f"[worker-{r.randint(1, 99)}] {prose(v)} status={r.choice([200, 201, 404])} took {r.randint(1, 900)} ms\n",
        lambda: json.dumps({"id": r.randint(1, 9999), "total": r.randint(1, 999) / 10, "note": prose(v)}) + "\n",
        lambda: f"INSERT INTO t VALUES ({r.randint(1, 9999)}, '{prose(v)}', '{v.some('0123456789abcdef', 32)}');\n",
    ])()


ENTITIES = [name for name in vars(Values) if not name.startswith("_") and name not in ("some", "digits")]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=4000)
    arguments.add_argument("--megabytes", type=int)
    arguments.add_argument("--sparse", action="store_true")
    arguments.add_argument("--dense", action="store_true")
    options = arguments.parse_args()
    v = Values(random.Random(options.seed))
    if options.megabytes is None:
        for _ in range(options.count):
            d = document(v, ENTITIES)
            print(json.dumps({"text": d.text, "column": d.column, "spans": d.spans}, ensure_ascii=False))
        return
    # A few megabytes of different text, repeated.
    part = bytearray()
    since = 0
    while len(part) < 4 << 20:
        if options.dense or since > 4096:
            text, since = document(v, ENTITIES).text + "\n", 0
        else:
            text = filler(v)
            since += len(text)
        part += text.encode()
    for _ in range(options.megabytes // 4): sys.stdout.buffer.write(part)


if __name__ == "__main__":
    main()
