package io.ambassador.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.testkit.DockerEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Base images made of this machine's own files, where none can be pulled. */
final class LocalBases {
    /** A JDK, bash and busybox: what the image is built with. */
    static final String BUILD = "local/jdk";

    /** glibc and an empty /tmp: what it runs on. */
    static final String RUN = "local/glibc";

    /** redis-server and redis-cli. */
    static final String REDIS = "local/redis";

    private static final Path JDK = Path.of(System.getProperty("java.home"));
    private static final String MODULES = "{java.base,java.logging,java.management,java.naming,java.security.sasl,"
            + "jdk.crypto.ec,jdk.management,jdk.unsupported}.jmod";

    /** Copies files with the libraries they are linked with. A command of a Debian package is often a link. */
    private static final String FUNCTIONS = """
            set -eu
            add() { mkdir -p "$1$(dirname "$2")"; cp -L "$2" "$1$2"; }
            libraries() {
              root=$1; shift
              for file in "$@"; do ldd "$file" 2>/dev/null | grep -o '/[^ )]*' || true; done | sort -u |
                while read -r library; do case $library in %1$s/*) ;; *) add "$root" "$library" ;; esac; done
            }
            import() { tar -C "$1" -c . | docker import -c 'ENV PATH=/opt/jdk/bin:/usr/bin:/bin' - "$2"; }
            """.formatted(JDK);

    private LocalBases() {}

    /** @param netty Netty's native library, whose own libraries the image must find in its base */
    static void importInto(DockerEngine engine, Path folder, Path netty) {
        String vm = "%1$s/bin/java %1$s/lib/server/libjvm.so %1$s/lib/lib{java,zip,net,nio,jli,jimage,verify}.so"
                .formatted(JDK);
        shell(engine, folder, FUNCTIONS + """
                mkdir -p jdk/bin jdk/usr/bin jdk/opt/jdk jdk/tmp
                cp -L /bin/busybox /bin/bash jdk/bin
                for tool in sh dirname readlink sed tr rm mkdir mv uname env; do ln -s busybox jdk/bin/$tool; done
                ln -s ../../bin/env jdk/usr/bin/env
                tar -C %1$s -ch --exclude=./lib/src.zip --exclude=./docs --exclude=./man --exclude=./jmods . |
                  tar -C jdk/opt/jdk -x
                if [ -d %1$s/jmods ]; then mkdir jdk/opt/jdk/jmods; cp %1$s/jmods/%2$s jdk/opt/jdk/jmods; fi
                libraries jdk /bin/bash %3$s %5$s
                import jdk %4$s
                """.formatted(JDK, MODULES, vm, BUILD, netty));
        shell(engine, folder, FUNCTIONS + """
                mkdir -p glibc/tmp
                libraries glibc %s %s
                import glibc %s
                """.formatted(vm, netty, RUN));
        shell(engine, folder, FUNCTIONS + """
                mkdir -p redis/tmp
                for file in $(command -v redis-server redis-cli); do add redis "$file"; libraries redis "$file"; done
                import redis %s
                """.formatted(REDIS));
    }

    /** Returns what it prints. */
    static String shell(DockerEngine engine, Path folder, String... script) {
        try {
            Path output = Files.createTempFile("shell", ".log"); // not in the folder, which may be the sources'
            ProcessBuilder builder = new ProcessBuilder(List.of("bash", "-c", String.join("\n", script)))
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().put("DOCKER_HOST", engine.host());
            int code = builder.start().waitFor();
            String said = Files.readString(output, UTF_8);
            Files.delete(output);
            assertEquals(0, code, () -> List.of(script).stream().collect(Collectors.joining("\n")) + "\n" + said);
            return said;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
