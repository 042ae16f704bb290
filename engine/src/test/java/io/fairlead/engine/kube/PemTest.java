package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

class PemTest {
    private static byte[] ascii(String text) {
        return TestCertificates.bytes(text);
    }

    /// A key that signs what the public one verifies is the right one.
    private static void assertBelongs(PrivateKey read, KeyPair pair, String algorithm) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(read);
        signature.update((byte) 7);
        byte[] signed = signature.sign();
        signature.initVerify(pair.getPublic());
        signature.update((byte) 7);
        assertTrue(signature.verify(signed));
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 2048, 4096})
    void rsaKeysAreReadFromPkcs1AndPkcs8(int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        KeyPair pair = generator.generateKeyPair();
        String pkcs1 = TestCertificates.pem(pair.getPrivate());
        assertTrue(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
        assertBelongs(Pem.privateKey(ascii(pkcs1)), pair, "SHA256withRSA");
        assertBelongs(Pem.privateKey(ascii(TestCertificates.pkcs8(pair.getPrivate()))), pair, "SHA256withRSA");
    }

    @ParameterizedTest
    @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
    void ecKeysAreReadFromSec1AndPkcs8(String curve) throws Exception {
        KeyPair pair = TestCertificates.ec(curve);
        String sec1 = TestCertificates.sec1(pair);
        assertTrue(sec1.contains("BEGIN EC PRIVATE KEY"));
        assertBelongs(Pem.privateKey(ascii(sec1)), pair, "SHA256withECDSA");
        assertBelongs(Pem.privateKey(ascii(TestCertificates.pkcs8(pair.getPrivate()))), pair, "SHA256withECDSA");
    }

    @Test
    void ed25519KeysAreReadFromPkcs8() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        assertBelongs(Pem.privateKey(ascii(TestCertificates.pkcs8(pair.getPrivate()))), pair, "Ed25519");
    }

    @Test
    void otherBlocksAndTextAroundAreNoHindrance() throws Exception {
        KeyPair pair = TestCertificates.ec("secp256r1");
        var authority = TestCertificates.authority("ca");
        var other = TestCertificates.authority("other");
        String both = "some words\n" + TestCertificates.pem(authority.certificate()) + "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                + "-----END EC PARAMETERS-----\n" + TestCertificates.sec1(pair).replace("\n", "\r\n")
                + TestCertificates.pem(other.certificate());
        assertEquals(List.of(authority.certificate(), other.certificate()), Pem.certificates(ascii(both)));
        assertBelongs(Pem.privateKey(ascii(both)), pair, "SHA256withECDSA");
    }

    @Test
    void whatIsMissingOrBrokenIsSaid() throws Exception {
        assertEquals("it contains no PEM block CERTIFICATE",
                assertThrows(GeneralSecurityException.class, () -> Pem.certificates(ascii("nothing"))).getMessage());
        assertEquals("it contains no PEM block PRIVATE KEY",
                assertThrows(GeneralSecurityException.class, () -> Pem.privateKey(ascii(""))).getMessage());
        assertEquals("the key is encrypted with a passphrase, which kubeconfigs can't give",
                assertThrows(GeneralSecurityException.class, () -> Pem.privateKey(ascii("""
                        -----BEGIN RSA PRIVATE KEY-----
                        Proc-Type: 4,ENCRYPTED
                        DEK-Info: AES-128-CBC,00

                        AAAA
                        -----END RSA PRIVATE KEY-----
                        """))).getMessage());
    }

    @Test
    void anyCutOfAKeyIsRefusedAndNeverAnAccident() throws Exception {
        for (String pem : List.of(TestCertificates.sec1(TestCertificates.ec("secp256r1")),
                TestCertificates.pkcs8(TestCertificates.ec("secp256r1").getPrivate()))) {
            String type = pem.substring(11, pem.indexOf("-----", 11));
            byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]+-----", ""));
            for (int length = 0; length < der.length; length++) {
                String cut = "-----BEGIN " + type + "-----\n" + Base64.getEncoder().encodeToString(Arrays.copyOf(der, length))
                        + "\n-----END " + type + "-----\n";
                assertThrows(GeneralSecurityException.class, () -> Pem.privateKey(ascii(cut)), "cut to " + length);
            }
        }
    }
}
