package io.ambassador.launcher;

import picocli.CommandLine.Option;

/** Which sidecar a command speaks to. */
final class AdminOptions {
    @Option(
            names = "--admin",
            paramLabel = "ADDRESS",
            defaultValue = "${env:AMBASSADOR_ADMIN_LISTEN:-127.0.0.1:9901}",
            description = "Its admin address. Default: AMBASSADOR_ADMIN_LISTEN, else 127.0.0.1:9901.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String address;

    AdminClient client() {
        return new AdminClient(address);
    }
}
