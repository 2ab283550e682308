package io.ambassador.auth.redis;

import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;

import io.ambassador.spi.protocol.LoginException;

/**
 * Tells the answers to {@code AUTH} apart. The server's own text is never shown: an unknown command, for one, is
 * answered with its arguments, the password among them.
 */
final class AuthReply {
    private AuthReply() {}

    /** @throws LoginException unless {@code reply} is {@code +OK} */
    static void require(Reply reply) throws LoginException {
        if (reply.is("OK")) {
            return;
        }
        if (!reply.isError()) {
            throw new LoginException(PROTOCOL, "The server answered AUTH with neither +OK nor an error.");
        }
        throw switch (reply.code()) {
            case "WRONGPASS" -> wrongPassword();
            case "NOPERM" ->
                new LoginException(
                        REFUSED, "The server does not permit this user to log in (NOPERM). Correct its ACL.");
            case "LOADING" -> unavailable("is loading its data (LOADING)");
            case "MASTERDOWN" -> unavailable("has lost its primary (MASTERDOWN)");
            case "BUSY" -> unavailable("is busy with a script (BUSY)");
            case "DENIED" -> unavailable("serves only loopback clients, being in protected mode (DENIED)");
            case "CLUSTERDOWN", "TRYAGAIN" -> unavailable("cannot serve now (" + reply.code() + ")");
            case "ERR" -> other(reply.text(0));
            default -> unknown(reply.code());
        };
    }

    private static LoginException other(String text) {
        if (text.contains("without any password configured") || text.contains("no password is set")) {
            return new LoginException(
                    REFUSED,
                    "The server has no password, though one is configured for it. Remove the service's credentials,"
                            + " or set the server's password.");
        }
        if (text.contains("max number of clients")) {
            return unavailable("has reached its limit of clients");
        }
        if (text.contains("invalid password")) { // Redis before 6, and proxies
            return wrongPassword();
        }
        if (text.contains("wrong number of arguments")) {
            return new LoginException(
                    REFUSED,
                    "The server knows no users (Redis before 6), though a username is configured. Remove the username.");
        }
        if (text.contains("unknown command")) {
            return new LoginException(
                    REFUSED, "The server does not know AUTH: the command is renamed, or this is not Redis.");
        }
        return unknown("ERR");
    }

    private static LoginException wrongPassword() {
        return new LoginException(
                REFUSED, "The server refused the credentials: wrong password, or an unknown or disabled user.");
    }

    private static LoginException unavailable(String what) {
        return new LoginException(UNAVAILABLE, "The server " + what + ".");
    }

    private static LoginException unknown(String code) {
        return new LoginException(
                REFUSED,
                "The server answered AUTH with an error (" + code
                        + "); its text is withheld, since it may repeat the password.");
    }
}
