package io.fairlead.engine.kube;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Certificates and private keys as kubeconfigs hold them. Keys come as PKCS#8, as PKCS#1 (RSA) or as SEC1 (EC); the JDK reads PKCS#8 only,
/// so the other two are wrapped into it here, which costs no further library at start-up.
final class Pem {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d010101");
    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");
    private static final byte[] ED25519 = HexFormat.of().parseHex("06032b6570");
    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int OCTETS = 0x04;
    private static final int CONTEXT_0 = 0xa0;

    private record Block(String type, byte[] content) {}

    private Pem() {}

    /// All certificates of `pem`, at least one; other blocks are passed over.
    static List<X509Certificate> certificates(byte[] pem) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(pem)) {
            if (block.type.equals("CERTIFICATE")) {
                found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content)));
            }
        }
        if (found.isEmpty()) {
            throw new GeneralSecurityException("it contains no PEM block CERTIFICATE");
        }
        return found;
    }

    /// The first private key of `pem`; other blocks are passed over.
    static PrivateKey privateKey(byte[] pem) throws GeneralSecurityException {
        for (Block block : blocks(pem)) {
            switch (block.type) {
                case "PRIVATE KEY":
                    return pkcs8(block.content);
                case "RSA PRIVATE KEY":
                    return pkcs8(wrap(join(RSA, new byte[] {5, 0}), block.content));
                case "EC PRIVATE KEY":
                    return pkcs8(wrap(join(EC, curve(block.content)), block.content));
                case "ENCRYPTED PRIVATE KEY":
                    throw new GeneralSecurityException("the key is encrypted with a passphrase, which kubeconfigs can't give");
                default:
                    break; // EC PARAMETERS and certificates stand beside keys
            }
        }
        throw new GeneralSecurityException("it contains no PEM block PRIVATE KEY");
    }

    private static List<Block> blocks(byte[] pem) throws GeneralSecurityException {
        Matcher matcher = BLOCK.matcher(new String(pem, StandardCharsets.ISO_8859_1));
        List<Block> blocks = new ArrayList<>();
        while (matcher.find()) {
            String body = matcher.group(2);
            if (body.contains("Proc-Type: 4,ENCRYPTED")) {
                throw new GeneralSecurityException("the key is encrypted with a passphrase, which kubeconfigs can't give");
            }
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(body)));
            } catch (IllegalArgumentException e) {
                throw new GeneralSecurityException("the PEM block " + matcher.group(1) + " is not base64: " + e.getMessage());
            }
        }
        return blocks;
    }

    private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
        byte[] algorithm = new Der(new Der(der).enter(SEQUENCE).skip(INTEGER).enter(SEQUENCE).rest()).whole();
        String name;
        if (Arrays.equals(algorithm, RSA)) {
            name = "RSA";
        } else if (Arrays.equals(algorithm, EC)) {
            name = "EC";
        } else if (Arrays.equals(algorithm, ED25519)) {
            name = "Ed25519";
        } else {
            throw new InvalidKeySpecException("the key is neither RSA, EC nor Ed25519");
        }
        return KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    /// The curve that a SEC1 key names, as an encoded object identifier.
    private static byte[] curve(byte[] sec1) throws GeneralSecurityException {
        Der key = new Der(sec1).enter(SEQUENCE).skip(INTEGER).skip(OCTETS);
        return key.enter(CONTEXT_0).rest();
    }

    private static byte[] wrap(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, join(new byte[] {INTEGER, 1, 0}, element(SEQUENCE, algorithm), element(OCTETS, key)));
    }

    private static byte[] element(int tag, byte[] content) {
        byte[] length = content.length < 0x80
                ? new byte[] {(byte) content.length}
                : new byte[] {(byte) 0x83, (byte) (content.length >> 16), (byte) (content.length >> 8), (byte) content.length};
        return join(new byte[] {(byte) tag}, length.length == 1 ? length : shortest(length), content);
    }

    /// DER wants the fewest length bytes.
    private static byte[] shortest(byte[] length) {
        int from = 1;
        while (length[from] == 0) {
            from++;
        }
        byte[] bytes = Arrays.copyOfRange(length, from - 1, length.length);
        bytes[0] = (byte) (0x80 | bytes.length - 1);
        return bytes;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /// A cursor over DER elements; checks every length against what is there.
    private static final class Der {
        private final byte[] bytes;
        private int at;

        Der(byte[] bytes) {
            this.bytes = bytes;
        }

        /// The content of the next element.
        Der enter(int tag) throws InvalidKeySpecException {
            int end = end(tag);
            return new Der(Arrays.copyOfRange(bytes, at, end));
        }

        Der skip(int tag) throws InvalidKeySpecException {
            at = end(tag);
            return this;
        }

        byte[] rest() {
            return Arrays.copyOfRange(bytes, at, bytes.length);
        }

        /// The next element with its tag and length.
        byte[] whole() throws InvalidKeySpecException {
            int from = at;
            int end = end(at < bytes.length ? bytes[at] & 0xff : -1);
            return Arrays.copyOfRange(bytes, from, end);
        }

        /// Checks the tag, stands at the content, returns where it ends.
        private int end(int tag) throws InvalidKeySpecException {
            if (at + 2 > bytes.length || (bytes[at] & 0xff) != tag) {
                throw new InvalidKeySpecException("the key's DER encoding is broken");
            }
            int length = bytes[at + 1] & 0xff;
            at += 2;
            if (length >= 0x80) {
                int count = length & 0x7f;
                if (count == 0 || count > 3 || at + count > bytes.length) {
                    throw new InvalidKeySpecException("the key's DER encoding is broken");
                }
                length = 0;
                for (int i = 0; i < count; i++) {
                    length = length << 8 | bytes[at++] & 0xff;
                }
            }
            if (length > bytes.length - at) {
                throw new InvalidKeySpecException("the key's DER encoding is broken");
            }
            return at + length;
        }
    }
}
