package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;

/** Puts a request's target together, percent-encoded. */
public final class Target {
    private final StringBuilder text;
    private boolean query;

    /** @param path as it is to be sent, such as {@code /v1/kv} */
    public Target(String path) {
        text = new StringBuilder(path);
    }

    /** One more part of the path; a slash within it is encoded. */
    public Target segment(String segment) {
        text.append('/').append(encode(segment));
        return this;
    }

    /** More of the path, whose slashes stay. */
    public Target path(String path) {
        for (String segment : path.split("/", -1)) {
            segment(segment);
        }
        return this;
    }

    public Target query(String name, String value) {
        text.append(query ? '&' : '?').append(encode(name)).append('=').append(encode(value));
        query = true;
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private static String encode(String part) {
        return URLEncoder.encode(part, UTF_8).replace("+", "%20");
    }
}
