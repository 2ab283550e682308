package io.ambassador.launcher.admin;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A path that drains a service or one endpoint of it.
 *
 * @param endpoint {@code null} for the service
 * @param undo whether it ends a drain
 */
record DrainRequest(String service, @Nullable String endpoint, boolean undo) {
    private static final Pattern PATH =
            Pattern.compile("/api/services/(?<service>[^/]+)(/endpoints/(?<endpoint>[^/]+))?/(?<un>un)?drain");

    /** {@code null} for any other path. */
    static @Nullable DrainRequest of(String path) {
        Matcher matcher = PATH.matcher(path);
        return matcher.matches()
                ? new DrainRequest(matcher.group("service"), matcher.group("endpoint"), matcher.group("un") != null)
                : null;
    }
}
