package io.ambassador.transport;

import io.netty.util.NetUtil;
import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a server's certificate if it is valid now, meant for servers, issued by a trusted authority, and for the
 * expected name; says which of these it is not. Stricter than the JVM's own check: a common name counts for nothing
 * and a trusted leaf expires too.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9525#section-6">RFC 9525, section 6</a>
 */
final class ServerIdentity extends X509ExtendedTrustManager {
    /** Its message is for people. */
    static final class Refused extends CertificateException {
        private static final long serialVersionUID = 1L;

        Refused(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_PURPOSE = "2.5.29.37.0";
    private static final int DNS_NAME = 2; // GeneralName, RFC 5280, section 4.2.1.6
    private static final int IP_ADDRESS = 7;
    private static final int SHOWN_NAMES = 3;

    private final X509ExtendedTrustManager authorities;
    private final String serverName;
    private final int nameType;

    /** @param authorities checks the chain, and the name where the engine asks for it */
    ServerIdentity(X509ExtendedTrustManager authorities, String serverName) {
        this.authorities = authorities;
        this.serverName = serverName;
        this.nameType = NetUtil.createByteArrayFromIpAddressString(serverName) == null ? DNS_NAME : IP_ADDRESS;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        X509Certificate leaf = chain[0];
        checkDates(leaf);
        checkPurpose(leaf);
        checkNameType(leaf);
        try {
            authorities.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw explained(chain, e);
        }
    }

    private static void checkDates(X509Certificate certificate) throws CertificateException {
        try {
            certificate.checkValidity();
        } catch (CertificateExpiredException e) {
            throw new Refused(
                    "the certificate expired on " + certificate.getNotAfter().toInstant(), e);
        } catch (CertificateNotYetValidException e) {
            throw new Refused(
                    "the certificate is valid only from "
                            + certificate.getNotBefore().toInstant(),
                    e);
        }
    }

    private static void checkPurpose(X509Certificate leaf) throws CertificateException {
        List<String> purposes = leaf.getExtendedKeyUsage();
        if (purposes != null && !purposes.contains(SERVER_AUTH) && !purposes.contains(ANY_PURPOSE)) {
            throw new Refused("the certificate is not meant for servers (extended key usage)", null);
        }
    }

    private void checkNameType(X509Certificate leaf) throws CertificateException {
        Collection<List<?>> names = leaf.getSubjectAlternativeNames();
        if (names == null || names.stream().noneMatch(name -> name.get(0).equals(nameType))) {
            throw new Refused(
                    "the certificate carries no " + (nameType == DNS_NAME ? "DNS name" : "IP address")
                            + " as subject alternative name, so it is not for " + serverName,
                    null);
        }
    }

    private Refused explained(X509Certificate[] chain, CertificateException e) throws CertificateException {
        Throwable cause = e.getCause() == null ? e : e.getCause(); // as is: it decides which alert the server gets
        for (X509Certificate certificate : chain) {
            try {
                checkDates(certificate);
            } catch (Refused expired) {
                return new Refused("above it in the chain, " + expired.getMessage(), cause);
            }
        }
        if (cause instanceof CertPathBuilderException) {
            return new Refused("the certificate was not issued by a trusted authority (unknown CA)", cause);
        }
        String message = String.valueOf(e.getMessage());
        if (message.startsWith("No name") || message.startsWith("No subject alternative")) {
            return new Refused("the certificate is for " + names(chain[0]) + ", not for " + serverName, cause);
        }
        return new Refused("the certificate was refused: " + message, cause);
    }

    /** The peer's own words: a few of them, and nothing that could forge a log line. */
    private String names(X509Certificate leaf) throws CertificateParsingException {
        Collection<List<?>> names = leaf.getSubjectAlternativeNames();
        if (names == null) {
            return "no name";
        }
        return names.stream()
                        .filter(name -> name.get(0).equals(nameType))
                        .limit(SHOWN_NAMES)
                        .map(name -> name.get(1).toString().replaceAll("[^!-~]", "?"))
                        .map(name -> name.substring(0, Math.min(name.length(), 100)))
                        .collect(Collectors.joining(", "))
                + (names.size() > SHOWN_NAMES ? ", …" : "");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.getAcceptedIssuers();
    }

    private static CertificateException withoutEngine() {
        return new CertificateException("Only servers are checked, and only with the name they must have.");
    }
}
