package io.ambassador.launcher.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import java.io.File;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Includes files, found relative to the file that includes them; nothing is fetched from a URL or the class path. As
 * HOCON has it, a missing file counts as empty unless {@code include required(file(…))} asks for it.
 */
final class FileIncluder implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    private static final int MAX_DEPTH = 10;

    /** An include that is not done; its message quotes no more than the file's name. */
    static final class Refused extends ConfigException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private final Path includingFile;
    private final Consumer<Path> used;
    private final int depth;
    private final AtomicInteger left;

    /** @param used told of each file that is included, or would be if it were there, before it is read */
    FileIncluder(Path includingFile, Consumer<Path> used) {
        this(includingFile, used, 1, new AtomicInteger(ConfigFiles.MAX_BYTES));
    }

    private FileIncluder(Path includingFile, Consumer<Path> used, int depth, AtomicInteger left) {
        this.includingFile = includingFile;
        this.used = used;
        this.depth = depth;
        this.left = left;
    }

    /** Whether so much more may be taken in, by this file or whatever includes one another with it. */
    boolean mayRead(int characters) {
        return left.addAndGet(-characters) >= 0;
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        return includeFile(context, new File(what));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        if (depth > MAX_DEPTH) {
            throw new Refused(includingFile + ": files include one another more than " + MAX_DEPTH + " deep");
        }
        Path file = includingFile.resolveSibling(what.toPath());
        if (!Files.exists(file) && Files.exists(Path.of(file + ".conf"))) {
            file = Path.of(file + ".conf");
        }
        used.accept(file);
        if (!Files.exists(file)) {
            if (context.parseOptions().getAllowMissing()) {
                return ConfigFactory.empty().root();
            }
            throw new Refused(includingFile + ": the required include " + file + " does not exist");
        }
        return ConfigFiles.parse(file, new FileIncluder(file, used, depth + 1, left))
                .root();
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw new Refused(includingFile + ": only files can be included. Write include file(\"…\")");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        throw new Refused(includingFile + ": only files can be included. Write include file(\"…\")");
    }
}
