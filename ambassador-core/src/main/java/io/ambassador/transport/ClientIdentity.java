package io.ambassador.transport;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/** A certificate chain, leaf first, and the private key that belongs to it. */
record ClientIdentity(List<X509Certificate> chain, PrivateKey key) {
    /** @throws IllegalArgumentException if the key is not the one that the certificate was issued for */
    static ClientIdentity of(List<X509Certificate> chain, PrivateKey key) {
        if (!belongsTo(key, chain.get(0))) {
            throw new IllegalArgumentException(
                    "does not belong to the certificate. Replace both, of one issue, leaf certificate first");
        }
        return new ClientIdentity(List.copyOf(chain), key);
    }

    /** Never the key. */
    @Override
    public String toString() {
        return chain.get(0).getSubjectX500Principal().toString();
    }

    private static boolean belongsTo(PrivateKey key, X509Certificate certificate) {
        byte[] text = {1, 2, 3};
        try {
            Signature signature = Signature.getInstance(algorithm(key));
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // a key of another kind
        }
    }

    private static String algorithm(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
    }
}
