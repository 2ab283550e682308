package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.auth.fuzz.Fuzzed;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.secret.Secret;
import java.security.GeneralSecurityException;
import java.util.List;

/**
 * What a server says in SCRAM, with the nonce and password of the example in RFC 7677. The input's first line is the
 * mechanisms offered, parted by blanks; then come the server's first and last message.
 */
public final class PostgresqlScramFuzz {
    private static final String NONCE = "rOprNGfwEbeRWgbNEkqO";
    private static final int MOST_ITERATIONS = 5_000;

    private PostgresqlScramFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        Fuzzed.measured(input, allocator -> {
            try {
                exchange(new String(input, ISO_8859_1).split("\n", 3));
            } catch (LoginException e) {
                Fuzzed.requireTyped(e);
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        });
    }

    private static void exchange(String[] said) throws LoginException, GeneralSecurityException {
        Scram chosen = Scram.choose(List.of(said[0].split(" ")), null, ChannelBinding.PREFER, NONCE);
        Fuzzed.require(chosen.clientFirst().equals("n,,n=,r=" + NONCE), chosen.clientFirst());
        if (said.length < 2) {
            return;
        }
        Scram scram = new Scram("SCRAM-SHA-256", "n,,", new byte[0], "user", NONCE);
        scram.challenged(said[1].getBytes(ISO_8859_1));
        Fuzzed.require(said[1].startsWith("r=" + NONCE), "a server that has not heard the nonce");
        if (scram.iterations() > MOST_ITERATIONS) {
            return; // slow, and nothing more to be found
        }
        ScramKeys keys = ScramKeys.derive(Secret.owning("pencil".getBytes(UTF_8)), scram.salt(), scram.iterations());
        scram.proof(keys);
        if (said.length > 2) {
            scram.verify(said[2].getBytes(ISO_8859_1));
            Fuzzed.require(said[2].startsWith("v="), "a server that has proved nothing");
        }
    }
}
