package io.ambassador.launcher.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** Parses HOCON text. What goes wrong is told by place and kind; the text itself, which may be a secret, never is. */
final class ConfigFiles {
    static final int MAX_BYTES = 1 << 20;

    /** How the library's messages begin, and what we say instead: theirs go on to quote the text. */
    private static final Map<String, String> REASONS = Map.of(
            "unbalanced close brace", "there is a } without its {",
            "Expecting close brace", "expected } or a comma",
            "Expecting end of input", "expected a comma or the end of the file",
            "List should have ended", "expected ] or a comma",
            "Expecting a value", "expected a value",
            "Key '", "a key has no value",
            "path has a leading", "a key has an empty part");

    private static final String QUOTE = "Quote values that hold punctuation, as in \"127.0.0.1:6379\"";

    private ConfigFiles() {}

    /**
     * @param used told of this file and all that it includes, before each is read
     * @throws ConfigException whose text is to be told by {@link #explain} alone
     */
    static Config parse(Path file, Consumer<Path> used) {
        used.accept(file);
        return parse(file, new FileIncluder(file, used));
    }

    static Config parse(Path file, FileIncluder includer) {
        String text = read(file);
        if (!includer.mayRead(text.length())) {
            throw new FileIncluder.Refused(
                    file + ": is, with all that is included, larger than " + MAX_BYTES + " characters. Split it up");
        }
        return parse(text, file.toString(), includer);
    }

    static Config parse(String text, String origin, FileIncluder includer) {
        Integer line = Nesting.lineTooDeep(text);
        if (line != null) {
            throw new FileIncluder.Refused(
                    origin + ": " + line + ": is nested more than " + Nesting.MOST + " deep. No key is that deep");
        }
        return ConfigFactory.parseString(
                text,
                ConfigParseOptions.defaults()
                        .setSyntax(ConfigSyntax.CONF)
                        .setOriginDescription(origin)
                        .setIncluder(includer));
    }

    /** What went wrong while {@code subject} was parsed or resolved, free of the text that was parsed. */
    static String explain(String subject, ConfigException e) {
        if (e instanceof FileIncluder.Refused) {
            return String.valueOf(e.getMessage());
        }
        String place = e.origin() == null ? subject : e.origin().description();
        if (e instanceof ConfigException.UnresolvedSubstitution) {
            return place + ": a substitution ${…} names nothing that is set. Set it, write ${?…} if it may be absent,"
                    + " or quote the text if no substitution is meant";
        }
        String message = String.valueOf(e.getMessage());
        for (Map.Entry<String, String> reason : REASONS.entrySet()) {
            if (message.startsWith(reason.getKey()) || message.contains(": " + reason.getKey())) {
                return place + ": is not HOCON: " + reason.getValue() + ". " + QUOTE;
            }
        }
        return place + ": is not HOCON. " + QUOTE;
    }

    private static String read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new FileIncluder.Refused(file + ": is larger than " + MAX_BYTES + " bytes");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (NoSuchFileException e) {
            throw new FileIncluder.Refused(file + ": there is no such file");
        } catch (CharacterCodingException e) {
            throw new FileIncluder.Refused(file + ": is not UTF-8 text");
        } catch (IOException e) {
            throw new FileIncluder.Refused(file + ": cannot be read: " + e.getMessage());
        }
    }
}
