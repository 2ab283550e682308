package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;

/**
 * Reads the fields of an {@code ErrorResponse}.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-error-fields.html">Error and Notice Message Fields</a>
 */
final class ErrorFields {
    private ErrorFields() {}

    /** Five letters and digits; {@code "XX000"}, an internal error, if there are none. */
    static String sqlState(ByteBuf body) {
        for (String field : body.toString(ISO_8859_1).split("\0")) {
            if (field.matches("C[A-Z0-9]{5}")) {
                return field.substring(1);
            }
        }
        return "XX000";
    }
}
