import Foundation
import Testing

@testable import Identity

@Suite struct CryptoTests {
    @Test func digestsMatchTheirStandards() throws {
        // FIPS 180-4, RFC 1321, RFC 4231 case 2, RFC 7914 section 11.
        #expect(
            SHA256Digest(of: Array("abc".utf8)).hex
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256Digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(try MD5Digest.hex(Array("abc".utf8)) == "900150983cd24fb0d6963f7d28e17f72")
        let mac = HMACSHA256.authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(Hexadecimal.encode(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(HMACSHA256.authenticate([], key: []).count == 32)
        let derived = PBKDF2.deriveKey(
            password: Array("passwd".utf8), salt: Array("salt".utf8), iterations: 1, byteCount: 64)
        #expect(
            Hexadecimal.encode(derived)
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")
        #expect(PBKDF2.deriveKey(password: [], salt: [1], iterations: 1).count == 32)
    }

    @Test func comparesInConstantTime() {
        #expect(ConstantTime.equal([], []))
        #expect(ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]))
        #expect(!ConstantTime.equal([1, 2], [1]))
    }

    @Test func randomBytesDiffer() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(ScramNonce.random() != ScramNonce.random())
    }

    @Test func base64IsStrict() {
        #expect(Base64.decode("") == [])
        #expect(Base64.decode("AQI=") == [1, 2])
        for wrong in ["AQI", "AQI==", "AQJ=", " AQI=", "AQI=\n", "AQ-_", "====", "A", "AQI=AQI="] {
            #expect(Base64.decode(wrong) == nil, "\(wrong)")
        }
        #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
    }
}
