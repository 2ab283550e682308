package io.ambassador.launcher;

import java.io.PrintWriter;

/** Lays out services and their endpoints for people. */
final class StatusTable {
    private StatusTable() {}

    static void print(String services, PrintWriter out) {
        out.println(services);
    }
}
