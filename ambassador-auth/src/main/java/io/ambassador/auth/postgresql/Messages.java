package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.function.Consumer;

/**
 * Messages of the ambassador's own to a client.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-error-fields.html">Error and Notice Message Fields</a>
 */
final class Messages {
    private Messages() {}

    /** An error that ends the session. @param sqlState five characters */
    static ByteBuf error(ByteBufAllocator allocator, String sqlState, String message) {
        return message(allocator, 'E', fields("FATAL", sqlState, message));
    }

    /** A warning that the client shows and goes on after. */
    static ByteBuf warning(ByteBufAllocator allocator, String message) {
        return message(allocator, 'N', fields("WARNING", "01000", message));
    }

    private static Consumer<ByteBuf> fields(String severity, String sqlState, String message) {
        return body -> {
            field(body, 'S', severity);
            field(body, 'V', severity);
            field(body, 'C', sqlState);
            field(body, 'M', message.replaceAll("[\\r\\n\\u0000]+", " "));
            body.writeByte(0);
        };
    }

    private static void field(ByteBuf body, char type, String value) {
        body.writeByte(type).writeBytes(value.getBytes(UTF_8)).writeByte(0);
    }

    /** A message of any type, with its length filled in. */
    static ByteBuf message(ByteBufAllocator allocator, char type, Consumer<ByteBuf> body) {
        ByteBuf message = allocator.buffer();
        message.writeByte(type).writeInt(0);
        body.accept(message);
        return message.setInt(1, message.readableBytes() - 1);
    }
}
