package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.http.HttpAnswer;
import java.util.ArrayList;
import java.util.List;

/** A list that arrives page by page; written by one thread and then read by another. */
final class Listing {
    private final List<Slice> slices = new ArrayList<>();
    private String version = "";
    private String next = "";

    /** @throws IllegalArgumentException if it is no list */
    void read(HttpAnswer page) {
        Json list = Json.parse(page.stream());
        String said = list.get("metadata").text("resourceVersion");
        if (said.isEmpty()) {
            throw new IllegalArgumentException("is not a list with a version");
        }
        list.get("items").elements().forEach(item -> slices.add(Slice.read(item)));
        version = said;
        next = list.get("metadata").text("continue");
    }

    List<Slice> slices() {
        return slices;
    }

    /** Where a watch may begin. */
    String version() {
        return version;
    }

    /** Leads to the next page; empty on the last. */
    String next() {
        return next;
    }
}
