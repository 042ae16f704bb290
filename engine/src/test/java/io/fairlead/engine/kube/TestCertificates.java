package io.fairlead.engine.kube;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaMiscPEMGenerator;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemObjectGenerator;
import org.bouncycastle.util.io.pem.PemWriter;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Keys and certificates for tests, made by BouncyCastle, which shares no code with what we test.
final class TestCertificates {
    record Identity(X509Certificate certificate, PrivateKey key) {}

    private TestCertificates() {}

    static KeyPair ec(String curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }

    static Identity authority(String name) throws Exception {
        KeyPair pair = ec("secp256r1");
        return issue(name, pair, new Identity(null, pair.getPrivate()), Duration.ofHours(-1), Duration.ofHours(1), null);
    }

    /// @param address of the subject alternative name, an IP
    static Identity server(Identity authority, String address, Duration from, Duration until) throws Exception {
        return issue("server", ec("secp256r1"), authority, from, until, new GeneralName(GeneralName.iPAddress, address));
    }

    /// A client's certificate of `pair`, signed by `authority`.
    static Identity client(Identity authority, KeyPair pair) throws Exception {
        return issue("client", pair, authority, Duration.ofHours(-1), Duration.ofHours(1), new GeneralName(GeneralName.dNSName, "client"));
    }

    private static Identity issue(String name, KeyPair pair, Identity issuer, Duration from, Duration until, GeneralName san) throws Exception {
        X500Name subject = new X500Name("CN=" + name);
        X500Name signer = issuer.certificate() == null ? subject : new X500Name(issuer.certificate().getSubjectX500Principal().getName());
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(signer, BigInteger.valueOf(now.toEpochMilli()), Date.from(now.plus(from)),
                Date.from(now.plus(until)), subject, pair.getPublic());
        if (san == null) {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        } else {
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(san));
        }
        var holder = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.key()));
        return new Identity(new JcaX509CertificateConverter().getCertificate(holder), pair.getPrivate());
    }

    static SSLContext serverContext(Identity identity) throws Exception {
        return serverContext(identity, null);
    }

    /// @param clients trusted for client certificates; null for the system's
    static SSLContext serverContext(Identity identity, Identity clients) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", identity.key(), new char[0], new X509Certificate[] {identity.certificate()});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        if (clients == null) {
            trust.init((KeyStore) null);
        } else {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("clients", clients.certificate());
            trust.init(trusted);
        }
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /// PKCS#1 for RSA keys, plain X.509 for certificates.
    static String pem(Object object) throws IOException {
        return write(new JcaMiscPEMGenerator(object));
    }

    /// SEC1 with the curve's name inside, as openssl and Go write it.
    static String sec1(KeyPair pair) throws IOException {
        var curve = SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()).getAlgorithm().getParameters();
        ECPrivateKey key = (ECPrivateKey) pair.getPrivate();
        var structure = new org.bouncycastle.asn1.sec.ECPrivateKey(key.getParams().getOrder().bitLength(), key.getS(), curve);
        return write(generator("EC PRIVATE KEY", structure.getEncoded()));
    }

    static String pkcs8(PrivateKey key) throws IOException {
        return write(new JcaPKCS8Generator(key, null));
    }

    private static PemObjectGenerator generator(String type, byte[] content) {
        return () -> new PemObject(type, content);
    }

    private static String write(PemObjectGenerator object) throws IOException {
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
