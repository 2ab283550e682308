package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.netty.pkitesting.CertificateBuilder;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramTest {
    private static final String NONCE = "rOprNGfwEbeRWgbNEkqO";
    private static final String SERVER_FIRST =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final List<String> BOTH = List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");
    private static final List<String> PLAIN = List.of("SCRAM-SHA-256");

    /** RFC 7677, section 3. */
    @Test
    void speaksAsInTheStandard() throws Exception {
        Scram scram = new Scram("SCRAM-SHA-256", "n,,", new byte[0], "user", NONCE);
        assertEquals("n,,n=user,r=" + NONCE, scram.clientFirst());
        scram.challenged(SERVER_FIRST.getBytes(UTF_8));
        byte[] proof = scram.proof(Backend.keys("pencil", scram.salt(), scram.iterations()));
        assertEquals(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                new String(proof, UTF_8));
        scram.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                "v=",
                "v=###",
                "",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
            })
    void refusesAServerThatDoesNotKnowThePassword(String serverFinal) throws Exception {
        Scram scram = new Scram("SCRAM-SHA-256", "n,,", new byte[0], "user", NONCE);
        scram.challenged(SERVER_FIRST.getBytes(UTF_8));
        scram.proof(Backend.keys("pencil", scram.salt(), scram.iterations()));
        assertThrows(LoginException.class, () -> scram.verify(serverFinal.getBytes(UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "r=rOprNGfwEbeRWgbNEkqO,s=AAAA,i=1", // nothing of the server's own
                "r=other,s=AAAA,i=1",
                "r=rOprNGfwEbeRWgbNEkqOx,s=,i=1",
                "r=rOprNGfwEbeRWgbNEkqOx,s=A,i=1",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=0",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=-1",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=100001",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=2147483648",
                "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=99999999999999999999",
                "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=1",
                "e=other-error"
            })
    void refusesAChallengeThatIsNone(String serverFirst) {
        Scram scram = new Scram("SCRAM-SHA-256", "n,,", new byte[0], "", NONCE);
        assertThrows(LoginException.class, () -> scram.challenged(serverFirst.getBytes(UTF_8)));
    }

    @Test
    void bindsToTheChannelWhereItCan() throws Exception {
        X509Certificate certificate = certificate(CertificateBuilder.Algorithm.ecp256);
        assertTrue(first(BOTH, certificate, ChannelBinding.PREFER).startsWith("p=tls-server-end-point,,"));
        assertTrue(first(BOTH, certificate, ChannelBinding.REQUIRE).startsWith("p="));
        assertTrue(first(PLAIN, certificate, ChannelBinding.PREFER).startsWith("y,,"));
        assertTrue(first(BOTH, certificate, ChannelBinding.DISABLE).startsWith("n,,"));
        assertTrue(first(PLAIN, certificate, ChannelBinding.DISABLE).startsWith("n,,"));
        assertTrue(first(BOTH, null, ChannelBinding.PREFER).startsWith("n,,"));
        assertTrue(first(PLAIN, null, ChannelBinding.PREFER).startsWith("n,,"));
    }

    /** Nothing is defined for such certificates; "could have" would be taken for an attack. */
    @Test
    void doesNotBindToACertificateWithoutADigest() throws Exception {
        X509Certificate certificate = certificate(CertificateBuilder.Algorithm.ed25519);
        assertNull(EndPointHash.of(certificate));
        assertTrue(first(BOTH, certificate, ChannelBinding.PREFER).startsWith("n,,"));
        assertTrue(first(PLAIN, certificate, ChannelBinding.PREFER).startsWith("y,,"));
        assertThrows(LoginException.class, () -> first(BOTH, certificate, ChannelBinding.REQUIRE));
    }

    @Test
    void neverDoesWithoutABindingThatIsRequired() throws Exception {
        X509Certificate certificate = certificate(CertificateBuilder.Algorithm.ecp256);
        assertThrows(LoginException.class, () -> first(PLAIN, certificate, ChannelBinding.REQUIRE));
        assertThrows(LoginException.class, () -> first(BOTH, null, ChannelBinding.REQUIRE));
        assertThrows(LoginException.class, () -> first(List.of("OAUTHBEARER"), certificate, ChannelBinding.PREFER));
        assertThrows(LoginException.class, () -> first(List.of(), null, ChannelBinding.PREFER));
    }

    @ParameterizedTest
    @CsvSource({"ecp256, SHA-256", "ecp384, SHA-384", "rsa2048, SHA-256", "rsa3072, SHA-256"})
    void digestsACertificateAsItsSignatureDoes(CertificateBuilder.Algorithm algorithm, String digest) throws Exception {
        X509Certificate certificate = certificate(algorithm);
        assertNotNull(certificate.getSigAlgName());
        assertArrayEquals(
                MessageDigest.getInstance(digest).digest(certificate.getEncoded()),
                EndPointHash.of(certificate),
                certificate.getSigAlgName());
    }

    @Test
    void sendsTheBindingInTheProof() throws Exception {
        byte[] hash = {1, 2, 3};
        Scram scram = new Scram("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", hash, "", NONCE);
        scram.challenged(SERVER_FIRST.getBytes(UTF_8));
        String proof = new String(scram.proof(Backend.keys("pencil", scram.salt(), 1)), UTF_8);
        String channel = proof.substring(2, proof.indexOf(','));
        assertEquals(
                "p=tls-server-end-point,,\1\2\3", new String(Base64.getDecoder().decode(channel), UTF_8));
    }

    private static String first(List<String> offered, X509Certificate certificate, ChannelBinding wanted)
            throws Exception {
        return Scram.choose(offered, certificate, wanted, NONCE).clientFirst();
    }

    private static X509Certificate certificate(CertificateBuilder.Algorithm algorithm) throws Exception {
        return new CertificateBuilder()
                .algorithm(algorithm)
                .subject("CN=db.example")
                .setIsCertificateAuthority(true)
                .buildSelfSigned()
                .getCertificate();
    }
}
