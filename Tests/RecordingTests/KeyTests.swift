import COpenSSL
import Foundation
import Testing

@testable import Recording

@Suite struct KeyTests {
    /// RFC 8032, section 7.1, tests 1 and 2.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ])
    func signaturesAreEd25519(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try RecordingKey(seed: bytes(seed))
        #expect(key.verification.hex == publicKey)
        #expect(hexadecimal(try key.sign(bytes(message))) == signature)
        #expect(key.verification.verifies(bytes(signature), of: bytes(message)))
        #expect(!key.verification.verifies(bytes(signature), of: bytes(message) + [0]))
    }

    /// RFC 6962's tree over the leaves of its reference implementation's test (certificate-transparency, `merkletree`).
    @Test func rootsAreThoseOfRFC6962() throws {
        let leaves = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
        ]
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        var tree = MerkleTree(try ChainHasher())
        #expect(
            hexadecimal(try tree.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for (leaf, root) in zip(leaves, roots) {
            try tree.append(bytes(leaf))
            #expect(hexadecimal(try tree.root()) == root)
        }
    }

    /// NIST's GCM test case 16 (AES-256, 12-byte nonce, authenticated data).
    @Test func blocksAreAES256GCM() throws {
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
        let sealed = try AesGcm.seal(
            plain, key: bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            nonce: bytes("cafebabefacedbaddecaf888"),
            authenticated: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        #expect(
            hexadecimal(sealed)
                == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b")
    }

    /// A checkpoint's text is that of a signed note, and everything in it is signed.
    @Test func everyChangedByteOfACheckpointIsFound() throws {
        let key = testKey(3)
        let head = Head(
            segment: 4, offset: 500, block: 17, records: 99, chain: [UInt8](repeating: 9, count: 32),
            replica: "recorder-0")
        let checkpoint = Checkpoint(
            head, sealed: 3, root: [UInt8](repeating: 5, count: 32), time: 1_700_000_000_000_000)
        let scratch = try Scratch()
        let file = scratch.path + "/checkpoint"
        let note = try checkpoint.signed(key)
        try scratch.overwrite(file, note)
        let read = try SignedCheckpoint(file: file)
        try read.check(signedBy: [testKey(4).verification, key.verification])
        #expect(read.checkpoint == checkpoint)
        #expect(throws: RecordingError.self) { try read.check(signedBy: [testKey(4).verification]) }
        for index in note.indices {
            var changed = note
            changed[index] ^= 0x01
            try scratch.overwrite(file, changed)
            #expect(throws: RecordingError.self, "byte \(index)") {
                try SignedCheckpoint(file: file).check(signedBy: [key.verification])
            }
        }
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(String(decoding: digits[place...(place + 1)], as: UTF8.self), radix: 16) ?? 0
        }
    }
}
